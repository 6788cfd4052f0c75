// Hosts that need a person are found, described by their most urgent need, and sorted.
import { describe, expect, test } from "bun:test";
import type { FleetHost } from "./fleet.ts";
import { needOf, needyHosts, summaryOf } from "./verdict.ts";

const NOW = 1_000_000_000_000;
const DAY = 86_400_000;

function host(name: string, changes: Record<string, unknown> = {}, own: Record<string, unknown> = {}): FleetHost {
  return {
    host: { id: name, name, driftSince: null, repoSizeBytes: 10, snapshotCount: 2, ...own },
    status: "online",
    lastSeenAt: NOW,
    repos: [{ status: "ready" }],
    groups: [{ id: "g", name: "g", heldSince: null }],
    targets: [{ sourceGroupId: "g", lastStatus: "succeeded", lastWarnings: 0, lastSuccessAt: NOW - 1000 }],
    openJobs: [],
    isProtected: true,
    hasWarnings: false,
    nextRunAt: null,
    lateSince: null,
    unscheduled: [],
    ...changes,
  } as unknown as FleetHost;
}

const failed = [{ sourceGroupId: "g", lastStatus: "failed", lastWarnings: 0, lastSuccessAt: NOW - DAY / 2 }];
const stale = [{ sourceGroupId: "g", lastStatus: "succeeded", lastWarnings: 0, lastSuccessAt: NOW - 3 * DAY }];

describe("needs", () => {
  test("a healthy host needs nobody", () => {
    expect(needOf(host("a"), NOW)).toBeNull();
  });

  test("no backup for days is worse than a failed one", () => {
    const needy = needyHosts(
      [host("b", { targets: failed }), host("a"), host("c", { targets: stale, lateSince: NOW - 3 * DAY })],
      NOW,
    );
    expect(needy.map(({ name, need }) => [name, need.kind])).toEqual([
      ["c", "no_backup"],
      ["b", "failed"],
    ]);
    expect(needy[0]?.need).toEqual({ kind: "no_backup", sinceMs: 3 * DAY });
  });

  test("a host whose first backup is running needs nobody, but one without any running or waiting backup does", () => {
    const fresh = { targets: [], repos: [{ status: "ready" }] };
    expect(needOf(host("a", fresh), NOW)).toEqual({ kind: "never", group: null, repo: null });
    expect(needOf(host("a", { ...fresh, openJobs: [{ kind: "backup" }] }), NOW)).toBeNull();
  });

  test("a group that was never backed up is named", () => {
    const groups = [
      { id: "g", name: "g", heldSince: null },
      { id: "etc", name: "etc", heldSince: null },
    ];
    expect(needOf(host("a", { groups }), NOW)).toEqual({ kind: "never", group: "etc", repo: null });
  });

  test("a repo without a backup of a group is named", () => {
    const second = { sourceGroupId: "g", repoId: "r2", lastStatus: null, lastWarnings: 0, lastSuccessAt: null };
    const repos = [
      { id: "r", name: "main", status: "ready" },
      { id: "r2", name: "off-site", status: "ready" },
    ];
    const need = needOf(host("a", { repos, targets: [...host("a").targets, second] }), NOW);
    expect(need).toEqual({ kind: "never", group: "g", repo: "off-site" });
  });

  test("a failure says more than the time since the last success, until that gets long", () => {
    expect(needOf(host("a", { targets: failed, lateSince: NOW - DAY }), NOW)?.kind).toBe("failed");
    expect(needOf(host("a", { targets: failed, lateSince: NOW - 3 * DAY }), NOW)?.kind).toBe("no_backup");
  });

  test("a group without a schedule is named", () => {
    const g = { id: "g", name: "g" };
    expect(needOf(host("a", { unscheduled: [g] }), NOW)).toEqual({ kind: "not_scheduled", group: null });
    expect(needOf(host("a", { groups: [g, { id: "b", name: "b" }], unscheduled: [g] }), NOW)?.kind).toBe("never");
  });

  test("a repository that cannot be opened, warnings and long drift are named", () => {
    expect(needOf(host("a", { repos: [{ status: "failed" }] }), NOW)).toEqual({ kind: "repo_not_ready" });
    const warned = [{ sourceGroupId: "g", lastStatus: "succeeded", lastWarnings: 2, lastSuccessAt: NOW }];
    const causes = [{ code: "unreadable" as const, count: 2 }];
    const targets = warned.map((one) => ({ ...one, causes }));
    expect(needOf(host("a", { targets }), NOW)).toEqual({ kind: "warnings", count: 2, causes });
    const empty = {
      sourceGroupId: "g",
      lastStatus: "succeeded",
      lastWarnings: 1,
      lastAt: NOW,
      lastSuccessAt: NOW - 1000,
    };
    expect(needOf(host("a", { targets: [empty] }), NOW)).toEqual({ kind: "saved_nothing", group: null });
    expect(needOf(host("a", { targets: [{ ...empty, lastSuccessAt: null }] }), NOW)?.kind).toBe("saved_nothing");
    const heldGroup = { groups: [{ id: "g", name: "g", heldSince: NOW }] };
    const held = { kind: "retention_held", group: "g", groupId: "g" } as const;
    expect(needOf(host("a", heldGroup), NOW)).toEqual(held);
    expect(needOf(host("a", { ...heldGroup, targets: failed }), NOW)).toEqual({ kind: "failed" });
    expect(needOf(host("a", {}, { driftSince: NOW - 11 * 60_000 }), NOW)).toEqual({ kind: "drift" });
  });
});

test("the summary adds up", () => {
  const rows = [host("a"), host("b", { status: "offline", isProtected: false })];
  const summary = summaryOf(rows, [5, 9, 20]);
  expect(summary).toMatchObject({
    hosts: 2,
    online: 1,
    offline: 1,
    offlineNames: ["b"],
    protectedHosts: 1,
    sizeBytes: 20,
  });
  expect(summary.sizeChangeBytes).toBe(15);
  expect(summaryOf(rows, [5]).sizeChangeBytes).toBeNull();
});

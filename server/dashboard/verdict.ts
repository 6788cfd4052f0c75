// Decides which hosts need a person and why, worst first, and computes the figures of the fleet. Pure.

import type { FleetSummary } from "../../shared/fleet.ts";
import type { HostNeed, NeedyHost } from "../../shared/hosts.ts";
import { WHOLE_STATE } from "../../shared/protocol/to-server.ts";
import { DAY_MS } from "../../shared/time/clock.ts";
import { mergeCauses } from "../../shared/warnings.ts";
import { isLastWithoutFiles } from "../hosts/last-backup.ts";
import { UNMADE_STATE } from "../hosts/problems.ts";
import { DRIFT_TOLERATED_MS } from "../hosts/rules.ts";
import type { FleetHost } from "./fleet.ts";

/** A failed run says more than the time since the last success, until that time is longer than this. */
const STALE_FAILED_MS = 2 * DAY_MS;

const ORDER: readonly HostNeed["kind"][] = [
  "no_backup",
  "failed",
  "repo_not_ready",
  "saved_nothing",
  "settings_not_saved",
  "settings_not_made",
  "never",
  "not_scheduled",
  "warnings",
  "retention_held",
  "settings_refused",
  "drift",
];

/** The most urgent need of a host. null when it needs nobody. */
export function needOf(row: FleetHost, now: number): HostNeed | null {
  const { host, targets, groups, repos, openJobs } = row;
  const isBusy = openJobs.some((job) => job.kind === "backup");
  const hasFailed = targets.some((target) => target.lastStatus === "failed");
  const lateMs = row.lateSince === null ? null : now - row.lateSince;
  if (lateMs !== null && (!hasFailed || lateMs > STALE_FAILED_MS)) return { kind: "no_backup", sinceMs: lateMs };
  if (hasFailed) return { kind: "failed" };
  if (repos.some((repo) => repo.status === "failed" || repo.status === "waiting")) return { kind: "repo_not_ready" };
  const empty = targets.filter(isLastWithoutFiles);
  if (empty.length > 0) return { kind: "saved_nothing", group: nameIfOnlyOne(groups, empty) };
  const problems = host.stateErrors ?? [];
  if (problems.some(({ path }) => path === UNMADE_STATE)) return { kind: "settings_not_made" };
  if (problems.some(({ path }) => path === WHOLE_STATE)) return { kind: "settings_not_saved" };
  if (!isBusy) {
    const never = neverBackedUp(row);
    if (never) return never;
  }
  const [idle] = row.unscheduled;
  if (idle) return { kind: "not_scheduled", group: row.unscheduled.length === groups.length ? null : idle.name };
  const warned = targets.filter(({ lastStatus, lastWarnings }) => lastStatus === "succeeded" && lastWarnings > 0);
  const count = warned.reduce((sum, { lastWarnings }) => sum + lastWarnings, 0);
  if (count > 0) return { kind: "warnings", count, causes: mergeCauses(warned.flatMap(({ causes }) => causes)) };
  const held = groups.find(({ heldSince }) => heldSince !== null);
  if (held) return { kind: "retention_held", group: held.name, groupId: held.id };
  if (problems.length > 0) return { kind: "settings_refused", group: onlyGroup(row) };
  if (host.driftSince !== null && now - host.driftSince > DRIFT_TOLERATED_MS) return { kind: "drift" };
  return null;
}

/** The affected group, when the host's other groups are fine. */
function nameIfOnlyOne(groups: FleetHost["groups"], targets: FleetHost["targets"]): string | null {
  const ids = new Set(targets.map(({ sourceGroupId }) => sourceGroupId));
  const [only] = groups.filter(({ id }) => ids.has(id));
  return groups.length > 1 && ids.size === 1 ? (only?.name ?? null) : null;
}

/** The only group with problems, if there is just one. */
function onlyGroup({ host, groups }: FleetHost): string | null {
  const ids = new Set(host.stateErrors.map(({ about }) => (about?.kind === "source_group" ? about.id : null)));
  const [id] = ids;
  return ids.size === 1 ? (groups.find((group) => group.id === id)?.name ?? null) : null;
}

/** A group, or one of a group's repos, that has no backup yet. */
function neverBackedUp({ groups, targets, repos }: FleetHost): HostNeed | null {
  const bare = groups.filter(
    ({ id }) => !targets.some((one) => one.sourceGroupId === id && one.lastSuccessAt !== null),
  );
  if (bare.length > 0)
    return { kind: "never", group: bare.length === groups.length ? null : (bare[0]?.name ?? null), repo: null };
  const target = targets.find(({ lastSuccessAt }) => lastSuccessAt === null);
  if (!target) return null;
  return {
    kind: "never",
    group: groups.find(({ id }) => id === target.sourceGroupId)?.name ?? null,
    repo: repos.find(({ id }) => id === target.repoId)?.name ?? null,
  };
}

export function needyHosts(rows: readonly FleetHost[], now: number): NeedyHost[] {
  const needy = rows.flatMap((row) => {
    const need = needOf(row, now);
    return need ? [{ id: row.host.id, name: row.host.name, need }] : [];
  });
  const since = ({ need }: NeedyHost) => (need.kind === "no_backup" ? need.sinceMs : 0);
  return needy.sort(
    (a, b) =>
      ORDER.indexOf(a.need.kind) - ORDER.indexOf(b.need.kind) || since(b) - since(a) || a.name.localeCompare(b.name),
  );
}

/** The figures of the tiles. `sizes` are the fleet's total sizes by day, oldest first. */
export function summaryOf(rows: readonly FleetHost[], sizes: readonly number[]): FleetSummary {
  const by = (status: FleetHost["status"]) => rows.filter((row) => row.status === status);
  const jobs = rows.flatMap((row) => row.openJobs);
  const first = sizes[0];
  const last = sizes.at(-1);
  return {
    hosts: rows.length,
    online: by("online").length,
    degraded: by("degraded").length,
    offline: by("offline").length,
    offlineNames: by("offline")
      .slice(0, 2)
      .map((row) => row.host.name),
    protectedHosts: rows.filter((row) => row.isProtected).length,
    protectedWithWarnings: rows.filter((row) => row.isProtected && row.hasWarnings).length,
    sizeBytes: rows.reduce((sum, row) => sum + (row.host.repoSizeBytes ?? 0), 0),
    sizeChangeBytes: sizes.length > 1 && first !== undefined && last !== undefined ? last - first : null,
    sizes,
    snapshots: rows.reduce((sum, row) => sum + row.host.snapshotCount, 0),
    runningJobs: jobs.filter((job) => job.status === "running").length,
    waitingJobs: jobs.filter((job) => job.status === "queued").length,
  };
}

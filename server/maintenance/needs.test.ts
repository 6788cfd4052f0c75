// Which repos need a person, sorted by urgency.
import { expect, test } from "bun:test";
import type { RepoNeedFacts } from "../../db/queries/repo-needs.ts";
import { DAY_MS } from "../../shared/time/clock.ts";
import { createPeriods, repoNeed, sortByNeed } from "./needs.ts";

const NOW = Date.UTC(2026, 10, 20);
const periodOf = createPeriods(() => NOW);
const repo = (changes: Partial<RepoNeedFacts> = {}): RepoNeedFacts => ({
  id: "r",
  hostId: "h",
  name: "main",
  hostName: "web-01",
  status: "ready",
  appendOnly: "proven",
  checkCron: null,
  lastCheckAt: NOW - 5 * DAY_MS,
  lastCheckStatus: "ok",
  lastPruneStatus: "ok",
  lastForgetStatus: "ok",
  maintenanceSince: null,
  maintenanceEnabled: true,
  createdAt: NOW - 100 * DAY_MS,
  hasAdmin: true,
  isHeld: false,
  unreadableCount: 0,
  ...changes,
});
const kindOf = (changes: Partial<RepoNeedFacts>) => repoNeed(repo(changes), NOW, periodOf)?.kind ?? null;

test("a healthy repo needs nobody, nor does an untested one", () => {
  expect(kindOf({})).toBeNull();
  expect(kindOf({ status: "unknown", lastCheckAt: null, hasAdmin: false })).toBeNull();
});

test("a check is overdue after three of its own periods", () => {
  expect(kindOf({ lastCheckAt: NOW - 21 * DAY_MS })).toBeNull();
  expect(kindOf({ lastCheckAt: NOW - 22 * DAY_MS })).toBe("check_overdue");
  expect(kindOf({ lastCheckAt: NOW - 4 * DAY_MS, checkCron: "0 3 * * *" })).toBe("check_overdue");
  expect(kindOf({ lastCheckAt: NOW - 60 * DAY_MS, checkCron: "0 3 1 * *" })).toBeNull();
  expect(kindOf({ lastCheckAt: null, lastCheckStatus: null, createdAt: NOW - 2 * DAY_MS })).toBeNull();
  expect(kindOf({ lastCheckAt: null, maintenanceSince: NOW - DAY_MS })).toBeNull();
  for (const off of [{ checkCron: "off" }, { maintenanceEnabled: false }])
    expect(kindOf({ ...off, lastCheckAt: NOW - 90 * DAY_MS })).toBeNull();
});

test("nothing can be removed: the everyday credential must not delete and there is no admin credential", () => {
  expect(kindOf({ hasAdmin: false })).toBe("no_admin_credential");
  expect(kindOf({ hasAdmin: false, appendOnly: "unknown" })).toBe("no_admin_credential");
  expect(kindOf({ hasAdmin: false, appendOnly: "not_applicable" })).toBeNull();
  expect(kindOf({ hasAdmin: false, maintenanceEnabled: false })).toBeNull();
});

test("the worst comes first, and equals keep their order", () => {
  const worst: readonly Partial<RepoNeedFacts>[] = [
    { status: "failed", lastCheckStatus: "errors" },
    { lastCheckStatus: "errors" },
    { unreadableCount: 2 },
    { appendOnly: "violated" },
    { status: "waiting" },
    { lastPruneStatus: "failed" },
    { lastCheckAt: NOW - 50 * DAY_MS },
    { isHeld: true },
    { hasAdmin: false },
    {},
    { status: "unknown" },
  ];
  const all = worst.map((changes, at) => repo({ ...changes, id: String(at) }));
  const { ids, needy } = sortByNeed([...all.slice(0, 9).reverse(), ...all.slice(9)], NOW, periodOf);
  expect(ids).toEqual(all.map(({ id }) => id));
  expect(needy.map(({ need }) => need.kind)).toEqual([
    "failed",
    "damaged",
    "unreadable_snapshots",
    "violated",
    "waiting",
    "maintenance_failed",
    "check_overdue",
    "retention_held",
    "no_admin_credential",
  ]);
});

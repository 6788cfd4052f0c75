import { describe, expect, test } from "bun:test";
import { MAINTENANCE_KINDS, type MaintenanceKind } from "../../shared/maintenance.ts";
import { DAY_MS, HOUR_MS, MINUTE_MS } from "../../shared/time/clock.ts";
import { type Cron, parseCron } from "../../shared/time/cron.ts";
import { createZone, type Zone } from "../../shared/time/zone.ts";
import { createRandom } from "../../tests/testbed/random.ts";
import { defaultExpression, expressionOf } from "./cadence.ts";
import { AFTER_RETURN_MS, decide as decideAt, type LastJob, type MaintenanceFacts } from "./decide.ts";

const cron = (expr: string) => {
  const parsed = parseCron(expr);
  if (!parsed.ok) throw new Error(parsed.problem);
  return parsed.cron;
};
const zone = createZone("UTC");
const MONDAY = Date.UTC(2026, 10, 16);
const weekly = cron("0 6 * * 1");
const DUE_AT = MONDAY + 6 * HOUR_MS;
const none = { forget: null, prune: null, check: null };

type Facts = Omit<MaintenanceFacts, "dueTimes"> & { cadences: Record<MaintenanceKind, Cron | null>; zone: Zone };

const facts = (changes: Partial<Facts> = {}): Facts => ({
  isReady: true,
  isEnabled: true,
  isMaintainer: true,
  isExecutorGone: false,
  right: "admin",
  isDeletionHeld: false,
  forgets: "some",
  since: MONDAY - 30 * DAY_MS,
  onlineSince: MONDAY - DAY_MS,
  cadences: { forget: weekly, prune: weekly, check: weekly },
  zone,
  ...changes,
});
const decide = (
  now: number,
  { cadences, zone: place, ...rest }: Facts,
  last: Record<MaintenanceKind, LastJob | null>,
) => {
  const around = (one: Cron | null) => one && { lastAt: one.previous(now + 1, place), nextAt: one.next(now, place) };
  const { forget, prune, check } = cadences;
  return decideAt(
    now,
    { ...rest, dueTimes: { forget: around(forget), prune: around(prune), check: around(check) } },
    last,
  );
};
const ended = (queuedAt: number, status: LastJob["status"] = "succeeded"): LastJob => ({ queuedAt, status });

test("a deletion hold blocks forget and prune, but not checks", () => {
  const held = decide(DUE_AT + MINUTE_MS, facts({ isDeletionHeld: true }), none);
  expect(held.forget).toEqual({ is: "blocked", why: "deletion_held", dueAt: null });
  expect(held.prune).toEqual({ is: "blocked", why: "deletion_held", dueAt: null });
  expect(held.check).toMatchObject({ is: "due" });
});

test("maintenance is due after its due time has passed, and prune waits for a forget due at the same time", () => {
  const now = DUE_AT + MINUTE_MS;
  expect(decide(now, facts(), none)).toMatchObject({
    forget: { is: "due", dueAt: DUE_AT },
    prune: { is: "blocked", why: "after_forget", dueAt: DUE_AT },
    check: { is: "due" },
  });
  const running = decide(now, facts(), { ...none, forget: ended(now - 1, "running") });
  expect(running.prune).toMatchObject({ why: "after_forget" });
  expect(decide(now + 5, facts(), { ...none, forget: ended(now - 1) }).prune).toEqual({ is: "due", dueAt: DUE_AT });
  expect(decide(now + 5, facts(), { ...none, forget: ended(now - 1, "failed") }).prune).toMatchObject({
    why: "after_forget",
  });
  expect(decide(DUE_AT - 1, facts({ since: DUE_AT - DAY_MS }), none).check).toEqual({ is: "later", nextAt: DUE_AT });
});

test("without the right to delete only check runs, and with nothing to forget prune does not wait", () => {
  const now = DUE_AT + MINUTE_MS;
  const without = decide(now, facts({ right: "none" }), none);
  expect(without).toMatchObject({
    forget: { why: "no_admin_credential" },
    prune: { why: "no_admin_credential" },
    check: { is: "due" },
  });
  for (const [forgets, why] of [
    ["held", "retention_held"],
    ["not_listed", "not_listed"],
    ["keeps_everything", "keeps_everything"],
    ["no_groups", "no_groups"],
  ] as const)
    expect(decide(now, facts({ forgets }), none)).toMatchObject({ forget: { why }, prune: { is: "due" } });
});

test("nothing is ordered on an offline host, nor in the first 15 minutes after its return", () => {
  const now = DUE_AT + 3 * HOUR_MS;
  expect(decide(now, facts({ onlineSince: null }), none).check).toMatchObject({ why: "offline", dueAt: DUE_AT });
  expect(decide(now, facts({ onlineSince: now - 1 }), none).check).toMatchObject({ why: "just_returned" });
  expect(decide(now, facts({ onlineSince: now - AFTER_RETURN_MS }), none).check).toMatchObject({ is: "due" });
});

test.each([
  ["disabled", { isEnabled: false }],
  ["not_ready", { isReady: false }],
  ["other_maintains", { isMaintainer: false }],
  ["host_archived", { isExecutorGone: true }],
] as const)("nothing happens while it is %s", (why, changes) => {
  const all = decide(DUE_AT + MINUTE_MS, facts(changes), none);
  for (const kind of MAINTENANCE_KINDS) expect(all[kind]).toMatchObject({ is: "blocked", why });
});

test("a disabled kind never runs, and does not delay prune", () => {
  const all = decide(DUE_AT + 1, facts({ cadences: { forget: null, prune: weekly, check: null } }), none);
  expect(all).toMatchObject({ forget: { why: "off" }, prune: { is: "due" }, check: { why: "off" } });
});

const EXPRESSIONS = ["*/20 * * * *", "30 3 * * *", "0 6 * * 1", "0 0 1 * *", "15 2 * * sun,wed"];

describe.each([1, 2, 3, 4, 5, 6])("a month of ticks, seed %i", (seed) => {
  test("each due time leads to at most one job, none is lost while the host is online, and nothing runs without being due", () => {
    const random = createRandom(seed);
    const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
    const place = createZone(pick(["UTC", "Europe/Berlin", "America/New_York"]));
    const cadences = {
      forget: random() < 0.2 ? null : cron(pick(EXPRESSIONS)),
      prune: random() < 0.2 ? null : cron(pick(EXPRESSIONS)),
      check: cron(pick(EXPRESSIONS)),
    };
    const start = Date.UTC(2026, 9, 10) + Math.floor(random() * DAY_MS);
    const right = pick(["admin", "everyday", "none"] as const);
    let onlineSince: number | null = start;
    const last: Record<MaintenanceKind, LastJob | null> = { ...none };
    const ordered: Record<MaintenanceKind, { at: number; dueAt: number }[]> = { forget: [], prune: [], check: [] };
    const closesAt: Partial<Record<MaintenanceKind, number>> = {};
    for (let now = start; now < start + 30 * DAY_MS; now += 10 * MINUTE_MS) {
      if (random() < 0.01) onlineSince = onlineSince === null ? now : null;
      for (const kind of MAINTENANCE_KINDS) {
        const job = last[kind];
        if (job && (closesAt[kind] ?? Number.POSITIVE_INFINITY) <= now && job.status === "running")
          last[kind] = { ...job, status: random() < 0.8 ? "succeeded" : "failed" };
      }
      const said = decide(now, facts({ since: start, zone: place, cadences, onlineSince, right }), last);
      for (const kind of MAINTENANCE_KINDS) {
        const decision = said[kind];
        if (decision.is === "later") expect(decision.nextAt).toBeGreaterThan(now);
        if (decision.is !== "due") continue;
        expect(onlineSince).not.toBeNull();
        expect(cadences[kind]?.previous(now + 1, place)).toBe(decision.dueAt);
        if (kind !== "check") expect(right).not.toBe("none");
        if (kind === "prune") expect(said.forget.is).not.toBe("due");
        ordered[kind].push({ at: now, dueAt: decision.dueAt });
        last[kind] = { queuedAt: now, status: "running" };
        closesAt[kind] = now + Math.floor(random() * 3 * HOUR_MS);
      }
    }
    for (const kind of MAINTENANCE_KINDS) {
      const dues = ordered[kind].map(({ dueAt }) => dueAt);
      expect(new Set(dues).size).toBe(dues.length);
      for (const { at, dueAt } of ordered[kind]) {
        expect(dueAt).toBeGreaterThan(start);
        expect(dueAt).toBeLessThanOrEqual(at);
      }
    }
    expect(ordered.check.length).toBeGreaterThan(0);
  });
});

test("defaults are weekly, spread by id, and stable for each repo", () => {
  const ids = Array.from({ length: 500 }, (_, n) => `0199c0de-0000-7000-8000-${String(n).padStart(12, "0")}`);
  const expressions = ids.map((id) => defaultExpression(id, "forget"));
  expect(new Set(expressions).size).toBeGreaterThan(400);
  const days = new Set(expressions.map((expr) => expr.split(" ")[4]));
  expect(days.size).toBe(7);
  for (const id of ids.slice(0, 20)) {
    const repo = { id, forgetCron: null, pruneCron: null, checkCron: "off" };
    expect(expressionOf(repo, "prune")).toBe(expressionOf(repo, "forget"));
    expect(expressionOf(repo, "check")).toBeNull();
    expect(parseCron(defaultExpression(id, "check")).ok).toBe(true);
    expect(defaultExpression(id, "check")).not.toBe(defaultExpression(id, "forget"));
  }
});

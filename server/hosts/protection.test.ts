/** Protected means as recent as the schedules imply, and a group without a schedule is never protected. */
import { expect, test } from "bun:test";
import { createProtection, type ProtectionFacts } from "./protection.ts";

const HOUR = 3_600_000;
const at = (text: string) => Date.parse(`${text}Z`);
const host = { timezone: "UTC", timezoneOverride: null, roaming: false };
const groups = [{ id: "g", hostId: "h", name: "g" }];
const schedule = (cron: string) => ({
  id: cron,
  hostId: "h",
  sourceGroupId: "g",
  cron,
  timezone: null,
  splayMinutes: 0,
  nextRunAt: null,
});
const target = (repoId: string, lastSuccessAt: number | null) => ({ sourceGroupId: "g", repoId, lastSuccessAt });
const judge = (facts: Partial<ProtectionFacts>, now: number) =>
  createProtection()({ host, groups, targets: [], schedules: [], repos: [], ...facts }, now);

const nightly = [schedule("0 2 * * *")];

test("a nightly group is protected by last night's backup, and while the next one runs", () => {
  const targets = [target("r", at("2026-11-20T02:30"))];
  for (const now of ["2026-11-20T09:00", "2026-11-21T01:59", "2026-11-21T05:00"])
    expect(judge({ targets, schedules: nightly }, at(now)).isProtected).toBe(true);
  const late = judge({ targets, schedules: nightly }, at("2026-11-21T09:00"));
  expect(late).toEqual({ isProtected: false, lateSince: at("2026-11-20T02:30"), unscheduled: [] });
});

test("a weekly group is protected for its week", () => {
  const targets = [target("r", at("2026-11-15T04:30"))];
  const schedules = [schedule("0 4 * * 0")];
  expect(judge({ targets, schedules }, at("2026-11-21T09:00")).isProtected).toBe(true);
  expect(judge({ targets, schedules }, at("2026-11-22T09:00")).isProtected).toBe(false);
});

test("each target counts, including one without any success", () => {
  const fresh = at("2026-11-20T02:30");
  const now = fresh + HOUR;
  expect(judge({ targets: [target("a", fresh), target("b", null)], schedules: nightly }, now)).toMatchObject({
    isProtected: false,
    lateSince: null,
  });
  expect(judge({ targets: [], schedules: nightly }, now).isProtected).toBe(false);
});

test("a repository that is gone protects nothing", () => {
  const targets = [target("r", at("2026-11-20T02:30"))];
  const now = at("2026-11-20T09:00");
  const judged = (statusCode: string | null) =>
    judge({ targets, schedules: nightly, repos: [{ id: "r", statusCode }] }, now).isProtected;
  expect([null, "repo_unreachable", "repo_missing", "wrong_repo"].map(judged)).toEqual([true, true, false, false]);
});

test("a group without a schedule is never protected, however recent its backup", () => {
  const fresh = at("2026-11-20T02:30");
  expect(judge({ targets: [target("a", fresh)] }, fresh + 1)).toEqual({
    isProtected: false,
    lateSince: null,
    unscheduled: groups,
  });
});

test("a laptop may be offline for a week", () => {
  const targets = [target("r", at("2026-11-14T02:30"))];
  const roaming = { ...host, roaming: true };
  expect(judge({ host: roaming, targets, schedules: nightly }, at("2026-11-20T09:00")).isProtected).toBe(true);
  expect(judge({ host: roaming, targets, schedules: nightly }, at("2026-11-21T09:00")).isProtected).toBe(false);
});

/** Retention by hand-made examples; tests/e2e/retention-preview.test.ts holds it against restic itself. */
import { expect, test } from "bun:test";
import * as v from "valibot";
import {
  before,
  DEFAULT_RETENTION,
  groupByHostAndTags,
  isEmptyRetention,
  keptBy,
  parseSpan,
  retentionArgs,
  retentionInWords,
  retentionSchema,
} from "./retention.ts";
import { createZone } from "./zone.ts";

const at = (text: string) => Date.parse(text);
const snapshots = (...times: string[]) => times.map((time) => ({ time: at(time) }));
const kept = (retention: Parameters<typeof keptBy>[0], list: { time: number }[], zone = "UTC") =>
  keptBy(retention, list, zone).map((one) => new Date(one.snapshot.time).toISOString().slice(0, 16));

test("keeps the newest of each day, by the days of the zone, and the oldest while the count lasts", () => {
  const list = snapshots("2026-11-18T23:30Z", "2026-11-19T01:00Z", "2026-11-19T22:00Z", "2026-11-17T10:00Z");
  expect(kept({ keep_daily: 2 }, list)).toEqual(["2026-11-19T22:00", "2026-11-18T23:30"]);
  expect(kept({ keep_daily: 2 }, list, "Europe/Berlin")).toEqual(["2026-11-19T22:00", "2026-11-17T10:00"]);
  expect(kept({ keep_yearly: 5 }, list)).toEqual(["2026-11-19T22:00", "2026-11-17T10:00"]);
});

test("weeks are ISO weeks: the last days of December may belong to the next year", () => {
  const list = snapshots("2024-12-29T12:00Z", "2024-12-30T12:00Z", "2025-01-01T12:00Z", "2024-12-20T12:00Z");
  expect(kept({ keep_weekly: 2 }, list)).toEqual(["2025-01-01T12:00", "2024-12-29T12:00"]);
});

test("spans count back from the newest snapshot that is not in the future", () => {
  const list = snapshots("2026-11-20T12:00Z", "2026-11-10T12:00Z", "2026-11-10T13:00Z", "2030-01-01T00:00Z");
  const rules = keptBy({ keep_within: "10d" }, list, "UTC", at("2026-11-21T00:00Z"));
  expect(rules.map((one) => new Date(one.snapshot.time).toISOString().slice(0, 13))).toEqual([
    "2030-01-01T00",
    "2026-11-20T12",
    "2026-11-10T13",
  ]);
});

test("an empty policy keeps everything and has no arguments", () => {
  const list = snapshots("2026-11-20T12:00Z", "2026-11-10T12:00Z");
  expect(keptBy({}, list, "UTC")).toHaveLength(2);
  expect(isEmptyRetention({})).toBe(true);
  expect(retentionArgs({})).toEqual([]);
});

test("31 March less a month is 3 March, and the clock stays the same over a change of the clocks", () => {
  const berlin = createZone("Europe/Berlin");
  const month = { years: 0, months: 1, days: 0, hours: 0 };
  expect(before(at("2026-03-31T10:00Z"), month, berlin)).toBe(at("2026-03-03T11:00Z"));
});

test("arguments and words come in a fixed order", () => {
  expect(retentionArgs({ keep_within_daily: "30d", keep_last: 5 })).toEqual([
    ...["--keep-last", "5"],
    ...["--keep-within-daily", "30d"],
  ]);
  expect(retentionInWords({ keep_last: 5, keep_hourly: 24, keep_within: "1y6m" })).toBe(
    "everything within 1 year 6 months, the last 5, 24 hourly",
  );
  expect(retentionInWords(DEFAULT_RETENTION)).toBe(
    "everything within 14 days, daily within 30 days, weekly within 3 months, monthly within 1 year",
  );
});

test("what is no span or no count is refused", () => {
  for (const text of ["", "0d", "3", "d", "5w", "3d2y", "-1d", "1.5y"]) expect(parseSpan(text)).toBeNull();
  for (const bad of [{ keep_last: 0 }, { keep_daily: 1.5 }, { keep_within: "soon" }, { keep_tags: "x" }]) {
    expect(v.safeParse(retentionSchema, bad).success).toBe(false);
  }
  expect(v.safeParse(retentionSchema, DEFAULT_RETENTION).success).toBe(true);
});

test("groups have equal host and equal sets of tags", () => {
  const row = (hostname: string, ...tags: string[]) => ({ hostname, tags });
  const groups = groupByHostAndTags([row("a", "x", "y"), row("a", "y", "x"), row("b", "x", "y"), row("a", "x")]);
  expect(groups.map((group) => group.length)).toEqual([2, 1, 1]);
});

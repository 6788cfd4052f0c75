/** Retention with hand-made examples. tests/e2e/retention-preview.test.ts compares it with restic itself. */
import { expect, test } from "bun:test";
import * as v from "valibot";
import {
  before,
  type Dated,
  DEFAULT_RETENTION,
  groupByHostAndTags,
  isEmptyRetention,
  keptBy,
  parseSpan,
  retentionArgs,
  retentionInWords,
  retentionSchema,
} from "./retention.ts";

const at = (text: string) => Date.parse(text);
/** In restic's notation: the offset after the time is the snapshot's own. */
const snapshots = (...times: string[]) => times.map(dated);
const kept = (retention: Parameters<typeof keptBy>[0], list: Dated[]) =>
  keptBy(retention, list).map((one) => new Date(one.snapshot.time).toISOString().slice(0, 16));

function dated(text: string): Dated {
  const [, sign, hours, minutes] = /([+-])(\d\d):(\d\d)$/.exec(text) ?? [];
  const offset = Number(hours ?? 0) * 60 + Number(minutes ?? 0);
  return { time: at(text), utcOffsetMinutes: sign === "-" ? 0 - offset : offset };
}

test("keeps the newest of each day, by the days of each snapshot's own clock, and the oldest while the count lasts", () => {
  const times = ["2026-11-18T23:30", "2026-11-19T01:00", "2026-11-19T22:00", "2026-11-17T10:00"];
  const utc = snapshots(...times.map((time) => `${time}Z`));
  expect(kept({ keep_daily: 2 }, utc)).toEqual(["2026-11-19T22:00", "2026-11-18T23:30"]);
  expect(kept({ keep_yearly: 5 }, utc)).toEqual(["2026-11-19T22:00", "2026-11-17T10:00"]);
  const berlin = utc.map((one) => ({ ...one, utcOffsetMinutes: 60 }));
  expect(kept({ keep_daily: 2 }, berlin)).toEqual(["2026-11-19T22:00", "2026-11-17T10:00"]);
});

test("a host in Tokyo whose older snapshots were made in UTC keeps one of each of their days", () => {
  const days = ["20", "22", "24", "26"].flatMap((day) => [`2026-11-${day}T02:00Z`, `2026-11-${day}T16:00Z`]);
  expect(kept({ keep_daily: 30 }, snapshots(...days))).toEqual([
    ...["2026-11-26T16:00", "2026-11-24T16:00", "2026-11-22T16:00", "2026-11-20T16:00"],
    "2026-11-20T02:00",
  ]);
  const moved = snapshots("2026-11-26T00:30+09:00", "2026-11-25T14:00Z", "2026-11-25T23:00+01:00");
  expect(kept({ keep_daily: 9 }, moved)).toEqual(["2026-11-25T22:00", "2026-11-25T15:30", "2026-11-25T14:00"]);
});

test("the first years count as they are", () => {
  const list = snapshots("0001-01-01T00:00:00+00:53", "0051-07-01T00:00Z", "1951-07-01T00:00Z", "1969-01-01T00:00Z");
  expect(kept({ keep_weekly: 9 }, list)).toHaveLength(4);
  const year = { years: 1, months: 0, days: 0, hours: 0 };
  expect(before(dated("0051-07-01T00:00Z"), year)).toBe(at("0050-07-01T00:00Z"));
});

test("weeks are ISO weeks: the last days of December may belong to the next year", () => {
  const list = snapshots("2024-12-29T12:00Z", "2024-12-30T12:00Z", "2025-01-01T12:00Z", "2024-12-20T12:00Z");
  expect(kept({ keep_weekly: 2 }, list)).toEqual(["2025-01-01T12:00", "2024-12-29T12:00"]);
});

test("spans count back from the newest snapshot that is not in the future", () => {
  const list = snapshots("2026-11-20T12:00Z", "2026-11-10T12:00Z", "2026-11-10T13:00Z", "2030-01-01T00:00Z");
  const rules = keptBy({ keep_within: "10d" }, list, at("2026-11-21T00:00Z"));
  expect(rules.map((one) => new Date(one.snapshot.time).toISOString().slice(0, 13))).toEqual([
    "2030-01-01T00",
    "2026-11-20T12",
    "2026-11-10T13",
  ]);
});

test("an empty policy keeps everything and has no arguments", () => {
  const list = snapshots("2026-11-20T12:00Z", "2026-11-10T12:00Z");
  expect(keptBy({}, list)).toHaveLength(2);
  expect(isEmptyRetention({})).toBe(true);
  expect(retentionArgs({})).toEqual([]);
});

test("31 March minus one month is 3 March, and the offset stays the same over a clock change", () => {
  const month = { years: 0, months: 1, days: 0, hours: 0 };
  expect(before(dated("2026-03-31T12:00+02:00"), month)).toBe(at("2026-03-03T12:00+02:00"));
});

test("arguments and words have a fixed order", () => {
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

test("invalid spans and counts are refused", () => {
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

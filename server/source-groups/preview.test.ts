/** The preview of the coming year: what is kept, and which rules the schedules cannot meet. */
import { expect, test } from "bun:test";
import type { Retention } from "../../shared/retention.ts";
import { countConflicts, previewRetention } from "./preview.ts";

const NOW = Date.parse("2026-11-20T09:00:00Z");
const DAY = 86_400_000;
const preview = (retention: Retention, ...crons: string[]) =>
  previewRetention({
    retention,
    schedules: crons.map((cron) => ({ cron, timezone: null })),
    hostZone: "Europe/Berlin",
    now: NOW,
    existing: [],
  });

test("a nightly group keeps what its rules say", () => {
  const { kept, runs, lanes } = preview({ keep_daily: 14, keep_monthly: 12, keep_yearly: 3 }, "0 2 * * *");
  expect(runs).toBe(366);
  expect(lanes.daily.times).toHaveLength(14);
  expect(lanes.monthly.times).toHaveLength(12);
  expect(lanes.yearly.times.map((at) => new Date(at).toISOString().slice(0, 10))).toEqual([
    ...["2027-11-21", "2026-12-31", "2026-11-21"],
  ]);
  expect(kept).toHaveLength(26);
  expect(lanes.last).toMatchObject({ times: [], isSet: false, conflict: null });
});

test("a rule that the schedules cannot meet says so, and what it does instead", () => {
  const nightly = preview({ keep_hourly: 24, keep_daily: 7 }, "0 2 * * *");
  expect(nightly.lanes.hourly.conflict).toBe(
    "This group runs once a day, so 24 hourly keeps the last 24 runs, not 24 hours. Run it more often, or clear this rule.",
  );
  expect(countConflicts(nightly)).toBe(1);
  expect(countConflicts(preview({ keep_hourly: 24, keep_daily: 7 }, "0 * * * *"))).toBe(0);
  expect(preview({ keep_daily: 14 }, "0 4 * * 0").lanes.daily.conflict).toContain("once a week");
  expect(preview({ keep_weekly: 8 }, "0 4 1 * *").lanes.weekly.conflict).toContain("once a month");
  expect(preview({ keep_within: "12h" }, "0 4 * * 0").lanes.last.conflict).toContain("within 12h");
  expect(countConflicts(preview({ keep_within: "14d", keep_within_daily: "30d" }, "0 2 * * *"))).toBe(0);
  expect(countConflicts(preview({ keep_daily: 30 }, "0 2 * * 1-5"))).toBe(0);
  expect(countConflicts(preview({ keep_weekly: 8, keep_monthly: 12 }, "0 4 * * 0"))).toBe(0);
});

test("without a schedule there are no runs, an empty policy keeps everything, and a schedule of every minute is thinned out", () => {
  expect(preview({ keep_daily: 7 })).toMatchObject({ runs: 0, kept: [], gapMs: null });
  expect(preview({}, "0 2 * * *").kept).toHaveLength(366);
  const dense = preview({ keep_within: "2y" }, "* * * * *");
  expect(dense.runs).toBeLessThan(18_000);
  expect(dense.kept).toHaveLength(dense.runs);
});

test("today's snapshots count together with the coming ones", () => {
  const shown = previewRetention({
    retention: { keep_last: 2, keep_yearly: 9 },
    schedules: [],
    hostZone: "UTC",
    now: NOW,
    existing: [1, 2, 3].map((days) => ({ time: NOW - days * DAY, utcOffsetMinutes: 60 })),
  });
  expect(shown).toMatchObject({ older: 3, olderKept: 3, runs: 0 });
});

// A host's night is its worst group's; totals carry hosts that were not sampled that day.
import { describe, expect, test } from "bun:test";
import type { DailyOutcomeRow } from "../../db/schema/source-groups.ts";
import { nightsOfHost, totalsByDay } from "./rows.ts";

const night = (sourceGroupId: string, day: string, outcome: DailyOutcomeRow["outcome"]): DailyOutcomeRow => ({
  hostId: "h",
  sourceGroupId,
  day,
  outcome,
  runs: 1,
  failed: outcome === "failed" ? 1 : 0,
  due: 0,
  warningCodes: outcome === "warning" ? ["unreadable"] : null,
});

describe("nights of a host", () => {
  test("the worst group gives the colour, all runs count", () => {
    const rows = [night("a", "2026-11-19", "ok"), night("b", "2026-11-19", "failed"), night("a", "2026-11-20", "ok")];
    expect(nightsOfHost(rows, ["2026-11-19", "2026-11-20"], false)).toEqual([
      { day: "2026-11-19", outcome: "failed", runs: 2, failed: 1 },
      { day: "2026-11-20", outcome: "ok", runs: 1, failed: 0 },
    ]);
  });

  test("a running backup marks today", () => {
    expect(nightsOfHost([], ["2026-11-19", "2026-11-20"], true)).toEqual([
      { day: "2026-11-20", outcome: "running", runs: 1, failed: 0 },
    ]);
  });
});

test("totals by day keep the last known size of each host", () => {
  const samples = [
    { hostId: "a", day: "2026-11-18", sizeBytes: 5 },
    { hostId: "b", day: "2026-11-19", sizeBytes: 7 },
    { hostId: "a", day: "2026-11-20", sizeBytes: 6 },
  ];
  expect(totalsByDay(samples)).toEqual([5, 12, 13]);
});

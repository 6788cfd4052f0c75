/** A host's night is that of its worst group, totals include hosts without a sample of that day, and drawn rows are cached. */
import { describe, expect, test } from "bun:test";
import type { DailyOutcomeRow } from "../../db/schema/source-groups.ts";
import type { FleetRow } from "../../ui/dashboard/rows.tsx";
import { createDrawnRows, nightsOfHost, totalsByDay } from "./rows.ts";

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
  test("the worst group sets the colour, and all runs count", () => {
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

const row = (name: string) => ({ name }) as FleetRow;

test("a row is drawn once per view, and again after its host was read again", () => {
  const drawnRows = createDrawnRows();
  let drawings = 0;
  const draw = (key: string, one: FleetRow) => drawnRows(key)(one, () => `${one.name} for ${key} ${++drawings}`);
  const before = row("web-01");
  expect(draw("mara", before)).toBe("web-01 for mara 1");
  expect(draw("mara", before)).toBe("web-01 for mara 1");
  expect(draw("otto", before)).toBe("web-01 for otto 2");
  expect(draw("mara", row("web-01"))).toBe("web-01 for mara 3");
  expect(draw("mara", before)).toBe("web-01 for mara 1");
});

test("only a few views of a row are cached, however many are requested", () => {
  const drawnRows = createDrawnRows();
  const seen = row("web-01");
  let drawings = 0;
  const draw = (key: string) => drawnRows(key)(seen, () => `${++drawings}`);
  for (let at = 0; at < 1000; at++) draw(`zone ${at}`);
  expect(draw("zone 999")).toBe("1000");
  expect(draw("zone 0")).toBe("1001");
});

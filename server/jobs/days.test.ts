import { expect, test } from "bun:test";
import type { EndedBackup } from "../../db/queries/jobs.ts";
import { type DayFacts, median, outcomeOfDay } from "./days.ts";

const backup = (status: "succeeded" | "failed", finishedAt: number, warnings = 0, repoId = "r") => ({
  repoId,
  status,
  warnings,
  finishedAt,
  causes: warnings > 0 ? [{ code: "unreadable" as const, count: warnings }] : [],
});

const day = (backups: EndedBackup[], facts: Partial<Omit<DayFacts, "backups">> = {}) =>
  outcomeOfDay({ backups, targets: ["r"], due: 0, excused: new Set(), isOver: false, ...facts });

test("the last run of each target decides, and earlier failures only change the colour", () => {
  expect(day([])).toEqual({ outcome: "none_due", runs: 0, failed: 0, warningCodes: null });
  expect(day([backup("succeeded", 1)])).toEqual({ outcome: "ok", runs: 1, failed: 0, warningCodes: null });
  expect(day([backup("failed", 1), backup("succeeded", 2)]).outcome).toBe("recovered");
  expect(day([backup("succeeded", 2), backup("failed", 1)]).outcome).toBe("recovered");
  expect(day([backup("succeeded", 1), backup("failed", 2)]).outcome).toBe("failed");
  expect(day([backup("succeeded", 1, 3)])).toMatchObject({ outcome: "warning", warningCodes: ["unreadable"] });
  expect(day([backup("succeeded", 2, 0, "a"), backup("failed", 1, 0, "b")]).outcome).toBe("failed");
});

test("a due day without a run is missed only once it is over", () => {
  expect(day([], { due: 1 }).outcome).toBe("none_due");
  expect(day([], { due: 1, isOver: true }).outcome).toBe("missed");
  expect(day([], { due: 0, isOver: true }).outcome).toBe("none_due");
  expect(day([backup("succeeded", 1)], { due: 1, isOver: true }).outcome).toBe("ok");
  expect(day([backup("succeeded", 1)], { due: 1, isOver: true, targets: ["r", "off-site"] }).outcome).toBe("missed");
  expect(day([backup("failed", 1)], { due: 1, isOver: true, targets: ["r", "off-site"] }).outcome).toBe("failed");
  expect(day([], { due: 1, isOver: true, excused: new Set(["r"]) }).outcome).toBe("none_due");
});

test("a median is the true middle", () => {
  expect(median([])).toBeNull();
  expect(median([5, 1, 9])).toBe(5);
  expect(median([1, 2, 3, 4])).toBe(3);
});

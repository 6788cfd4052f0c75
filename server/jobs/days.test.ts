import { expect, test } from "bun:test";
import { dayIn, daysBefore, median, outcomeOfDay, spanOfDay } from "./days.ts";

const backup = (status: "succeeded" | "failed", finishedAt: number, warnings = 0, repoId = "r") => ({
  repoId,
  status,
  warnings,
  finishedAt,
});

test("a day belongs to the host's zone", () => {
  const at = Date.parse("2026-11-20T23:30:00Z");
  expect(dayIn("Europe/Berlin", at)).toBe("2026-11-21");
  expect(dayIn("UTC", at)).toBe("2026-11-20");
  expect(dayIn("Not/AZone", at)).toBe("2026-11-20");
  expect(daysBefore("2026-03-01", 1)).toBe("2026-02-28");
});

test("the last run of each target decides, earlier failures only colour it", () => {
  expect(outcomeOfDay([])).toBeNull();
  expect(outcomeOfDay([backup("succeeded", 1)])).toEqual({ outcome: "ok", runs: 1, failed: 0 });
  expect(outcomeOfDay([backup("failed", 1), backup("succeeded", 2)])?.outcome).toBe("recovered");
  expect(outcomeOfDay([backup("succeeded", 2), backup("failed", 1)])?.outcome).toBe("recovered");
  expect(outcomeOfDay([backup("succeeded", 1), backup("failed", 2)])?.outcome).toBe("failed");
  expect(outcomeOfDay([backup("succeeded", 1, 3)])?.outcome).toBe("warning");
  expect(outcomeOfDay([backup("succeeded", 2, 0, "a"), backup("failed", 1, 0, "b")])?.outcome).toBe("failed");
});

test("a median is a real middle", () => {
  expect(median([])).toBeNull();
  expect(median([5, 1, 9])).toBe(5);
  expect(median([1, 2, 3, 4])).toBe(3);
});

test("a day's span follows the zone, also when the clocks change", () => {
  const hours = (zone: string, day: string) => {
    const { since, until } = spanOfDay(zone, day);
    return [new Date(since).toISOString(), (until - since) / 3_600_000];
  };
  expect(hours("UTC", "2026-11-20")).toEqual(["2026-11-20T00:00:00.000Z", 24]);
  expect(hours("Europe/Berlin", "2026-03-29")).toEqual(["2026-03-28T23:00:00.000Z", 23]);
  expect(hours("Europe/Berlin", "2026-10-25")).toEqual(["2026-10-24T22:00:00.000Z", 25]);
  expect(hours("Pacific/Kiritimati", "2026-11-20")).toEqual(["2026-11-19T10:00:00.000Z", 24]);
});

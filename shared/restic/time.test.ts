import { expect, test } from "bun:test";
import { readTime } from "./time.ts";

test("times with nanoseconds and offsets, in any year", () => {
  expect(readTime("2026-11-20T23:31:47.873306652Z")).toEqual({
    time: Date.UTC(2026, 10, 20, 23, 31, 47, 873),
    utcOffsetMinutes: 0,
  });
  expect(readTime("2026-11-20T23:31:47.8733+01:00")).toEqual({
    time: Date.UTC(2026, 10, 20, 22, 31, 47, 873),
    utcOffsetMinutes: 60,
  });
  expect(readTime("2026-11-20T23:31:47-03:30")?.utcOffsetMinutes).toBe(-210);
  expect(readTime("1969-01-01T00:00:00Z")?.time).toBe(Date.UTC(1969, 0, 1));
  // What restic prints in Berlin for the first moment of its calendar: the seconds of local mean time are dropped.
  expect(readTime("0001-01-01T00:00:00+00:53")).toEqual({
    time: -62_135_596_800_000 - 53 * 60_000,
    utcOffsetMinutes: 53,
  });
  for (const text of ["yesterday", "", "2026-11-20", "2026-13-40T00:00:00Z"]) expect(readTime(text)).toBeNull();
});

import { expect, test } from "bun:test";
import { dayIn, daysBefore, spanOfDay } from "./days.ts";

test("a day belongs to the host's zone", () => {
  const at = Date.parse("2026-11-20T23:30:00Z");
  expect(dayIn("Europe/Berlin", at)).toBe("2026-11-21");
  expect(dayIn("UTC", at)).toBe("2026-11-20");
  expect(dayIn("Not/AZone", at)).toBe("2026-11-20");
  expect(daysBefore("2026-03-01", 1)).toBe("2026-02-28");
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

/** A zone's wall clocks around clock changes. */
import { expect, test } from "bun:test";
import { createZone, isZone } from "./zone.ts";

const at = (text: string) => Date.parse(text);

test("reads the offset of any moment, also on the days of a clock change", () => {
  const berlin = createZone("Europe/Berlin");
  expect(berlin.offset(at("2026-03-29T00:59:59Z"))).toBe(3_600_000);
  expect(berlin.offset(at("2026-03-29T01:00:00Z"))).toBe(7_200_000);
  expect(berlin.offset(at("2026-10-25T00:59:59Z"))).toBe(7_200_000);
  expect(berlin.offset(at("2026-10-25T01:00:00Z"))).toBe(3_600_000);
  expect(createZone("Asia/Kathmandu").offset(at("2026-01-01T00:00:00Z"))).toBe(5.75 * 3_600_000);
  expect(createZone("America/St_Johns").offset(at("2026-07-01T00:00:00Z"))).toBe(-2.5 * 3_600_000);
});

test("finds the moment of a wall clock, and one of two for a repeated or skipped hour", () => {
  const york = createZone("America/New_York");
  for (const moment of ["2026-03-08T12:00:00Z", "2026-07-01T00:00:00Z", "2026-11-01T04:30:00Z"]) {
    expect(york.moment(york.wall(at(moment)))).toBe(at(moment));
  }
  expect([at("2026-11-01T05:30:00Z"), at("2026-11-01T06:30:00Z")]).toContain(york.moment(at("2026-11-01T01:30:00Z")));
});

test("an unknown name counts as UTC", () => {
  expect(isZone("Mars/Olympus")).toBe(false);
  expect(createZone("Mars/Olympus").offset(at("2026-07-01T00:00:00Z"))).toBe(0);
});

test("a moment at the edge of what a Date holds has a wall clock in every zone", () => {
  for (const name of ["UTC", "Europe/Berlin", "America/New_York", "Pacific/Kiritimati"])
    for (const at of [8.64e15, 8.64e15 - 1, -8.64e15, -8.64e15 + 1])
      expect(new Date(createZone(name).wall(at)).toISOString()).toBeString();
});

/** Sizes, durations and counts in words. */
import { expect, test } from "bun:test";
import { bytesInWords, clip, countOf, durationInWords } from "./words.ts";

test("sizes, durations and counts as people say them", () => {
  expect([0, 56, 1024, 3_000_051, 5 * 1024 ** 4].map(bytesInWords)).toEqual([
    "0 B",
    "56 B",
    "1.00 KiB",
    "2.86 MiB",
    "5.00 TiB",
  ]);
  expect([700, 65_000, 4_020_000].map(durationInWords)).toEqual(["0.7 s", "1 min 5 s", "1 h 7 min"]);
  expect([countOf(1, "file"), countOf(0, "file"), countOf(1234567, "file")]).toEqual([
    "1 file",
    "0 files",
    "1,234,567 files",
  ]);
});

test("a cut text is never longer than asked and ends in no half character", () => {
  expect(clip("short", 10)).toBe("short");
  expect(clip("x".repeat(100), 20)).toBe(`${"x".repeat(13)}… [cut]`);
  expect(clip(`${"x".repeat(12)}😀${"y".repeat(50)}`, 20).isWellFormed()).toBe(true);
});

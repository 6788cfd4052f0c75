// Numbers and times read as the design writes them.
import { describe, expect, test } from "bun:test";
import {
  createDates,
  formatBytes,
  formatBytesChange,
  formatCount,
  formatDay,
  formatDuration,
  formatPercent,
  formatPlural,
  formatRelative,
  splitBytes,
} from "./format.ts";

const KiB = 1024;
const GiB = KiB ** 3;
const TiB = KiB ** 4;

describe("sizes", () => {
  test("are binary with three digits", () => {
    expect(formatBytes(0)).toBe("0 B");
    expect(formatBytes(1023)).toBe("1023 B");
    expect(formatBytes(1024)).toBe("1 KiB");
    expect(formatBytes(6.4 * GiB)).toBe("6.4 GiB");
    expect(formatBytes(73.6 * GiB)).toBe("73.6 GiB");
    expect(formatBytes(926.2 * GiB)).toBe("926 GiB");
    expect(formatBytes(1.84 * TiB)).toBe("1.84 TiB");
    expect(formatBytes(24.9 * TiB)).toBe("24.9 TiB");
  });

  test("move to the next unit rather than show 1024", () => {
    expect(formatBytes(GiB - 1)).toBe("1 GiB");
    expect(formatBytes(99.99 * GiB)).toBe("100 GiB");
  });

  test("part figure and unit for tiles, and keep the sign of a change", () => {
    expect(splitBytes(3.44 * TiB)).toEqual({ figure: "3.44", unit: "TiB" });
    expect(formatBytesChange(171 * GiB)).toBe("+171 GiB");
    expect(formatBytesChange(-2 * GiB)).toBe("−2 GiB");
  });
});

describe("counts", () => {
  test("part thousands and agree with their noun", () => {
    expect(formatCount(31847)).toBe("31,847");
    expect(formatCount(1234567)).toBe("1,234,567");
    expect(formatPlural(1, "host")).toBe("1 host");
    expect(formatPlural(0, "repository", "repositories")).toBe("0 repositories");
  });

  test("percent never claims the end early", () => {
    expect(formatPercent(0)).toBe("0 %");
    expect(formatPercent(0.001)).toBe("1 %");
    expect(formatPercent(0.414)).toBe("41 %");
    expect(formatPercent(0.999)).toBe("99 %");
    expect(formatPercent(1)).toBe("100 %");
  });
});

describe("spans", () => {
  test("use two units", () => {
    expect(formatDuration(400)).toBe("0.4 s");
    expect(formatDuration(48_900)).toBe("48 s");
    expect(formatDuration(252_000)).toBe("4 min 12 s");
    expect(formatDuration(66_000)).toBe("1 min 06 s");
    expect(formatDuration(4_020_000)).toBe("1 h 7 min");
    expect(formatDuration(183_600_000)).toBe("2 d 3 h");
  });

  test("relative times use one unit and both directions", () => {
    const now = Date.UTC(2026, 10, 20, 9, 14);
    expect(formatRelative(now, now)).toBe("now");
    expect(formatRelative(now - 4_000, now)).toBe("4 s ago");
    expect(formatRelative(now - 7 * 3_600_000, now)).toBe("7 h ago");
    expect(formatRelative(now + 16.5 * 3_600_000, now)).toBe("in 16 h");
    expect(formatRelative(now - 25 * 3_600_000, now)).toBe("1 day ago");
    expect(formatRelative(now - 3 * 86_400_000, now)).toBe("3 days ago");
    expect(formatRelative(now - 100 * 86_400_000, now)).toBe("3 months ago");
  });
});

describe("absolute times", () => {
  const at = Date.UTC(2026, 10, 20, 8, 14, 2);
  const berlin = createDates("Europe/Berlin");

  test("are written in the viewer's zone", () => {
    expect(berlin.full(at)).toBe("Fri 20 Nov 2026 09:14");
    expect(berlin.clock(at)).toBe("09:14:02");
    expect(berlin.day(at)).toBe("2026-11-20");
    expect(createDates("America/New_York").time(at)).toBe("03:14");
  });

  test("shorten towards now", () => {
    expect(berlin.near(at, at + 3_600_000)).toBe("today 09:14");
    expect(berlin.near(at + 17 * 3_600_000, at)).toBe("Sat 02:14");
    expect(berlin.near(at - 30 * 86_400_000, at)).toBe("21 Oct");
    expect(berlin.near(Date.UTC(2025, 1, 3, 12), at)).toBe("3 Feb 2025");
  });

  test("follow the clocks when they change", () => {
    const autumn = Date.UTC(2026, 9, 25, 0, 59, 59);
    expect(berlin.clock(autumn)).toBe("02:59:59");
    expect(berlin.clock(autumn + 1000)).toBe("02:00:00");
    expect(createDates("Asia/Kathmandu").time(Date.UTC(2026, 0, 1, 0, 0))).toBe("05:45");
  });

  test("fall back to UTC for a zone that does not exist", () => {
    expect(createDates("Moon/Crater").zone).toBe("UTC");
  });

  test("calendar days stand for themselves", () => {
    expect(formatDay("2026-10-22")).toBe("Thu 22 Oct");
  });
});

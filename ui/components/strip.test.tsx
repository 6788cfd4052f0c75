// The strip lines up by weeks, names every day and stays one tab stop.
import { describe, expect, test } from "bun:test";
import { stripDays } from "../../shared/nights.ts";
import { mondayClass, NightStrip } from "./strip.tsx";

const days = stripDays("2026-11-20");

describe("night strip", () => {
  test("covers thirty days, oldest first", () => {
    expect(days).toHaveLength(30);
    expect(days[0]).toBe("2026-10-22");
    expect(days[29]).toBe("2026-11-20");
  });

  test("knows on which cell Monday falls", () => {
    expect(mondayClass(days)).toBe("mon-5");
    expect(mondayClass(stripDays("2026-11-24"))).toBe("mon-1");
    expect(mondayClass(stripDays("2026-11-25"))).toBe("mon-7");
  });

  test("draws each outcome by its mark and fills missing days", () => {
    const html = String(
      NightStrip({
        label: 'a "b"',
        query: "host_id=1",
        days,
        outcomes: [
          { day: "2026-11-19", outcome: "recovered", runs: 2, failed: 1 },
          { day: "2026-11-20", outcome: "failed", runs: 1, failed: 1 },
        ],
      }),
    );
    expect(html.match(/<a /g)).toHaveLength(30);
    expect(html).toContain('class="w" tabindex="-1" href="/jobs?host_id=1&#38;kind=backup&#38;day=2026-11-19"');
    expect(html).toContain('aria-label="Thu 19 Nov: failed, then recovered\n2 runs, 1 failed"');
    expect(html).toContain("a &#34;b&#34;, last 30 days: 28 none due, 1 failed, then recovered, 1 failed");
  });
});

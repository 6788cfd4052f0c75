// Reads the numbers of passed, failed and skipped tests from the end of `bun test`'s output.

export type Counts = { passed: number; failed: number; skipped: number };

export const NO_TESTS: Counts = { passed: 0, failed: 0, skipped: 0 };

/**
 * Reads the totals from the runner's output. A runner that ended with an error but counted no failure
 * (it crashed, or was killed) counts as one failure, so that nothing looks green by accident.
 */
export function countsOf(output: string, exitCode: number): Counts {
  const plain = Bun.stripANSI(output);
  const summary = plain.slice(Math.max(0, plain.lastIndexOf("\nRan ") - 400));
  const number = (word: string) => Number(new RegExp(`^ *(\\d+) ${word}$`, "m").exec(summary)?.[1] ?? 0);
  const failed = number("fail");
  return {
    passed: number("pass"),
    failed: exitCode !== 0 && failed === 0 ? 1 : failed,
    skipped: number("skip") + number("todo"),
  };
}

export function addCounts(a: Counts, b: Counts): Counts {
  return { passed: a.passed + b.passed, failed: a.failed + b.failed, skipped: a.skipped + b.skipped };
}

/** The plain last line of a test run. */
export function countsLine({ passed, failed, skipped }: Counts): string {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`;
}

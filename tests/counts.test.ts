/** Tests reading the totals from `bun test`'s output. */
import { expect, test } from "bun:test";
import { addCounts, countsLine, countsOf } from "./counts.ts";

const OUTPUT = `(fail) b [0.89ms]
 7 pass is what a test printed

 12 pass
 1 skip
 2 todo
 3 fail
 1 error
 1 expect() calls
Ran 18 tests across 2 files. [22.00ms]
`;

test("totals are read from the end of the runner's output, coloured or not", () => {
  expect(countsOf(OUTPUT, 1)).toEqual({ passed: 12, failed: 3, skipped: 3 });
  expect(countsOf(OUTPUT.replace(" 12 pass", "\u001b[32m 12 pass\u001b[0m"), 1).passed).toBe(12);
  expect(countsOf(" 4 pass\n 0 fail\nRan 4 tests across 1 file. [1ms]\n", 0)).toEqual({
    passed: 4,
    failed: 0,
    skipped: 0,
  });
});

test("a runner that dies without a summary is a failure", () => {
  expect(countsOf("Segmentation fault", 139)).toEqual({ passed: 0, failed: 1, skipped: 0 });
  expect(countsOf(" 4 pass\n 0 fail\nRan 4 tests across 1 file. [1ms]\n", 1).failed).toBe(1);
});

test("the last line is plain, and names skipped tests only when there are some", () => {
  expect(countsLine(addCounts({ passed: 1, failed: 0, skipped: 0 }, { passed: 2, failed: 1, skipped: 0 }))).toBe(
    "3 passed, 1 failed",
  );
  expect(countsLine({ passed: 1, failed: 0, skipped: 2 })).toBe("1 passed, 0 failed, 2 skipped");
});

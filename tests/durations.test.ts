/** Tests reading the durations of test files from `bun test`'s report. */
import { expect, test } from "bun:test";
import { fileTimesOf, slowestLines } from "./durations.ts";

const REPORT = `<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="bun test" tests="3" assertions="9" failures="0" skipped="0" time="13.8">
  <testsuite name="agent/crash.test.ts" file="agent/crash.test.ts" tests="2" failures="0" time="13.793453276" hostname="vm">
    <testcase name="a &quot;killed&quot; agent" classname="" time="3.19" file="agent/crash.test.ts" line="76" assertions="9" />
    <testsuite name="when clocks change" file="agent/crash.test.ts" line="24" tests="1" failures="0" time="7.1" />
  </testsuite>
  <testsuite name="shared/retention.test.ts" file="shared/retention.test.ts" tests="1" failures="0" time="0.05" hostname="vm">
  </testsuite>
</testsuites>`;

test("the time of a file counts the groups in it once", () => {
  expect(fileTimesOf(REPORT)).toEqual([
    { file: "agent/crash.test.ts", seconds: 13.793453276 },
    { file: "shared/retention.test.ts", seconds: 0.05 },
  ]);
  expect(fileTimesOf("")).toEqual([]);
});

test("the slowest come first, as many as are asked for", () => {
  const times = [2, 30, 7].map((seconds) => ({ file: `${seconds}.test.ts`, seconds }));
  expect(slowestLines(times, 2)).toEqual(["  30.0 s  30.test.ts", "   7.0 s  7.test.ts"]);
});

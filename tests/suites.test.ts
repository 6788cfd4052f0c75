/** Tests how test files are ordered and chosen by path. */
import { expect, test } from "bun:test";
import { sortIntoSuites } from "./suites.ts";

const FILES = [
  "tests/e2e/first.test.ts",
  "tests/boundaries.test.ts",
  "shared/time/cron.test.ts",
  "tests/new/x.test.ts",
];

test("files run in the order of the suites, and one of no suite is not forgotten", () => {
  const suites = sortIntoSuites(FILES, []);
  expect(suites.map(({ name, files }) => [name, files])).toEqual([
    ["unit tests", ["shared/time/cron.test.ts"]],
    ["rules of the house", ["tests/boundaries.test.ts"]],
    ["whole product", ["tests/e2e/first.test.ts"]],
    ["others", ["tests/new/x.test.ts"]],
  ]);
});

test("filters choose files by any part of their path", () => {
  expect(sortIntoSuites(FILES, ["cron", "e2e/"]).flatMap((suite) => suite.files)).toEqual([
    "shared/time/cron.test.ts",
    "tests/e2e/first.test.ts",
  ]);
  expect(sortIntoSuites(FILES, ["absent"])).toEqual([]);
});

test("files that take long start first, the others keep their order", () => {
  const files = [
    "tests/demo/a.test.ts",
    "tests/e2e/b.test.ts",
    "tests/e2e/repo-kinds.test.ts",
    "tests/faults/frames.test.ts",
  ];
  expect(sortIntoSuites(files, [])[0]?.files).toEqual([files[2]!, files[3]!, files[0]!, files[1]!]);
});

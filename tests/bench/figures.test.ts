/** Tests the percentiles and medians that every row is judged by. */
import { expect, test } from "bun:test";
import { median, percentile } from "./figures.ts";
import { type Measure, verdictOf } from "./row.ts";

test("a percentile is a value that was measured", () => {
  const values = Array.from({ length: 100 }, (_, at) => 100 - at);
  expect(percentile(values, 0.5)).toBe(50);
  expect(percentile(values, 0.95)).toBe(95);
  expect(percentile(values, 0.99)).toBe(99);
  expect(percentile(values, 1)).toBe(100);
  expect(percentile([7], 0.99)).toBe(7);
  expect(() => percentile([], 0.5)).toThrow("nothing was measured");
});

test("the median of an even number of values lies between the middle ones", () => {
  expect(median([3, 1, 2])).toBe(2);
  expect(median([4, 1, 3, 2])).toBe(2.5);
});

test("a target is met at its very value; without a target a measure is information", () => {
  const measure = (value: number, target: Partial<Measure>): Measure => ({ what: "", value, unit: "ms", ...target });
  expect(verdictOf(measure(100, { atMost: 100 }))).toBe("met");
  expect(verdictOf(measure(100.1, { atMost: 100 }))).toBe("missed");
  expect(verdictOf(measure(49_999, { atLeast: 50_000 }))).toBe("missed");
  expect(verdictOf(measure(1, {}))).toBe("info");
});

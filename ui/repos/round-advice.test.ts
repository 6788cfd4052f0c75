// How often everything is read, to the nearest unit.
import { expect, test } from "bun:test";
import { DAY_MS } from "../../shared/time/clock.ts";
import { everySpan } from "./round-advice.tsx";

test.each([
  [0.99, "every 23 h"],
  [1, "every day"],
  [42, "every 42 days"],
  [60.6, "every 2 months"],
  [85, "every 3 months"],
  [3653, "every 10 years"],
  [4543, "every 12 years"],
])("%d days are %s", (days, words) => {
  expect(everySpan(days * DAY_MS)).toBe(words);
});

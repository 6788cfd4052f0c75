import { expect, test } from "bun:test";
import { createTurns } from "./turns.ts";

const busyFor = (ms: number) => {
  const until = performance.now() + ms;
  while (performance.now() < until);
};

test("a flood is worked off in order, and others get their turn in between", async () => {
  const turns = createTurns(5);
  const seen: string[] = [];
  for (const name of ["a", "b", "c", "d"])
    turns.take(() => {
      busyFor(3);
      seen.push(name);
    });
  expect(seen).toEqual(["a", "b"]);
  setImmediate(() => seen.push("another"));
  while (seen.length < 5) await new Promise((resolve) => setImmediate(resolve));
  expect(seen).toEqual(["a", "b", "c", "d", "another"]);
});

test("a long flood does not keep a timer waiting", async () => {
  const turns = createTurns(5);
  let left = 200;
  for (let n = left; n > 0; n--)
    turns.take(() => {
      busyFor(1);
      left -= 1;
    });
  await new Promise((resolve) => setTimeout(resolve, 0));
  expect(left).toBeGreaterThan(100);
  while (left > 0) await new Promise((resolve) => setImmediate(resolve));
});

test("what comes while nothing waits is done at once", () => {
  const turns = createTurns(5);
  let isDone = false;
  turns.take(() => {
    isDone = true;
  });
  expect(isDone).toBe(true);
});

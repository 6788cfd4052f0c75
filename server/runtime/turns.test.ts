import { expect, test } from "bun:test";
import { breathe, createTurns } from "./turns.ts";

test("a flood is worked off in order, a few pieces in each turn", async () => {
  const turns = createTurns(2);
  const seen: string[] = [];
  for (const name of ["a", "b", "c", "d", "e"]) turns.take(() => void seen.push(name));
  expect(seen).toEqual(["a", "b"]);
  const before: number[] = [];
  while (seen.length < 5) {
    before.push(seen.length);
    await breathe();
  }
  expect(seen).toEqual(["a", "b", "c", "d", "e"]);
  expect(before).toEqual([2, 4]);
});

test("what comes while others wait takes its place behind them", async () => {
  const turns = createTurns(1);
  const seen: string[] = [];
  turns.take(() => void seen.push("first"));
  turns.take(() => {
    seen.push("second");
    turns.take(() => void seen.push("fourth"));
  });
  turns.take(() => void seen.push("third"));
  while (seen.length < 4) await breathe();
  expect(seen).toEqual(["first", "second", "third", "fourth"]);
});

test("a turn later, what comes is done at once again", async () => {
  const turns = createTurns(1);
  let done = 0;
  turns.take(() => void done++);
  await breathe();
  turns.take(() => void done++);
  expect(done).toBe(2);
});

import { expect, test } from "bun:test";
import { breathe, createTurns } from "./turns.ts";

test("a flood is handled in order, a few items per turn", async () => {
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

test("new work queues behind waiting work", async () => {
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

test("one turn later new work runs at once again", async () => {
  const turns = createTurns(1);
  let done = 0;
  turns.take(() => void done++);
  await breathe();
  turns.take(() => void done++);
  expect(done).toBe(2);
});

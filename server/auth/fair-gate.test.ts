import { expect, test } from "bun:test";
import { createFairGate, TurnedAway } from "./fair-gate.ts";

/** Work that ends when the test says so, in the order in which it started. */
function scene(parallel: number, mostWaiting: number) {
  const gate = createFairGate({ parallel, mostWaiting });
  const began: string[] = [];
  const ends: (() => void)[] = [];
  const ask = (key: string) =>
    gate.run(key, () => {
      began.push(key);
      return new Promise<string>((resolve) => ends.push(() => resolve(key)));
    });
  const endOne = async () => {
    ends.shift()?.();
    for (let n = 0; n < 5; n++) await Promise.resolve();
  };
  return { ask, began, endOne };
}

test("no more than the given number run at once, and all end", async () => {
  const { ask, began, endOne } = scene(2, 100);
  const all = Promise.all(["a", "b", "c", "d"].map(ask));
  expect(began).toEqual(["a", "b"]);
  await endOne();
  expect(began).toEqual(["a", "b", "c"]);
  for (let n = 0; n < 3; n++) await endOne();
  expect(await all).toEqual(["a", "b", "c", "d"]);
});

test("a flood of one key does not take the turns of other keys", async () => {
  const { ask, began, endOne } = scene(1, 100);
  for (let n = 0; n < 20; n++) void ask("flood");
  void ask("owner");
  await endOne();
  await endOne();
  expect(began.slice(0, 3)).toEqual(["flood", "flood", "owner"]);
});

test("when too many calls are waiting, the longest queue is cut, and the flood itself is turned away", async () => {
  const { ask, began, endOne } = scene(1, 3);
  void ask("flood");
  const waiting = [ask("flood"), ask("flood"), ask("flood")];
  expect(ask("flood")).rejects.toBeInstanceOf(TurnedAway);
  const owner = ask("owner");
  expect(waiting[2]).rejects.toBeInstanceOf(TurnedAway);
  for (let n = 0; n < 4; n++) await endOne();
  expect(await owner).toBe("owner");
  expect(began).toEqual(["flood", "flood", "owner", "flood"]);
});

test("work that throws frees its slot", async () => {
  const gate = createFairGate({ parallel: 1, mostWaiting: 10 });
  const failed = gate.run("a", () => Promise.reject(new Error("no")));
  const next = gate.run("b", () => Promise.resolve("yes"));
  expect(failed).rejects.toThrow("no");
  expect(await next).toBe("yes");
  expect(await gate.run("c", () => Promise.resolve("again"))).toBe("again");
});

/** Noticing idle processes. */
import { expect, test } from "bun:test";
import { readActivity, watchForStall } from "./stall.ts";

const TIMES = { lookEveryMs: 5, sayAfterMs: 1000, stopAfterMs: 5000 };

/** Moves an own clock by hand; each look is awaited through the activity that it reads. */
function scene(read: () => number | null) {
  let now = 0;
  const told: string[] = [];
  let looked: () => void = () => undefined;
  const watch = watchForStall({
    pid: 1,
    times: TIMES,
    clock: { now: () => now },
    said: (idleMs) => told.push(`said ${idleMs}`),
    stop: (idleMs) => told.push(`stop ${idleMs}`),
    activity: () => {
      queueMicrotask(() => looked());
      return read();
    },
  });
  const nextLook = () =>
    new Promise<void>((resolve) => {
      looked = resolve;
    });
  return { told, watch, nextLook, move: (ms: number) => (now += ms) };
}

test("an idle child is named once and stopped in the end", async () => {
  const { told, watch, nextLook, move } = scene(() => 7);
  move(900);
  await nextLook();
  expect(told).toEqual([]);
  move(200);
  await nextLook();
  await nextLook();
  expect(told).toEqual(["said 1100"]);
  move(4000);
  await nextLook();
  expect(told).toEqual(["said 1100", "stop 5100"]);
  watch.end();
});

test("any work restarts the idle time; a process that cannot be inspected is never stopped", async () => {
  let activity: number | null = 1;
  const { told, watch, nextLook, move } = scene(() => activity);
  move(900);
  activity = 2;
  await nextLook();
  move(900);
  await nextLook();
  expect(told).toEqual([]);
  activity = null;
  move(90_000);
  await nextLook();
  move(90_000);
  await nextLook();
  expect(told).toEqual([]);
  watch.end();
});

test("the time that a machine slept is not counted", async () => {
  const { told, watch, nextLook, move } = scene(() => 7);
  await nextLook();
  move(8 * 3_600_000);
  await nextLook();
  await nextLook();
  expect(told).toEqual([]);
  move(1100);
  await nextLook();
  await nextLook();
  expect(told).toEqual(["said 1100"]);
  watch.end();
});

test("the activity of a real process rises with its work", () => {
  const before = readActivity(process.pid);
  for (let n = 0; n < 50; n++) Bun.spawnSync(["true"]);
  expect(readActivity(process.pid)).toBeGreaterThan(before ?? 0);
});

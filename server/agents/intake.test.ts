/** The limits of one host, with a clock that the test sets: bursts pass, a flood is paced, and other hosts are not affected. */
import { expect, test } from "bun:test";
import { DAY_MS, HOUR_MS, MINUTE_MS } from "../../shared/time/clock.ts";
import { createIntake } from "./intake.ts";

const MIB = 2 ** 20;

function scene(mibPerMinute = 120) {
  let now = 1_800_000_000_000;
  const intake = createIntake({ clock: { now: () => now }, mibPerMinute });
  /** Stores messages of 256 KiB as long as it may. @returns MiB */
  const storeAll = (hostId: string, mostMib = 100_000) => {
    let stored = 0;
    while (stored < mostMib * MIB && intake.mayStore(hostId, MIB / 4)) stored += MIB / 4;
    return stored / MIB;
  };
  const move = (ms: number) => {
    now += ms;
  };
  return { intake, storeAll, move };
}

test("an agent's whole outbox passes at once, whatever the setting, and more at the configured rate", () => {
  expect(scene(1).storeAll("a")).toBe(64);
  const { storeAll, move } = scene();
  expect(storeAll("a")).toBe(120);
  expect(storeAll("a")).toBe(0);
  move(MINUTE_MS / 2);
  expect(storeAll("a")).toBeCloseTo(60, 0);
  move(DAY_MS);
  expect(storeAll("a")).toBe(120);
});

test("a flood that lasts for hours is stored at a tenth of the rate, and a quiet day restores it", () => {
  const { storeAll, move } = scene();
  let first = 0;
  for (let minute = 0; minute < 60; minute++, move(MINUTE_MS)) first += storeAll("a");
  expect(first).toBeGreaterThan(2048);
  expect(first).toBeLessThan(2048 + 60 * 12 + 120);
  let next = 0;
  for (let minute = 0; minute < 60; minute++, move(MINUTE_MS)) next += storeAll("a");
  expect(next).toBeCloseTo(60 * 12, -1);
  move(DAY_MS);
  expect(storeAll("a")).toBe(120);
});

test("one host's flood does not affect another host, and setting the clock back changes nothing", () => {
  const { intake, storeAll, move } = scene();
  storeAll("a");
  expect(storeAll("b")).toBe(120);
  move(-DAY_MS);
  expect(storeAll("a")).toBe(0);
  expect(intake.findNote("b")).toMatchObject({ what: "paced" });
  expect(intake.findNote("c")).toBeNull();
  move(2 * HOUR_MS);
  expect(intake.mayStore("a", 1)).toBe(true);
});

test("tiny messages count by their cost, and too much junk closes the connection for a moment", () => {
  const { intake, move } = scene(1);
  let messages = 0;
  while (intake.mayStore("a", 1)) messages++;
  expect(messages).toBe((64 * MIB) / 4096);
  let frames = 0;
  while (intake.received("b", MIB)) frames++;
  expect(frames).toBe(255);
  expect(intake.isCutOff("b")).toBe(true);
  move(MINUTE_MS);
  expect(intake.isCutOff("b")).toBe(false);
  let handled = 0;
  while (intake.handled("c")) handled++;
  expect(handled).toBeLessThan(4_200);
});

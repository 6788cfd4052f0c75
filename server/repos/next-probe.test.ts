import { expect, test } from "bun:test";
import { HOUR_MS, MINUTE_MS } from "../../shared/time/clock.ts";
import { nextProbeAt, type Unopened } from "./next-probe.ts";

const FAILED_AT = Date.UTC(2026, 10, 20, 12);
const repo = (changes: Partial<Unopened>): Unopened => ({
  status: "failed",
  statusAt: FAILED_AT,
  failedSince: FAILED_AT,
  waitingSince: null,
  ...changes,
});

test("a failing repo is probed after five minutes, then after twice as long each time, at most six hours", () => {
  const waits: number[] = [];
  let statusAt = FAILED_AT;
  for (let look = 0; look < 10; look++) {
    const at = nextProbeAt(repo({ statusAt }), null)!;
    waits.push((at - statusAt) / MINUTE_MS);
    statusAt = at;
  }
  expect(waits).toEqual([5, 5, 10, 20, 40, 80, 160, 320, 360, 360]);
});

test("a probe without a result counts as a try too, so probes do not follow every few seconds", () => {
  const probedAt = FAILED_AT + 20 * MINUTE_MS;
  expect(nextProbeAt(repo({}), probedAt)).toBe(probedAt + 20 * MINUTE_MS);
  expect(nextProbeAt(repo({ failedSince: null }), null)).toBe(FAILED_AT + 5 * MINUTE_MS);
});

test("a new repo that waits for its repo server is left to its own probe for an hour", () => {
  const waiting = repo({ status: "waiting", failedSince: null, waitingSince: FAILED_AT });
  expect(nextProbeAt(waiting, FAILED_AT)).toBe(FAILED_AT + HOUR_MS);
  expect(nextProbeAt({ ...waiting, statusAt: FAILED_AT + 90 * MINUTE_MS }, null)).toBe(FAILED_AT + 3 * HOUR_MS);
});

test("a repo that can be opened, or was never probed, has no next probe", () => {
  expect(nextProbeAt(repo({ status: "ready" }), FAILED_AT)).toBeNull();
  expect(nextProbeAt(repo({ status: "unknown" }), FAILED_AT)).toBeNull();
});

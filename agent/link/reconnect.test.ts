/** Delays before reconnecting. */
import { expect, test } from "bun:test";
import { CLOSE } from "../../shared/protocol/version.ts";
import { TIMINGS } from "../timings.ts";
import { type Ending, nextDelay } from "./reconnect.ts";

const lost: Ending = { code: 1006, reason: "", serverError: null, welcomed: true };
const after = (ending: Partial<Ending>, failures: number, random: number) =>
  nextDelay({ ...lost, ...ending }, { failures }, TIMINGS, () => random);

test("delays double from 1 s to 60 s, each anywhere between nothing and that", () => {
  expect([0, 1, 2, 5, 6, 30].map((failures) => after({}, failures, 1).delayMs)).toEqual([
    1000, 2000, 4000, 32_000, 60_000, 60_000,
  ]);
  expect(after({}, 6, 0).delayMs).toBe(0);
  expect(after({}, 6, 0.5).delayMs).toBe(30_000);
  expect(after({}, 0, 1).retry).toEqual({ failures: 1 });
});

test("what time alone does not change is asked every ten minutes", () => {
  for (const [code, serverError] of [
    [CLOSE.unauthorised, "revoked"],
    [CLOSE.unauthorised, "unknown_token"],
    [CLOSE.protocol, "protocol_too_old"],
    [CLOSE.cloned, null],
    [0, "server_too_new"],
  ] as const) {
    expect(after({ code, serverError }, 3, 0.5)).toMatchObject({ delayMs: 600_000, retry: { failures: 3 } });
  }
});

test("a replaced agent waits one to two minutes, a restarting server one to five seconds", () => {
  expect([0, 1].map((random) => after({ code: CLOSE.replaced }, 0, random).delayMs)).toEqual([60_000, 120_000]);
  expect([0, 1].map((random) => after({ code: CLOSE.shuttingDown }, 0, random).delayMs)).toEqual([1000, 5000]);
});

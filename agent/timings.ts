/** Every delay of the agent in one table, so that tests can shorten them. All in milliseconds. */

import { HEARTBEAT_ANSWER_MS, HEARTBEAT_EVERY_MS } from "../shared/protocol/version.ts";
import { HOUR_MS, MINUTE_MS, SECOND_MS } from "../shared/time/clock.ts";

export const TIMINGS = {
  heartbeatEveryMs: HEARTBEAT_EVERY_MS,
  heartbeatAnswerMs: HEARTBEAT_ANSWER_MS,
  connectMs: 20 * SECOND_MS,
  welcomeMs: 20 * SECOND_MS,
  reconnectFirstMs: SECOND_MS,
  reconnectMaxMs: MINUTE_MS,
  /** A connection that lasted this long resets the reconnect delay. */
  stableMs: MINUTE_MS,
  /** Delay after an answer that waiting does not change: unknown token, version too old. */
  refusedMs: 10 * MINUTE_MS,
  replacedMs: [MINUTE_MS, 2 * MINUTE_MS] as [number, number],
  serverStoppingMs: [SECOND_MS, 5 * SECOND_MS] as [number, number],
  logFlushMs: 100,
  progressEveryMs: SECOND_MS,
  /** From SIGTERM to SIGKILL. */
  killAfterMs: 5 * SECOND_MS,
  reachMs: 20 * SECOND_MS,
  /** Between two tries of a probe that waits for the user to be added on the repo server. */
  probeAgainMs: 15 * SECOND_MS,
  /** A job that finds the repository locked lets others run first, then tries again. */
  lockWait: { firstMs: 5 * SECOND_MS, mostMs: MINUTE_MS, giveUpAfterMs: 20 * MINUTE_MS },
  /** Between two attempts to write to a full disk. */
  writeAgainMs: 5 * SECOND_MS,
  upkeepEveryMs: HOUR_MS,
  /** How often the wall clock is checked: timers do not count time asleep. */
  scheduleEveryMs: 5 * SECOND_MS,
  fetchResticMs: 5 * MINUTE_MS,
  treeListMs: MINUTE_MS,
  /** A hook that takes longer is stopped. */
  hookMs: HOUR_MS,
  stall: { lookEveryMs: MINUTE_MS, sayAfterMs: 30 * MINUTE_MS, stopAfterMs: 4 * HOUR_MS },
};
export type Timings = typeof TIMINGS;

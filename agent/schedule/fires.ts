/** The scheduler's rules: which run is due, whether a missed run is caught up, and when to retry. Pure. */

import type { ErrorCode } from "../../shared/jobs.ts";
import { MINUTE_MS } from "../../shared/time/clock.ts";
import { type Cron, splayMs } from "../../shared/time/cron.ts";
import type { Zone } from "../../shared/time/zone.ts";

/** Later than this, a run counts as missed: the machine was off or asleep, or its disk was full. */
const ON_TIME_MS = 2 * MINUTE_MS;
/** A missed run is not caught up when the next regular one is closer than this. */
const NOT_BEFORE_NEXT_MS = 15 * MINUTE_MS;
const MOST_BACKOFF_MS = 30 * MINUTE_MS;

export type ScheduleInForce = {
  cron: Cron;
  zone: Zone;
  splayMs: number;
  /** Since when this expression, zone and enabled state apply, Unix ms. */
  since: number;
};

export function scheduleInForce(id: string, cron: Cron, zone: Zone, splayMinutes: number, since: number) {
  return { cron, zone, splayMs: splayMs(id, splayMinutes), since };
}

export type DueRun = { dueAt: number; missed: boolean };

/**
 * The run to start now: the newest one due, unless it was handled, or was missed and the next is near.
 * @param dealtWith newest due time up to now that has fired or was skipped
 */
export function dueRun(schedule: ScheduleInForce, dealtWith: number | null, now: number): DueRun | null {
  const { cron, zone } = schedule;
  const dueAt = cron.previous(now - schedule.splayMs + 1, zone);
  if (dueAt <= schedule.since || (dealtWith !== null && dueAt <= dealtWith)) return null;
  const missed = now - (dueAt + schedule.splayMs) > ON_TIME_MS;
  if (missed && nextStart(schedule, now) - now < NOT_BEFORE_NEXT_MS) return null;
  return { dueAt, missed };
}

/** When the next regular run starts, splay included. */
export function nextStart({ cron, zone, splayMs }: ScheduleInForce, now: number): number {
  return cron.next(now - splayMs, zone) + splayMs;
}

/** Failures that may pass after a while. A try counts when it starts, so a backup that kills the agent is not retried for ever. */
const PASSING: ReadonlySet<ErrorCode> = new Set(["repo_unreachable", "repo_locked", "agent_restarted"]);

export function isPassing(code: ErrorCode | null): boolean {
  return code !== null && PASSING.has(code);
}

export type RetryRules = { max: number; backoffSeconds: number };

/**
 * When to retry a scheduled backup that failed for a temporary reason; null when it is not retried.
 * @param attempt number of the try that failed, from 1
 */
export function retryAt(
  schedule: ScheduleInForce,
  failed: { dueAt: number; attempt: number; finishedAt: number },
  rules: RetryRules,
): number | null {
  if (failed.attempt > rules.max) return null;
  const delay = Math.min(rules.backoffSeconds * 1000 * 2 ** (failed.attempt - 1), MOST_BACKOFF_MS);
  const at = failed.finishedAt + delay;
  return at < schedule.cron.next(failed.dueAt, schedule.zone) ? at : null;
}

/**
 * The run that replaces a scheduled backup that expired before it started; null when a regular run will.
 * @param dealtWith newest due time up to now that has fired or was skipped; the expired backup covered it, too
 */
export function afterExpiry(
  schedule: ScheduleInForce,
  expired: { dueAt: number; attempt: number },
  dealtWith: number | null,
  now: number,
): { dueAt: number; attempt: number } | null {
  const dueAt = Math.max(expired.dueAt, dealtWith ?? expired.dueAt);
  if (now >= schedule.cron.next(dueAt, schedule.zone) || nextStart(schedule, now) - now < NOT_BEFORE_NEXT_MS)
    return null;
  return { dueAt, attempt: dueAt === expired.dueAt ? expired.attempt : 1 };
}

export type WaitingRetry = "due" | "wait" | "over";

/** A clock that was set back does not delay a retry for longer than the longest backoff. */
export function judgeRetry(schedule: ScheduleInForce, retry: { dueAt: number; at: number }, now: number): WaitingRetry {
  if (now >= schedule.cron.next(retry.dueAt, schedule.zone)) return "over";
  return now >= retry.at || retry.at - now > MOST_BACKOFF_MS ? "due" : "wait";
}

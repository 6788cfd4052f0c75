/** The rules of the scheduler, pure: which run is due now, whether a missed one is made up for, when a try is repeated. */
import { MINUTE_MS } from "../../shared/clock.ts";
import { type Cron, splayMs } from "../../shared/cron.ts";
import type { ErrorCode } from "../../shared/jobs.ts";
import type { Zone } from "../../shared/zone.ts";

/** Beyond this a run counts as missed: the machine was off, asleep, or its disk full. */
const ON_TIME_MS = 2 * MINUTE_MS;
/** A missed run is not made up for when the next regular one is nearer than this. */
const NOT_BEFORE_NEXT_MS = 15 * MINUTE_MS;
const MOST_BACKOFF_MS = 30 * MINUTE_MS;

export type ScheduleInForce = {
  cron: Cron;
  zone: Zone;
  splayMs: number;
  /** Since when this expression, zone and enabled state hold, Unix ms. */
  since: number;
};

export function scheduleInForce(id: string, cron: Cron, zone: Zone, splayMinutes: number, since: number) {
  return { cron, zone, splayMs: splayMs(id, splayMinutes), since };
}

export type DueRun = { dueAt: number; missed: boolean };

/**
 * The one run that is to start now: the newest that is due, unless it was dealt with, or was missed and the next is near.
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

/** Why a backup fails that may succeed a little later. One that was killed together with its agent counted when it began, so an agent that dies of it does not try for ever. */
const PASSING: ReadonlySet<ErrorCode> = new Set(["repo_unreachable", "repo_locked", "agent_restarted"]);

export function isPassing(code: ErrorCode | null): boolean {
  return code !== null && PASSING.has(code);
}

export type RetryRules = { max: number; backoffSeconds: number };

/**
 * When a scheduled backup that failed for a passing reason is tried again; null when it is not.
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
 * The run that makes up for a scheduled backup that expired before it started; null when a regular one will.
 * @param dealtWith newest due time up to now that has fired or was skipped: the backup that expired stood for it, too
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

/** A clock that was set back does not hold a try for longer than the longest wait. */
export function judgeRetry(schedule: ScheduleInForce, retry: { dueAt: number; at: number }, now: number): WaitingRetry {
  if (now >= schedule.cron.next(retry.dueAt, schedule.zone)) return "over";
  return now >= retry.at || retry.at - now > MOST_BACKOFF_MS ? "due" : "wait";
}

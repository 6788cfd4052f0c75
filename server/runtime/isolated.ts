/** Runs work for each of many hosts or repos: a failure is logged and retried after a growing delay, and does not stop the others. */

import type { Log } from "../../shared/log.ts";
import { type Clock, HOUR_MS, MINUTE_MS } from "../../shared/time/clock.ts";

const FIRST_PAUSE_MS = MINUTE_MS;
const LONGEST_PAUSE_MS = HOUR_MS;
/** Failures of hosts or repos that are no longer attempted, such as archived hosts, are dropped after this. */
const FORGOTTEN_AFTER_MS = 10 * MINUTE_MS;

export type FailingOf = "host" | "repo" | "schedule" | "job";
export type Failing = { of: FailingOf; id: string; since: number; why: string };

/** Thrown at the end of a round, so that the tick counts as failed while any item fails. Each failure is already logged. */
export class StillFailing extends Error {
  constructor(readonly failing: readonly Failing[]) {
    super(failing.map(({ id, why }) => `${id}: ${why}`).join("; "));
  }
}

export type Isolation = {
  /** Runs the work now unless it failed recently. @returns whether it succeeded */
  attempt(id: string, work: () => void): boolean;
  /** Ends a round. @throws StillFailing */
  conclude(): void;
};

type Entry = Failing & { failures: number; againAt: number; askedAt: number };

/** @param task a verb phrase for the log, such as "evaluate past days" */
export function createIsolation({
  task,
  of,
  clock,
  log,
}: {
  task: string;
  of: FailingOf;
  clock: Clock;
  log: Log;
}): Isolation {
  const entries = new Map<string, Entry>();

  const failed = (id: string, error: unknown) => {
    const now = clock.now();
    const why = error instanceof Error ? error.message : String(error);
    const before = entries.get(id);
    const failures = (before?.failures ?? 0) + 1;
    const pauseMs = Math.min(FIRST_PAUSE_MS * 2 ** (failures - 1), LONGEST_PAUSE_MS);
    entries.set(id, { of, id, since: before?.since ?? now, why, failures, againAt: now + pauseMs, askedAt: now });
    log.error(`could not ${task}; will retry`, { [`${of}_id`]: id, why, failures, retry_in_s: pauseMs / 1000 });
  };

  return {
    attempt(id, work) {
      const entry = entries.get(id);
      if (entry) entry.askedAt = clock.now();
      if (entry && clock.now() < entry.againAt) return false;
      try {
        work();
      } catch (error) {
        failed(id, error);
        return false;
      }
      if (entry) log.info(`could ${task} again after failures`, { [`${of}_id`]: id, failures: entry.failures });
      entries.delete(id);
      return true;
    },
    conclude() {
      for (const [id, { askedAt }] of entries) if (clock.now() - askedAt > FORGOTTEN_AFTER_MS) entries.delete(id);
      if (entries.size > 0)
        throw new StillFailing([...entries.values()].map(({ id, since, why }) => ({ of, id, since, why })));
    },
  };
}

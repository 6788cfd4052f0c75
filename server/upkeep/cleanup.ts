/** Deletes old rows, so that the size of the database depends on the fleet, not on its age. */
import type { Db } from "../../db/open.ts";
import {
  type AgeingTable,
  deleteAged,
  deleteLogLines,
  deleteOldJobs,
  findKeptSince,
  listHostIds,
  listJobsWithOldLogs,
  markLogRemoved,
} from "../../db/queries/upkeep.ts";
import type { Log } from "../../shared/log.ts";
import { type Clock, DAY_MS } from "../../shared/time/clock.ts";
import { utcDay } from "../../shared/time/days.ts";

/** The newest jobs of every host that are kept whole, however old they are. */
export const JOBS_KEPT_PER_HOST = 200;
/** Rows per statement: a few milliseconds of the event loop. */
const PORTION = 2_000;
const JOBS_AT_ONCE = 50;

const DAYS_KEPT: Record<AgeingTable, number> = {
  audit_log: 730,
  daily_outcomes: 400,
  repo_samples: 400,
  schedule_skips: 90,
  snapshot_report_parts: 1,
  enrollment_tokens: 30,
  user_setup_tokens: 1,
};
const COUNTS_DAYS: readonly AgeingTable[] = ["daily_outcomes", "repo_samples"];

export type CleanupDeps = {
  db: Db;
  clock: Clock;
  log: Log;
  logRetentionDays: number;
  jobRetentionDays: number;
};

/** What one run deleted. */
export type Dropped = { logLines: number; jobs: number; rows: number };

/** @returns a run, which lets other work run between two portions */
export function createCleanup(deps: CleanupDeps): () => Promise<Dropped> {
  const { db, clock, log, logRetentionDays, jobRetentionDays } = deps;

  const dropLogs = async (hostId: string, before: number): Promise<number> => {
    let lines = 0;
    for (;;) {
      const jobIds = listJobsWithOldLogs(db, hostId, before, JOBS_AT_ONCE);
      for (const jobId of jobIds) {
        for (let dropped = PORTION; dropped === PORTION; await yieldToOthers()) {
          dropped = deleteLogLines(db, jobId, PORTION);
          lines += dropped;
        }
        markLogRemoved(db, jobId, clock.now());
      }
      if (jobIds.length < JOBS_AT_ONCE) return lines;
    }
  };

  const drop = async (once: () => number): Promise<number> => {
    let rows = 0;
    for (let dropped = PORTION; dropped === PORTION; await yieldToOthers()) {
      dropped = once();
      rows += dropped;
    }
    return rows;
  };

  return async () => {
    const now = clock.now();
    const total: Dropped = { logLines: 0, jobs: 0, rows: 0 };
    for (const hostId of listHostIds(db)) {
      const keptSince = findKeptSince(db, hostId, JOBS_KEPT_PER_HOST);
      if (keptSince === null) continue;
      const logsBefore = Math.min(keptSince, now - logRetentionDays * DAY_MS);
      const jobsBefore = Math.min(keptSince, now - jobRetentionDays * DAY_MS);
      total.logLines += await dropLogs(hostId, logsBefore);
      total.jobs += await drop(() => deleteOldJobs(db, hostId, jobsBefore, PORTION));
    }
    for (const [table, days] of Object.entries(DAYS_KEPT) as [AgeingTable, number][]) {
      const at = now - days * DAY_MS;
      const before = COUNTS_DAYS.includes(table) ? utcDay(at) : at;
      total.rows += await drop(() => deleteAged(db, table, before, PORTION));
    }
    if (total.logLines + total.jobs + total.rows > 0) log.info("old data was deleted", total);
    return total;
  };
}

function yieldToOthers(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

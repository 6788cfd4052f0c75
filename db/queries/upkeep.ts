/**
 * Queries that delete old rows, in portions small enough to run between two requests. Times are Unix ms.
 * Plain SQL: deletes with a limit, on tables from a list.
 */
import { and, asc, desc, eq, gt, isNotNull, isNull, lt } from "drizzle-orm";
import type { Db } from "../open.ts";
import { hosts } from "../schema/hosts.ts";
import { jobs } from "../schema/jobs.ts";

const run = (db: Db, sql: string, ...values: (string | number)[]): number =>
  db.$client.query(sql).run(...values).changes;

export function listHostIds(db: Db): string[] {
  return db
    .select({ id: hosts.id })
    .from(hosts)
    .all()
    .map((row) => row.id);
}

/** Queue time of the oldest of the host's newest `keep` jobs. null while it has no more than that. */
export function findKeptSince(db: Db, hostId: string, keep: number): number | null {
  const row = db
    .select({ at: jobs.queuedAt })
    .from(jobs)
    .where(eq(jobs.hostId, hostId))
    .orderBy(desc(jobs.queuedAt))
    .limit(1)
    .offset(keep - 1)
    .get();
  return row?.at ?? null;
}

/** Ended jobs of the host queued before `before` that still have log lines, oldest first. */
export function listJobsWithOldLogs(db: Db, hostId: string, before: number, limit: number): string[] {
  return db
    .select({ id: jobs.id })
    .from(jobs)
    .where(
      and(
        eq(jobs.hostId, hostId),
        lt(jobs.queuedAt, before),
        isNotNull(jobs.finishedAt),
        gt(jobs.logLines, 0),
        isNull(jobs.logRemovedAt),
      ),
    )
    .orderBy(asc(jobs.queuedAt))
    .limit(limit)
    .all()
    .map((row) => row.id);
}

/** Deletes up to `limit` log lines of the job. @returns how many were deleted; fewer than `limit` = none are left */
export function deleteLogLines(db: Db, jobId: string, limit: number): number {
  return run(
    db,
    "DELETE FROM job_logs WHERE job_id = ?1 AND seq IN (SELECT seq FROM job_logs WHERE job_id = ?1 ORDER BY seq LIMIT ?2)",
    jobId,
    limit,
  );
}

export function markLogRemoved(db: Db, jobId: string, now: number): void {
  db.update(jobs).set({ logRemovedAt: now }).where(eq(jobs.id, jobId)).run();
}

/** Deletes ended jobs that have no log lines. @returns how many */
export function deleteOldJobs(db: Db, hostId: string, before: number, limit: number): number {
  return run(
    db,
    `DELETE FROM jobs WHERE id IN (SELECT id FROM jobs WHERE host_id = ? AND queued_at < ? AND finished_at IS NOT NULL
       AND (log_lines = 0 OR log_removed_at IS NOT NULL) LIMIT ?)`,
    hostId,
    before,
    limit,
  );
}

/** Tables whose rows are deleted by age: the column with their age, and their key. */
const AGEING = {
  audit_log: { age: "ts", key: "id" },
  daily_outcomes: { age: "day", key: "host_id, source_group_id, day" },
  repo_samples: { age: "day", key: "repo_id, day" },
  schedule_skips: { age: "due_at", key: "schedule_id, due_at, source_group_id, repo_id" },
  snapshot_report_parts: { age: "taken_at", key: "repo_id, report_id, part" },
  enrollment_tokens: { age: "expires_at", key: "id" },
  user_setup_tokens: { age: "expires_at", key: "id" },
} as const;
export type AgeingTable = keyof typeof AGEING;

/** @param before Unix ms, or YYYY-MM-DD for tables that count days. @returns how many rows were deleted */
export function deleteAged(db: Db, table: AgeingTable, before: number | string, limit: number): number {
  const { age, key } = AGEING[table];
  const old = `SELECT ${key} FROM ${table} WHERE ${age} < ? LIMIT ?`;
  return run(db, `DELETE FROM ${table} WHERE (${key}) IN (${old})`, before, limit);
}

/** Size of the database file in bytes, and how much of it is free for reuse. */
export function measureDatabase(db: Db): { bytes: number; freeBytes: number } {
  const pragma = (name: string) =>
    (db.$client.query(`PRAGMA ${name}`).get() as Record<string, number> | null)?.[name] ?? 0;
  const page = pragma("page_size");
  return { bytes: pragma("page_count") * page, freeBytes: pragma("freelist_count") * page };
}

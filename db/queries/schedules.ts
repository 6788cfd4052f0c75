/** Queries for schedules with their groups, skipped runs, and due runs counted by day. */
import { and, asc, desc, eq, gt, gte, isNotNull, lt, type SQL, sql } from "drizzle-orm";
import type { Db } from "../open.ts";
import { prepared } from "../prepared.ts";
import { type JobRow, jobs } from "../schema/jobs.ts";
import { type ScheduleRow, scheduleSkips, scheduleSourceGroups, schedules } from "../schema/schedules.ts";

export type Schedule = ScheduleRow & { groupIds: string[] };

const schedulesOfHost = prepared((db) =>
  db
    .select()
    .from(schedules)
    .where(eq(schedules.hostId, sql.placeholder("hostId")))
    .orderBy(asc(schedules.id))
    .prepare(),
);
const groupsOfSchedule = prepared((db) =>
  db
    .select({ id: scheduleSourceGroups.sourceGroupId })
    .from(scheduleSourceGroups)
    .where(eq(scheduleSourceGroups.scheduleId, sql.placeholder("scheduleId")))
    .prepare(),
);

export function findSchedule(db: Db, id: string): Schedule | null {
  const row = db.select().from(schedules).where(eq(schedules.id, id)).get();
  return row ? (withGroups(db, [row])[0] ?? null) : null;
}

/** In order of creation. */
export function listSchedules(db: Db, hostId: string): Schedule[] {
  return withGroups(db, schedulesOfHost(db).all({ hostId }));
}

export function insertSchedule(db: Db, { groupIds, ...row }: typeof schedules.$inferInsert & { groupIds: string[] }) {
  db.insert(schedules).values(row).run();
  putGroups(db, row.id, groupIds);
}

export function updateSchedule(
  db: Db,
  id: string,
  { groupIds, ...changes }: Partial<typeof schedules.$inferInsert> & { groupIds?: string[] },
): void {
  if (Object.keys(changes).length > 0) db.update(schedules).set(changes).where(eq(schedules.id, id)).run();
  if (groupIds) putGroups(db, id, groupIds);
}

export function deleteSchedule(db: Db, id: string): void {
  db.delete(scheduleSourceGroups).where(eq(scheduleSourceGroups.scheduleId, id)).run();
  db.delete(schedules).where(eq(schedules.id, id)).run();
}

/** What counting due runs needs of an active schedule: enabled, and of a live host that is not paused. */
export type ActiveSchedule = {
  id: string;
  hostId: string;
  cron: string;
  timezone: string | null;
  splayMinutes: number;
  nextRunAt: number | null;
  accountedUntil: number | null;
  hostTimezone: string;
  hostTimezoneOverride: string | null;
};

const ACTIVE = `SELECT s.id, s.host_id AS hostId, s.cron, s.timezone, s.splay_minutes AS splayMinutes, s.next_run_at AS nextRunAt,
    s.accounted_until AS accountedUntil, h.timezone AS hostTimezone, h.timezone_override AS hostTimezoneOverride
  FROM schedules s JOIN hosts h ON h.id = s.host_id
  WHERE s.enabled = 1 AND h.archived_at IS NULL AND h.schedules_paused = 0`;

/** Plain SQL, like the next one: runs for a whole fleet that reconnects. */
export function listActiveSchedules(db: Db, hostId: string): ActiveSchedule[] {
  return db.$client.query<ActiveSchedule, [string]>(`${ACTIVE} AND s.host_id = ?`).all(hostId);
}

/** Schedules whose next start is unknown or may have passed, given their splay. Plain SQL: it checks a whole fleet every few seconds. */
export function listSchedulesToCount(db: Db, now: number): ActiveSchedule[] {
  return db.$client
    .query<ActiveSchedule, [number]>(
      `${ACTIVE} AND (s.next_run_at IS NULL OR s.accounted_until IS NULL OR s.next_run_at - s.splay_minutes * 60000 <= ?)`,
    )
    .all(now);
}

/** The longest splay of each host's active schedules. Hosts without any are left out. Plain SQL, because it reads a whole fleet. */
export function listLongestSplays(db: Db): { hostId: string; splayMinutes: number }[] {
  return db.$client
    .query<{ hostId: string; splayMinutes: number }, []>(
      `SELECT s.host_id AS hostId, max(s.splay_minutes) AS splayMinutes FROM schedules s JOIN hosts h ON h.id = s.host_id
       WHERE s.enabled = 1 AND h.archived_at IS NULL AND h.schedules_paused = 0 AND s.splay_minutes > 0 GROUP BY s.host_id`,
    )
    .all();
}

/** Clears the next run of disabled schedules, and of schedules on paused or archived hosts: no runs are due until they are active again. Plain SQL: an update from another table, for each host that connects. */
export function clearIdleSchedules(db: Db, hostId: string | null = null): void {
  db.$client
    .query(
      `UPDATE schedules SET next_run_at = NULL, accounted_until = NULL
       WHERE (next_run_at IS NOT NULL OR accounted_until IS NOT NULL) AND (?1 IS NULL OR host_id = ?1)
         AND (enabled = 0 OR host_id IN (SELECT id FROM hosts WHERE archived_at IS NOT NULL OR schedules_paused = 1))`,
    )
    .run(hostId);
}

/** Stores the next run, and up to when due runs have been counted. Plain SQL, because it may write a whole fleet at once. */
export function putTiming(db: Db, id: string, nextRunAt: number | null, accountedUntil: number | null): void {
  db.$client
    .query("UPDATE schedules SET next_run_at = ?, accounted_until = ? WHERE id = ?")
    .run(nextRunAt, accountedUntil, id);
}

/** Counts due runs of a schedule for each of its groups. The day's outcome is evaluated elsewhere. Plain SQL: an insert from another table. */
export function addDueRuns(db: Db, scheduleId: string, hostId: string, day: string, runs: number): void {
  db.$client
    .query(
      `INSERT INTO daily_outcomes (host_id, source_group_id, day, outcome, runs, failed, due)
         SELECT ?1, source_group_id, ?2, 'none_due', 0, 0, ?3 FROM schedule_source_groups WHERE schedule_id = ?4
       ON CONFLICT (host_id, source_group_id, day) DO UPDATE SET due = due + excluded.due`,
    )
    .run(hostId, day, runs, scheduleId);
}

export function putSkip(db: Db, row: typeof scheduleSkips.$inferInsert): boolean {
  return (
    db.insert(scheduleSkips).values(row).onConflictDoNothing().returning({ id: scheduleSkips.scheduleId }).all()
      .length > 0
  );
}

/** Up to two skips because of a job, right before and right after this due time. */
export function listNearSkips(db: Db, row: Pick<typeof scheduleSkips.$inferSelect, SkipKey>): number[] {
  const { scheduleId, dueAt, sourceGroupId, repoId, becauseJobId } = scheduleSkips;
  const near = (beyond: SQL, order: SQL) =>
    db
      .select({ dueAt })
      .from(scheduleSkips)
      .where(
        and(
          eq(scheduleId, row.scheduleId),
          beyond,
          eq(sourceGroupId, row.sourceGroupId),
          eq(repoId, row.repoId),
          isNotNull(becauseJobId),
        ),
      )
      .orderBy(order)
      .limit(1)
      .all();
  return [...near(lt(dueAt, row.dueAt), desc(dueAt)), ...near(gt(dueAt, row.dueAt), asc(dueAt))].map(
    (skip) => skip.dueAt,
  );
}
type SkipKey = "scheduleId" | "dueAt" | "sourceGroupId" | "repoId";

const excusedRepos = prepared((db) =>
  db
    .selectDistinct({ repoId: scheduleSkips.repoId })
    .from(scheduleSkips)
    .where(
      and(
        eq(scheduleSkips.hostId, sql.placeholder("hostId")),
        eq(scheduleSkips.sourceGroupId, sql.placeholder("groupId")),
        gte(scheduleSkips.dueAt, sql.placeholder("from")),
        lt(scheduleSkips.dueAt, sql.placeholder("until")),
        isNotNull(scheduleSkips.becauseJobId),
      ),
    )
    .prepare(),
);

/** Repos of a group with a run skipped in this span because an earlier run was still going. */
export function listExcusedRepos(db: Db, hostId: string, groupId: string, from: number, until: number): string[] {
  return excusedRepos(db)
    .all({ hostId, groupId, from, until })
    .map((row) => row.repoId);
}

/** The jobs of each schedule's newest run: those with the newest due time, retries included. */
export function listLastRuns(db: Db, scheduleIds: readonly string[]): JobRow[] {
  return scheduleIds.flatMap((id) => {
    const newest = sql`(select max(scheduled_at) from jobs where schedule_id = ${id})`;
    return db
      .select()
      .from(jobs)
      .where(and(eq(jobs.scheduleId, id), eq(jobs.scheduledAt, newest)))
      .orderBy(asc(jobs.id))
      .all();
  });
}

function putGroups(db: Db, scheduleId: string, groupIds: readonly string[]): void {
  db.delete(scheduleSourceGroups).where(eq(scheduleSourceGroups.scheduleId, scheduleId)).run();
  for (const sourceGroupId of groupIds) db.insert(scheduleSourceGroups).values({ scheduleId, sourceGroupId }).run();
}

function withGroups(db: Db, rows: readonly ScheduleRow[]): Schedule[] {
  return rows.map((row) => ({
    ...row,
    groupIds: groupsOfSchedule(db)
      .all({ scheduleId: row.id })
      .map(({ id }) => id),
  }));
}

/** Queries for source groups, their targets and the days of the night strip. */
import { and, asc, eq, lt, sql } from "drizzle-orm";
import type { WarningCode } from "../../shared/jobs.ts";
import type { Db } from "../open.ts";
import { prepared } from "../prepared.ts";
import { jobs } from "../schema/jobs.ts";
import { repos } from "../schema/repos.ts";
import { scheduleSourceGroups, schedules } from "../schema/schedules.ts";
import {
  type BackupTargetRow,
  backupTargets,
  type DailyOutcomeRow,
  dailyOutcomes,
  type SourceGroupRow,
  sourceGroupRepos,
  sourceGroups,
} from "../schema/source-groups.ts";

const groupById = prepared((db) =>
  db
    .select()
    .from(sourceGroups)
    .where(eq(sourceGroups.id, sql.placeholder("id")))
    .prepare(),
);
const groupsOfHost = prepared((db) =>
  db
    .select()
    .from(sourceGroups)
    .where(eq(sourceGroups.hostId, sql.placeholder("hostId")))
    .orderBy(asc(sql`lower(${sourceGroups.name})`))
    .prepare(),
);
const ownRepoIds = prepared((db) =>
  db
    .select({ repoId: sourceGroupRepos.repoId })
    .from(sourceGroupRepos)
    .where(eq(sourceGroupRepos.sourceGroupId, sql.placeholder("groupId")))
    .prepare(),
);
const primaryRepoIds = prepared((db) =>
  db
    .select({ id: repos.id })
    .from(repos)
    .where(and(eq(repos.hostId, sql.placeholder("hostId")), eq(repos.isPrimary, true)))
    .prepare(),
);

export function findSourceGroup(db: Db, id: string): SourceGroupRow | null {
  return groupById(db).get({ id }) ?? null;
}

export function listSourceGroups(db: Db, hostId: string): SourceGroupRow[] {
  return groupsOfHost(db).all({ hostId });
}

export function insertSourceGroup(db: Db, row: typeof sourceGroups.$inferInsert): void {
  db.insert(sourceGroups).values(row).run();
}

export function updateSourceGroup(db: Db, id: string, changes: Partial<typeof sourceGroups.$inferInsert>): void {
  db.update(sourceGroups).set(changes).where(eq(sourceGroups.id, id)).run();
}

export function deleteSourceGroup(db: Db, id: string): void {
  db.delete(sourceGroups).where(eq(sourceGroups.id, id)).run();
}

/** The target repos of a group: its own list, or the host's primary repo. */
export function listTargetRepoIds(db: Db, group: Pick<SourceGroupRow, "id" | "hostId">): string[] {
  const own = ownRepoIds(db).all({ groupId: group.id });
  if (own.length > 0) return own.map((row) => row.repoId);
  return primaryRepoIds(db)
    .all({ hostId: group.hostId })
    .map((row) => row.id);
}

/** The group's own list of repos. Empty means the primary repo. */
export function listOwnRepoIds(db: Db, groupId: string): string[] {
  return ownRepoIds(db)
    .all({ groupId })
    .map((row) => row.repoId);
}

export function putOwnRepoIds(db: Db, sourceGroupId: string, repoIds: readonly string[]): void {
  db.delete(sourceGroupRepos).where(eq(sourceGroupRepos.sourceGroupId, sourceGroupId)).run();
  for (const repoId of new Set(repoIds)) db.insert(sourceGroupRepos).values({ sourceGroupId, repoId }).run();
}

/** Whether a backup of the group was ever ordered. From then on its tag may be in a repository. */
export function hasBackups(db: Db, groupId: string): boolean {
  return db.select({ id: jobs.id }).from(jobs).where(eq(jobs.sourceGroupId, groupId)).limit(1).get() !== undefined;
}

const repoMadeBefore = prepared((db) =>
  db
    .select({ id: repos.id })
    .from(repos)
    .where(and(eq(repos.id, sql.placeholder("id")), lt(repos.createdAt, sql.placeholder("at"))))
    .prepare(),
);

/** Like {@link listTargetRepoIds}, limited to repos that existed at that time. */
export function listTargetsAt(db: Db, group: Pick<SourceGroupRow, "id" | "hostId">, at: number): string[] {
  return listTargetRepoIds(db, group).filter((id) => repoMadeBefore(db).get({ id, at }) !== undefined);
}

export function listSchedulesOfGroup(db: Db, groupId: string): { id: string; cron: string; enabled: boolean }[] {
  return db
    .select({ id: schedules.id, cron: schedules.cron, enabled: schedules.enabled })
    .from(scheduleSourceGroups)
    .innerJoin(schedules, eq(schedules.id, scheduleSourceGroups.scheduleId))
    .where(eq(scheduleSourceGroups.sourceGroupId, groupId))
    .all();
}

const targetById = prepared((db) =>
  db
    .select()
    .from(backupTargets)
    .where(
      and(
        eq(backupTargets.sourceGroupId, sql.placeholder("groupId")),
        eq(backupTargets.repoId, sql.placeholder("repoId")),
      ),
    )
    .prepare(),
);

export function findTarget(db: Db, groupId: string, repoId: string): BackupTargetRow | null {
  return targetById(db).get({ groupId, repoId }) ?? null;
}

export function putTarget(db: Db, row: BackupTargetRow): void {
  const { sourceGroupId: _group, repoId: _repo, ...rest } = row;
  db.insert(backupTargets)
    .values(row)
    .onConflictDoUpdate({ target: [backupTargets.sourceGroupId, backupTargets.repoId], set: rest })
    .run();
}

export function listTargetsOfHost(db: Db, hostId: string): BackupTargetRow[] {
  return db
    .select({ target: backupTargets })
    .from(backupTargets)
    .innerJoin(sourceGroups, eq(sourceGroups.id, backupTargets.sourceGroupId))
    .where(eq(sourceGroups.hostId, hostId))
    .all()
    .map((row) => row.target);
}

/** Every group with each of its target repos: its own list, or the host's primary repo. */
export const WANTED_TARGETS = `SELECT g.id AS source_group_id, g.host_id, r.repo_id
    FROM source_groups g JOIN source_group_repos r ON r.source_group_id = g.id
  UNION ALL
  SELECT g.id, g.host_id, p.id FROM source_groups g JOIN repos p ON p.host_id = g.host_id AND p.is_primary = 1
    WHERE p.removed_at IS NULL AND NOT EXISTS (SELECT 1 FROM source_group_repos r WHERE r.source_group_id = g.id)`;

export type WantedTarget = Pick<
  BackupTargetRow,
  "sourceGroupId" | "repoId" | "lastJobId" | "lastStatus" | "lastWarnings" | "lastAt" | "lastSuccessAt"
>;

/** The host's current targets: former ones are left out, and those without a backup are included. Plain SQL: a union, joined. */
export function listWantedTargets(db: Db, hostId: string): WantedTarget[] {
  return db.$client
    .query<WantedTarget, [string]>(
      `SELECT w.source_group_id AS sourceGroupId, w.repo_id AS repoId, t.last_job_id AS lastJobId, t.last_status AS lastStatus,
         coalesce(t.last_warnings, 0) AS lastWarnings, t.last_at AS lastAt, t.last_success_at AS lastSuccessAt
       FROM (${WANTED_TARGETS}) w LEFT JOIN backup_targets t USING (source_group_id, repo_id) WHERE w.host_id = ?`,
    )
    .all(hostId);
}

/** Forgets the results of backups into this repo, because the backed-up data is gone. */
export function deleteTargetsOfRepo(db: Db, repoId: string): void {
  db.delete(backupTargets).where(eq(backupTargets.repoId, repoId)).run();
}

const PUT_DAY = `INSERT INTO daily_outcomes (host_id, source_group_id, day, outcome, runs, failed, warning_codes)
  VALUES (?, ?, ?, ?, ?, ?, ?)
  ON CONFLICT (host_id, source_group_id, day) DO UPDATE SET outcome = excluded.outcome, runs = excluded.runs,
    failed = excluded.failed, warning_codes = excluded.warning_codes`;

/** Leaves the counted due runs unchanged. Plain SQL takes a twelfth of the time, and a whole fleet is evaluated at once. */
export function putDailyOutcome(db: Db, row: Omit<DailyOutcomeRow, "due">): void {
  const { hostId, sourceGroupId, day, outcome, runs, failed, warningCodes } = row;
  const codes = warningCodes === null ? null : JSON.stringify(warningCodes);
  db.$client.query(PUT_DAY).run(hostId, sourceGroupId, day, outcome, runs, failed, codes);
}

const dueRunsOfDay = prepared((db) =>
  db
    .select({ due: dailyOutcomes.due })
    .from(dailyOutcomes)
    .where(
      and(
        eq(dailyOutcomes.hostId, sql.placeholder("hostId")),
        eq(dailyOutcomes.sourceGroupId, sql.placeholder("groupId")),
        eq(dailyOutcomes.day, sql.placeholder("day")),
      ),
    )
    .prepare(),
);

/** How many runs of the group were due on this day. */
export function findDueRuns(db: Db, hostId: string, groupId: string, day: string): number {
  return dueRunsOfDay(db).get({ hostId, groupId, day })?.due ?? 0;
}

const NIGHTS = `SELECT host_id AS hostId, source_group_id AS sourceGroupId, day, outcome, runs, failed, due,
    warning_codes AS warningCodes FROM daily_outcomes
  WHERE host_id IN (SELECT value FROM json_each(?)) AND day >= ?`;

/** Days of many hosts. Plain SQL takes a third of the time, and each dashboard request reads thousands of rows. */
export function listDailyOutcomes(db: Db, hostIds: readonly string[], sinceDay: string): DailyOutcomeRow[] {
  if (hostIds.length === 0) return [];
  const rows = db.$client
    .query<Omit<DailyOutcomeRow, "warningCodes"> & { warningCodes: string | null }, [string, string]>(NIGHTS)
    .all(JSON.stringify(hostIds), sinceDay);
  return rows.map((row) => ({
    ...row,
    warningCodes: row.warningCodes === null ? null : (JSON.parse(row.warningCodes) as WarningCode[]),
  }));
}

export function isGroupNameFree(db: Db, hostId: string, name: string, tag: string, except: string | null): boolean {
  const rows = db
    .select({ id: sourceGroups.id })
    .from(sourceGroups)
    .where(
      and(
        eq(sourceGroups.hostId, hostId),
        sql`(lower(${sourceGroups.name}) = ${name.toLowerCase()} or ${sourceGroups.tag} = ${tag})`,
      ),
    )
    .all();
  return rows.every((row) => row.id === except);
}

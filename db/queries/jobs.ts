/** Queries for jobs, the only queue. State changes are compare-and-set: zero rows changed means that somebody else was first. */
import { and, asc, count, desc, eq, gte, inArray, isNotNull, isNull, lt, ne, or, type SQL, sql } from "drizzle-orm";
import type { JobKind, JobStatus } from "../../shared/jobs.ts";
import type { CauseCount } from "../../shared/warnings.ts";
import type { Db } from "../open.ts";
import { prepared } from "../prepared.ts";
import { hosts } from "../schema/hosts.ts";
import { type JobRow, jobs } from "../schema/jobs.ts";
import { repos } from "../schema/repos.ts";
import { sourceGroups } from "../schema/source-groups.ts";
import { users } from "../schema/users.ts";

/** Literals, not parameters, so that SQLite can use the partial index of open jobs even with a million jobs. */
const IS_OPEN = sql`${jobs.status} in ('queued', 'running')`;

/**
 * Whether the server created the row itself. It then has an expiry, which a row made from an agent's report never has.
 * Only such jobs count for anything that affects other hosts.
 */
export function isOrdered({ expiresAt }: Pick<JobRow, "expiresAt">): boolean {
  return expiresAt !== null;
}

/** Same rule as {@link isOrdered}. */
const IS_ORDERED = isNotNull(jobs.expiresAt);

/** Same rule as `savedNothing`. */
const SAVED_NOTHING = sql`coalesce(json_extract(${jobs.stats}, '$.total_files_processed') = 0, 0)`;

const jobById = prepared((db) =>
  db
    .select()
    .from(jobs)
    .where(eq(jobs.id, sql.placeholder("id")))
    .prepare(),
);
const openJobsOfHost = prepared((db) =>
  db
    .select()
    .from(jobs)
    .where(and(eq(jobs.hostId, sql.placeholder("hostId")), sql`${jobs.status} in ('queued', 'running')`))
    .orderBy(asc(jobs.id))
    .prepare(),
);

const ORDERED_OF_REPO = and(
  eq(jobs.repoId, sql.placeholder("repoId")),
  eq(jobs.kind, sql.placeholder("kind")),
  IS_ORDERED,
);

const lastOfRepo = prepared((db) =>
  db.select().from(jobs).where(ORDERED_OF_REPO).orderBy(desc(jobs.queuedAt)).limit(1).prepare(),
);

const lastRunOfRepo = prepared((db) =>
  db
    .select({ queuedAt: jobs.queuedAt, status: jobs.status, cancelRequestedAt: jobs.cancelRequestedAt })
    .from(jobs)
    .where(ORDERED_OF_REPO)
    .orderBy(desc(jobs.queuedAt))
    .limit(1)
    .prepare(),
);

export type LastRun = Pick<JobRow, "queuedAt" | "status" | "cancelRequestedAt">;

/** Queue time and status of the newest ordered job of a kind on a repo. Read for every repo every minute. */
export function findLastRun(db: Db, repoId: string, kind: JobKind): LastRun | null {
  return lastRunOfRepo(db).get({ repoId, kind }) ?? null;
}

/** The newest ordered job of a kind on a repo, on any host and in any status. */
export function findLastJob(db: Db, repoId: string, kind: JobKind): JobRow | null {
  return lastOfRepo(db).get({ repoId, kind }) ?? null;
}

/** All open jobs on a repo, on any host, oldest first. */
export function listOpenJobsOfRepo(db: Db, repoId: string): JobRow[] {
  // Open jobs are few. The plus stops SQLite from reading all jobs that the repo ever had.
  return db
    .select()
    .from(jobs)
    .where(and(IS_OPEN, sql`+${jobs.repoId} = ${repoId}`))
    .orderBy(asc(jobs.id))
    .all();
}

/** Ordered jobs of these kinds that a host has accepted and that have not ended. */
export function listSentJobs(db: Db, kinds: readonly JobKind[]): JobRow[] {
  return db
    .select()
    .from(jobs)
    .where(
      and(
        IS_OPEN,
        IS_ORDERED,
        inArray(sql`+${jobs.kind}`, [...kinds]),
        or(isNotNull(jobs.acceptedAt), eq(jobs.status, "running")),
      ),
    )
    .all();
}

export function findJob(db: Db, id: string): JobRow | null {
  return jobById(db).get({ id }) ?? null;
}

export function insertJob(db: Db, row: typeof jobs.$inferInsert): void {
  db.insert(jobs).values(row).run();
}

/** @returns whether the row was still in one of `from` */
export function changeJob(
  db: Db,
  id: string,
  from: readonly JobStatus[],
  changes: Partial<typeof jobs.$inferInsert>,
): boolean {
  const where = and(eq(jobs.id, id), inArray(jobs.status, [...from]));
  return db.update(jobs).set(changes).where(where).returning({ id: jobs.id }).all().length > 0;
}

export type JobKey = { hostId: string; kind: JobKind; repoId: string | null; sourceGroupId: string | null };

/** Open jobs with the same host, kind, group and repo, oldest first. */
export function listOpenJobsLike(db: Db, key: JobKey): JobRow[] {
  return db
    .select()
    .from(jobs)
    .where(
      and(
        eq(jobs.hostId, key.hostId),
        eq(jobs.kind, key.kind),
        key.repoId ? eq(jobs.repoId, key.repoId) : isNull(jobs.repoId),
        key.sourceGroupId ? eq(jobs.sourceGroupId, key.sourceGroupId) : isNull(jobs.sourceGroupId),
        IS_OPEN,
      ),
    )
    .orderBy(asc(jobs.id))
    .all();
}

/** All open jobs of a host, oldest first. */
export function listOpenJobs(db: Db, hostId: string): JobRow[] {
  return openJobsOfHost(db).all({ hostId });
}

const jobsToSendOfHost = prepared((db) =>
  db
    .select()
    .from(jobs)
    .where(
      and(
        eq(jobs.hostId, sql.placeholder("hostId")),
        IS_OPEN,
        or(and(isNull(jobs.acceptedAt), eq(jobs.status, "queued")), isNotNull(jobs.cancelRequestedAt)),
      ),
    )
    .orderBy(asc(jobs.id))
    .prepare(),
);

/** Open jobs of a host that it has not accepted or should cancel, oldest first. A host may have hundreds of others. */
export function listJobsToSend(db: Db, hostId: string): JobRow[] {
  return jobsToSendOfHost(db).all({ hostId });
}

/** The oldest running job of the host. */
export function findRunningJobId(db: Db, hostId: string): string | null {
  const where = and(eq(jobs.hostId, hostId), sql`+${jobs.status} = 'running'`, IS_OPEN);
  return db.select({ id: jobs.id }).from(jobs).where(where).orderBy(asc(jobs.id)).limit(1).get()?.id ?? null;
}

export function listHostsWithOpenJobs(db: Db): string[] {
  return db
    .selectDistinct({ hostId: jobs.hostId })
    .from(jobs)
    .where(IS_OPEN)
    .all()
    .map((row) => row.hostId);
}

export type JobFilter = {
  host_id?: string | undefined;
  repo_id?: string | undefined;
  source_group_id?: string | undefined;
  kind?: JobKind | undefined;
  /** A job status, or `warning` for succeeded jobs with warnings. */
  status?: JobStatus | "warning" | undefined;
  /** Succeeded backups that saved no files. */
  savedNothing?: boolean | undefined;
  since?: number | undefined;
  until?: number | undefined;
};

export type JobListItem = JobRow & {
  hostName: string;
  repoName: string | null;
  sourceGroupName: string | null;
  actorName: string | null;
};

/** Newest first. It selects the rows by an index first and joins afterwards. In one step SQLite would sort all jobs. */
export function listJobs(db: Db, filter: JobFilter, limit: number, offset: number): JobListItem[] {
  const ids = db
    .select({ id: jobs.id })
    .from(jobs)
    .where(conditions(filter))
    .orderBy(desc(jobs.queuedAt), sql`${jobs}.rowid desc`)
    .limit(limit)
    .offset(offset)
    .all()
    .map((row) => row.id);
  const rows = new Map(
    selectNamed(db)
      .where(inArray(jobs.id, ids))
      .all()
      .map((row) => [row.job.id, flatten(row)]),
  );
  return ids.flatMap((id) => rows.get(id) ?? []);
}

/** Counting stops here: nobody reads a larger number, and the statement would take too long. */
const MOST_COUNTED = 10_000;

/** @returns `isCut` when there are more than `total` */
export function countJobs(db: Db, filter: JobFilter): { total: number; isCut: boolean } {
  const where = conditions(filter);
  if (where === undefined) return { total: db.select({ n: count() }).from(jobs).get()?.n ?? 0, isCut: false };
  const some = db
    .select({ one: sql`1`.as("one") })
    .from(jobs)
    .where(where)
    .limit(MOST_COUNTED + 1)
    .as("some");
  const n = db.select({ n: count() }).from(some).get()?.n ?? 0;
  return n > MOST_COUNTED ? { total: MOST_COUNTED, isCut: true } : { total: n, isCut: false };
}

export function findJobNamed(db: Db, id: string): JobListItem | null {
  const row = selectNamed(db).where(eq(jobs.id, id)).get();
  return row ? flatten(row) : null;
}

/** The last ended backups of a group, newest first. */
export function listLastBackups(db: Db, groupId: string, limit: number, except: string | null = null): JobRow[] {
  return db
    .select()
    .from(jobs)
    .where(
      and(
        eq(jobs.sourceGroupId, groupId),
        eq(jobs.kind, "backup"),
        inArray(jobs.status, ["succeeded", "failed"]),
        except ? ne(jobs.id, except) : undefined,
      ),
    )
    .orderBy(desc(jobs.queuedAt))
    .limit(limit)
    .all();
}

/** The last backups of a group into one repo that saved files, newest first. */
export function listLastSuccesses(db: Db, groupId: string, repoId: string, limit: number): JobRow[] {
  return db
    .select()
    .from(jobs)
    .where(
      and(
        eq(jobs.sourceGroupId, groupId),
        sql`+${jobs.repoId} = ${repoId}`,
        sql`+${jobs.kind} = 'backup' and +${jobs.status} = 'succeeded'`,
        sql`not ${SAVED_NOTHING}`,
      ),
    )
    .orderBy(desc(jobs.queuedAt))
    .limit(limit)
    .all();
}

/** The warning causes of a job without their paths. NULL when the agent sent none. */
export const CAUSE_COUNTS = `CASE WHEN j.warning_causes IS NULL THEN NULL ELSE
  (SELECT json_group_array(json_object('code', value ->> 'code', 'count', value ->> 'count')) FROM json_each(j.warning_causes)) END`;

/** Parses the result of {@link CAUSE_COUNTS}. */
export function parseCauses(text: string | null): CauseCount[] {
  return text === null ? [] : (JSON.parse(text) as CauseCount[]);
}

export type EndedBackup = Pick<JobRow, "repoId" | "status" | "warnings" | "finishedAt"> & { causes: CauseCount[] };

const ENDED_BACKUPS = `SELECT repo_id AS repoId, status, warnings, finished_at AS finishedAt, ${CAUSE_COUNTS} AS causes FROM jobs j
  WHERE source_group_id = ?1 AND queued_at >= ?2 - 691200000 AND queued_at < ?3 + 86400000 AND +kind = 'backup'
    AND +status IN ('succeeded', 'failed') AND coalesce(scheduled_at, started_at, queued_at) >= ?2
    AND coalesce(scheduled_at, started_at, queued_at) < ?3`;

/** Ended backups of a group that belong to a time span, without cancelled ones. Plain SQL: it runs for each group of a fleet and unpacks the causes. */
export function listBackupsBetween(db: Db, groupId: string, from: number, until: number): EndedBackup[] {
  return db.$client
    .query<Omit<EndedBackup, "causes"> & { causes: string | null }, [string, number, number]>(ENDED_BACKUPS)
    .all(groupId, from, until)
    .map((row) => ({ ...row, causes: parseCauses(row.causes) }));
}

export function countOpenJobs(db: Db): { running: number; queued: number } {
  const rows = db.select({ status: jobs.status, n: count() }).from(jobs).where(IS_OPEN).groupBy(jobs.status).all();
  const of = (status: JobStatus) => rows.find((row) => row.status === status)?.n ?? 0;
  return { running: of("running"), queued: of("queued") };
}

/** How many open jobs a host has, counted up to `most`. */
export function countOpenJobsOfHost(db: Db, hostId: string, most: number): number {
  const some = db
    .select({ one: sql`1`.as("one") })
    .from(jobs)
    .where(and(eq(jobs.hostId, hostId), IS_OPEN))
    .limit(most)
    .as("some");
  return db.select({ n: count() }).from(some).get()?.n ?? 0;
}

/** How many open jobs are ahead of this one in the host's work lane. */
export function countAhead(db: Db, job: Pick<JobRow, "id" | "hostId">): number {
  const where = and(eq(jobs.hostId, job.hostId), IS_OPEN, lt(jobs.id, job.id));
  return db.select({ n: count() }).from(jobs).where(where).get()?.n ?? 0;
}

function selectNamed(db: Db) {
  return db
    .select({
      job: jobs,
      hostName: hosts.name,
      repoName: repos.name,
      sourceGroupName: sourceGroups.name,
      actorName: users.username,
    })
    .from(jobs)
    .innerJoin(hosts, eq(hosts.id, jobs.hostId))
    .leftJoin(repos, eq(repos.id, jobs.repoId))
    .leftJoin(sourceGroups, eq(sourceGroups.id, jobs.sourceGroupId))
    .leftJoin(users, eq(users.id, jobs.actorId))
    .$dynamic();
}

type NamedRow = {
  job: JobRow;
  hostName: string;
  repoName: string | null;
  sourceGroupName: string | null;
  actorName: string | null;
};

function flatten({ job, ...names }: NamedRow): JobListItem {
  return { ...job, ...names };
}

function conditions(filter: JobFilter): SQL | undefined {
  const { status } = filter;
  // A host, repo or group narrows far more than a kind or status. The plus stops SQLite from using their index instead.
  const isNarrow = filter.host_id !== undefined || filter.repo_id !== undefined || filter.source_group_id !== undefined;
  // The repo's index includes the kind.
  const kindColumn = isNarrow && filter.repo_id === undefined ? sql`+${jobs.kind}` : sql`${jobs.kind}`;
  const statusColumn = isNarrow ? sql`+${jobs.status}` : sql`${jobs.status}`;
  return and(
    filter.host_id ? eq(jobs.hostId, filter.host_id) : undefined,
    filter.repo_id ? eq(jobs.repoId, filter.repo_id) : undefined,
    filter.source_group_id ? eq(jobs.sourceGroupId, filter.source_group_id) : undefined,
    filter.kind ? eq(kindColumn, filter.kind) : undefined,
    status === "warning" ? and(eq(statusColumn, "succeeded"), sql`${jobs.warnings} > 0`) : undefined,
    status && status !== "warning" ? eq(statusColumn, status) : undefined,
    // All of these jobs are amber, so the statistics of other jobs need not be read.
    filter.savedNothing ? and(eq(statusColumn, "succeeded"), sql`${jobs.warnings} > 0`, SAVED_NOTHING) : undefined,
    filter.since !== undefined ? gte(jobs.queuedAt, filter.since) : undefined,
    filter.until !== undefined ? lt(jobs.queuedAt, filter.until) : undefined,
  );
}

/** Queries for snapshots, as last reported. */
import { and, count, desc, eq, gte, inArray, lt, type SQL, sql } from "drizzle-orm";
import type { SnapshotRow as ReportedSnapshot } from "../../shared/protocol/fields.ts";
import type { Db } from "../open.ts";
import { prepared } from "../prepared.ts";
import { type SnapshotRow, snapshots } from "../schema/snapshots.ts";

/** An agent that sends no offset does not erase a known one. The time a snapshot was first seen never changes. */
const INSERT = `INSERT INTO snapshots (repo_id, snapshot_id, short_id, time, utc_offset_minutes, hostname, username, paths, tags,
    parent, program_version, size_bytes, file_count, added_bytes, first_seen_at)
  VALUES ($repoId, $snapshotId, $shortId, $time, $utcOffsetMinutes, $hostname, $username, $paths, $tags,
    $parent, $programVersion, $sizeBytes, $fileCount, $addedBytes, $firstSeenAt)`;
/** A daily list contains mostly known snapshots. Unchanged rows are read but not written. */
const UPSERT = `${INSERT} ON CONFLICT (repo_id, snapshot_id) DO UPDATE SET time = excluded.time,
    utc_offset_minutes = coalesce(excluded.utc_offset_minutes, utc_offset_minutes),
    hostname = excluded.hostname, username = excluded.username, paths = excluded.paths, tags = excluded.tags,
    parent = excluded.parent, program_version = excluded.program_version, size_bytes = excluded.size_bytes,
    file_count = excluded.file_count, added_bytes = excluded.added_bytes
  WHERE (time, utc_offset_minutes, hostname, username, paths, tags, parent, program_version, size_bytes, file_count,
      added_bytes)
    IS NOT (excluded.time, coalesce(excluded.utc_offset_minutes, utc_offset_minutes), excluded.hostname,
      excluded.username, excluded.paths, excluded.tags, excluded.parent, excluded.program_version, excluded.size_bytes,
      excluded.file_count, excluded.added_bytes)`;
const INSERT_UNKNOWN = `${INSERT} ON CONFLICT DO NOTHING`;

/**
 * Uses a plain prepared statement, because lists have thousands of rows.
 * @param seenAt stored for new snapshots; Unix ms
 */
export function upsertSnapshots(
  db: Db,
  repoId: string,
  rows: readonly ReportedSnapshot[],
  seenAt: number | null = null,
): void {
  putEach(db, UPSERT, repoId, rows, seenAt);
}

/** Adds unknown snapshots and leaves known ones unchanged. */
export function insertUnknownSnapshots(
  db: Db,
  repoId: string,
  rows: readonly ReportedSnapshot[],
  seenAt: number,
): void {
  putEach(db, INSERT_UNKNOWN, repoId, rows, seenAt);
}

/** Plain SQL: tens of thousands of rows. */
function putEach(
  db: Db,
  statement: string,
  repoId: string,
  rows: readonly ReportedSnapshot[],
  seenAt: number | null,
): void {
  const put = db.$client.query(statement);
  for (const reported of rows) {
    const { paths, tags, ...row } = toRow(repoId, reported, seenAt);
    put.run({ ...row, paths: JSON.stringify(paths), tags: JSON.stringify(tags) });
  }
}

/** Ids of the repo's snapshots in order, starting after `after`. Plain SQL: thousands of rows. */
export function listSnapshotIds(db: Db, repoId: string, after: string, limit: number): string[] {
  return db.$client
    .query<{ id: string }, [string, string, number]>(
      "SELECT snapshot_id AS id FROM snapshots WHERE repo_id = ? AND snapshot_id > ? ORDER BY snapshot_id LIMIT ?",
    )
    .all(repoId, after, limit)
    .map(({ id }) => id);
}

/** Plain SQL: hundreds of rows at once. */
export function deleteSnapshots(db: Db, repoId: string, ids: readonly string[]): void {
  const gone = db.$client.query("DELETE FROM snapshots WHERE repo_id = ? AND snapshot_id = ?");
  for (const id of ids) gone.run(repoId, id);
}

const snapshotById = prepared((db) =>
  db
    .select({ id: snapshots.snapshotId })
    .from(snapshots)
    .where(
      and(eq(snapshots.repoId, sql.placeholder("repoId")), eq(snapshots.snapshotId, sql.placeholder("snapshotId"))),
    )
    .prepare(),
);

export function hasSnapshot(db: Db, repoId: string, snapshotId: string): boolean {
  return snapshotById(db).get({ repoId, snapshotId }) !== undefined;
}

export function countSnapshots(db: Db, repoId: string): number {
  return db.select({ n: count() }).from(snapshots).where(eq(snapshots.repoId, repoId)).get()?.n ?? 0;
}

export type SnapshotFilter = {
  repoIds: readonly string[];
  hostname?: string | undefined;
  tag?: string | undefined;
  path?: string | undefined;
  since?: number | undefined;
  until?: number | undefined;
};

/** Newest first. */
export function listSnapshots(
  db: Db,
  filter: SnapshotFilter,
  limit: number,
  offset: number,
): { items: SnapshotRow[]; total: number } {
  const where = conditions(filter);
  const items = db
    .select()
    .from(snapshots)
    .where(where)
    .orderBy(desc(snapshots.time))
    .limit(limit)
    .offset(offset)
    .all();
  const total = db.select({ n: count() }).from(snapshots).where(where).get()?.n ?? 0;
  return { items, total };
}

export type GroupSnapshot = Pick<
  SnapshotRow,
  "repoId" | "snapshotId" | "time" | "utcOffsetMinutes" | "hostname" | "tags" | "firstSeenAt"
>;

/** All snapshots in these repos with the group's tag and host: the ones its forget considers. */
export function listGroupSnapshots(db: Db, repoIds: readonly string[], hostname: string, tag: string): GroupSnapshot[] {
  if (repoIds.length === 0) return [];
  const { repoId, snapshotId, time, utcOffsetMinutes, hostname: host, tags, firstSeenAt } = snapshots;
  return db
    .select({ repoId, snapshotId, time, utcOffsetMinutes, hostname: host, tags, firstSeenAt })
    .from(snapshots)
    .where(conditions({ repoIds, hostname, tag }))
    .all();
}

export function findOldestSnapshotTime(db: Db, repoIds: readonly string[]): number | null {
  if (repoIds.length === 0) return null;
  const row = db
    .select({ oldest: sql<number | null>`min(${snapshots.time})` })
    .from(snapshots)
    .where(inArray(snapshots.repoId, [...repoIds]))
    .get();
  return row?.oldest ?? null;
}

/** Total size of the newest snapshot of each host and tag set: what restoring the latest state needs. Plain SQL, for SQLite's bare columns beside max(). */
export function sumNewestSizes(db: Db, repoId: string): { sizeBytes: number | null; fileCount: number | null } {
  const row = db.$client
    .query<{ size: number | null; files: number | null }, [string]>(
      `SELECT sum(size_bytes) AS size, sum(file_count) AS files FROM (
         SELECT size_bytes, file_count, max(time) FROM snapshots WHERE repo_id = ? GROUP BY hostname, tags)`,
    )
    .get(repoId);
  return { sizeBytes: row?.size ?? null, fileCount: row?.files ?? null };
}

/** Bytes added to the repository by snapshots since a time. */
export function sumAddedBytes(db: Db, repoId: string, since: number): number {
  const row = db
    .select({ added: sql<number | null>`sum(${snapshots.addedBytes})` })
    .from(snapshots)
    .where(and(eq(snapshots.repoId, repoId), gte(snapshots.time, since)))
    .get();
  return row?.added ?? 0;
}

function conditions(filter: SnapshotFilter): SQL | undefined {
  const { path } = filter;
  return and(
    inArray(snapshots.repoId, filter.repoIds.length > 0 ? [...filter.repoIds] : [""]),
    filter.hostname ? eq(snapshots.hostname, filter.hostname) : undefined,
    filter.tag ? sql`exists (select 1 from json_each(${snapshots.tags}) where value = ${filter.tag})` : undefined,
    path ? isAtOrBelow(path) : undefined,
    filter.since !== undefined ? gte(snapshots.time, filter.since) : undefined,
    filter.until !== undefined ? lt(snapshots.time, filter.until) : undefined,
  );
}

/** `/srv` matches the folder and everything in it, with the separator of either system, but not `/srv-old`. */
function isAtOrBelow(path: string): SQL {
  const folder = path.replace(/[\\/]+$/, "");
  const next = sql`substr(value, length(${folder}) + 1, 1)`;
  return sql`exists (select 1 from json_each(${snapshots.paths})
    where substr(value, 1, length(${folder})) = ${folder} and (value in (${folder}, ${path}) or ${next} in ('/', '\\')))`;
}

function toRow(repoId: string, reported: ReportedSnapshot, seenAt: number | null): SnapshotRow {
  return {
    repoId,
    snapshotId: reported.snapshot_id,
    shortId: reported.snapshot_id.slice(0, 8),
    time: reported.time,
    utcOffsetMinutes: reported.utc_offset_minutes ?? null,
    hostname: reported.hostname,
    username: reported.username,
    paths: reported.paths,
    tags: reported.tags,
    parent: reported.parent,
    programVersion: reported.program_version,
    sizeBytes: reported.size_bytes,
    fileCount: reported.file_count,
    addedBytes: reported.added_bytes,
    firstSeenAt: seenAt,
  };
}

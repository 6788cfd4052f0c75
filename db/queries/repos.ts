/** Queries for repos, their sealed credentials and their daily samples. */
import { and, asc, desc, eq, gte, isNull, sql } from "drizzle-orm";
import type { Db } from "../open.ts";
import { prepared } from "../prepared.ts";
import { hosts } from "../schema/hosts.ts";
import {
  type CredentialRow,
  type CredentialSlot,
  credentials,
  type RepoRow,
  type RepoSampleRow,
  repoSamples,
  repos,
} from "../schema/repos.ts";

const repoById = prepared((db) =>
  db
    .select()
    .from(repos)
    .where(eq(repos.id, sql.placeholder("id")))
    .prepare(),
);
const reposOfHost = prepared((db) =>
  db
    .select()
    .from(repos)
    .where(and(eq(repos.hostId, sql.placeholder("hostId")), isNull(repos.removedAt)))
    .orderBy(desc(repos.isPrimary), asc(repos.name))
    .prepare(),
);
const reposByResticId = prepared((db) =>
  db
    .select({ repo: repos })
    .from(repos)
    .innerJoin(hosts, eq(hosts.id, repos.hostId))
    .where(and(eq(repos.resticId, sql.placeholder("resticId")), isNull(repos.removedAt), isNull(hosts.archivedAt)))
    .orderBy(asc(repos.id))
    .prepare(),
);
const repoIdsByResticId = prepared((db) =>
  db
    .select({ id: repos.id })
    .from(repos)
    .innerJoin(hosts, eq(hosts.id, repos.hostId))
    .where(and(eq(repos.resticId, sql.placeholder("resticId")), isNull(repos.removedAt), isNull(hosts.archivedAt)))
    .prepare(),
);
const credentialOfRepo = prepared((db) =>
  db
    .select()
    .from(credentials)
    .where(and(eq(credentials.repoId, sql.placeholder("repoId")), eq(credentials.slot, sql.placeholder("slot"))))
    .prepare(),
);

/** Also finds a repo that was removed from its host. */
export function findRepo(db: Db, id: string): RepoRow | null {
  return repoById(db).get({ id }) ?? null;
}

/** Primary repo first. Removed repos are left out. */
export function listReposOfHost(db: Db, hostId: string): RepoRow[] {
  return reposOfHost(db).all({ hostId });
}

export type RepoListItem = RepoRow & { hostName: string; hostArchivedAt: number | null };

/** Repos of live hosts, by host and name. */
export function listRepos(db: Db): RepoListItem[] {
  return db
    .select({ repo: repos, hostName: hosts.name, hostArchivedAt: hosts.archivedAt })
    .from(repos)
    .innerJoin(hosts, eq(hosts.id, repos.hostId))
    .where(and(isNull(hosts.archivedAt), isNull(repos.removedAt)))
    .orderBy(asc(sql`lower(${hosts.name})`), desc(repos.isPrimary), asc(repos.name))
    .all()
    .map(({ repo, hostName, hostArchivedAt }) => ({ ...repo, hostName, hostArchivedAt }));
}

/** What is needed to decide whether to probe a repo: its owner, and what is running on it. */
export type RepoCall = Pick<RepoRow, "id" | "hostId" | "resticId"> & { executorId: string };

/** Repos of live hosts, in the order of {@link listRepos}. Only a few columns and plain SQL, because it reads thousands of rows every few seconds. */
export function listRepoCalls(db: Db): RepoCall[] {
  return db.$client
    .query<RepoCall, []>(
      `SELECT r.id, r.host_id AS hostId, r.restic_id AS resticId, coalesce(r.maintenance_host_id, r.host_id) AS executorId
       FROM repos r JOIN hosts h ON h.id = r.host_id
       WHERE h.archived_at IS NULL AND r.removed_at IS NULL
       ORDER BY lower(h.name), r.is_primary DESC, r.name`,
    )
    .all();
}

/** Repos of other live hosts that this host maintains. */
export function listReposMaintainedBy(db: Db, hostId: string): RepoListItem[] {
  return listRepos(db).filter((repo) => repo.maintenanceHostId === hostId && repo.hostId !== hostId);
}

/** All repos of live hosts whose agents reported this id, oldest first. */
export function listReposByResticId(db: Db, resticId: string): RepoRow[] {
  return reposByResticId(db)
    .all({ resticId })
    .map(({ repo }) => repo);
}

/** Only the ids of the same repos. Read for every repo every minute. */
export function listRepoIdsByResticId(db: Db, resticId: string): string[] {
  return repoIdsByResticId(db)
    .all({ resticId })
    .map(({ id }) => id);
}

export function insertRepo(db: Db, row: typeof repos.$inferInsert): void {
  db.insert(repos).values(row).run();
}

/** The status of a repo that has not been probed since it was changed. */
export const UNKNOWN_STATUS = {
  status: "unknown",
  statusCode: null,
  statusMessage: null,
  statusAt: null,
  failedSince: null,
  waitingSince: null,
} as const;

export function updateRepo(db: Db, id: string, changes: Partial<typeof repos.$inferInsert>): void {
  db.update(repos).set(changes).where(eq(repos.id, id)).run();
}

export function deleteCredential(db: Db, id: string): void {
  db.delete(credentials).where(eq(credentials.id, id)).run();
}

export function findCredential(db: Db, repoId: string, slot: CredentialSlot): CredentialRow | null {
  return credentialOfRepo(db).get({ repoId, slot }) ?? null;
}

export function insertCredential(db: Db, row: typeof credentials.$inferInsert): void {
  db.insert(credentials).values(row).run();
}

export function updateCredential(db: Db, id: string, changes: Partial<typeof credentials.$inferInsert>): void {
  db.update(credentials).set(changes).where(eq(credentials.id, id)).run();
}

/** One row per repo and day. A later sample of the same day replaces it. */
export function putRepoSample(db: Db, row: RepoSampleRow): void {
  db.insert(repoSamples)
    .values(row)
    .onConflictDoUpdate({
      target: [repoSamples.repoId, repoSamples.day],
      set: { sizeBytes: row.sizeBytes, snapshotCount: row.snapshotCount, addedBytes: row.addedBytes },
    })
    .run();
}

export function hasRepoSample(db: Db, repoId: string, day: string): boolean {
  const where = and(eq(repoSamples.repoId, repoId), eq(repoSamples.day, day));
  return db.select({ day: repoSamples.day }).from(repoSamples).where(where).get() !== undefined;
}

export function listRepoSamples(db: Db, repoId: string, sinceDay: string): RepoSampleRow[] {
  return db
    .select()
    .from(repoSamples)
    .where(and(eq(repoSamples.repoId, repoId), gte(repoSamples.day, sinceDay)))
    .orderBy(asc(repoSamples.day))
    .all();
}

/** Summed repo sizes per host and day since a day, for the dashboard's sparklines. */
export function listHostSamples(db: Db, sinceDay: string): { hostId: string; day: string; sizeBytes: number }[] {
  return db
    .select({ hostId: repos.hostId, day: repoSamples.day, sizeBytes: sql<number>`sum(${repoSamples.sizeBytes})` })
    .from(repoSamples)
    .innerJoin(repos, eq(repos.id, repoSamples.repoId))
    .where(and(gte(repoSamples.day, sinceDay), isNull(repos.removedAt), sql`${repoSamples.sizeBytes} is not null`))
    .groupBy(repos.hostId, repoSamples.day)
    .orderBy(repos.hostId, repoSamples.day)
    .all();
}

/** Queries for the recovery sheet: every repository, including those of archived hosts and removed repos. */
import { and, asc, desc, eq, gt, sql } from "drizzle-orm";
import type { Db } from "../open.ts";
import { type HostRow, hosts } from "../schema/hosts.ts";
import { credentials, type RepoRow, repos } from "../schema/repos.ts";

export function listAllRepos(db: Db): { host: HostRow; repo: RepoRow }[] {
  return db
    .select({ host: hosts, repo: repos })
    .from(repos)
    .innerJoin(hosts, eq(hosts.id, repos.hostId))
    .orderBy(asc(sql`lower(${hosts.name})`), desc(repos.isPrimary), asc(repos.name))
    .all();
}

/** Number of repos whose everyday credential is newer than `since` (Unix ms). */
export function countCredentialsNewerThan(db: Db, since: number): number {
  const newer = and(eq(credentials.slot, "everyday"), gt(credentials.rotatedAt, since));
  return db.select({ n: sql<number>`count(*)` }).from(credentials).where(newer).get()?.n ?? 0;
}

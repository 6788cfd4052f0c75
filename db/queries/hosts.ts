/** Queries for hosts. Only live hosts, unless the function name says otherwise. */
import { and, asc, eq, isNull, ne, sql } from "drizzle-orm";
import type { Db } from "../open.ts";
import { prepared } from "../prepared.ts";
import { type HostRow, hosts, revokedAgentTokens } from "../schema/hosts.ts";
import { schedules } from "../schema/schedules.ts";

const hostById = prepared((db) =>
  db
    .select()
    .from(hosts)
    .where(eq(hosts.id, sql.placeholder("id")))
    .prepare(),
);
const hostByTokenHash = prepared((db) =>
  db
    .select()
    .from(hosts)
    .where(eq(hosts.tokenHash, sql.placeholder("tokenHash")))
    .prepare(),
);

const liveHosts = prepared((db) =>
  db
    .select()
    .from(hosts)
    .where(isNull(hosts.archivedAt))
    .orderBy(asc(sql`lower(${hosts.name})`))
    .prepare(),
);

export function findHost(db: Db, id: string): HostRow | null {
  return hostById(db).get({ id }) ?? null;
}

export function findHostByTokenHash(db: Db, tokenHash: string): HostRow | null {
  return hostByTokenHash(db).get({ tokenHash }) ?? null;
}

export function findLiveHostByName(db: Db, name: string, except: string | null = null): HostRow | null {
  const where = and(
    sql`lower(${hosts.name}) = ${name.toLowerCase()}`,
    isNull(hosts.archivedAt),
    except ? ne(hosts.id, except) : undefined,
  );
  return db.select().from(hosts).where(where).get() ?? null;
}

export function listLiveHosts(db: Db): HostRow[] {
  return liveHosts(db).all();
}

export type HostDays = Pick<HostRow, "id" | "createdAt" | "daysClosedUntil"> & { zone: string };

/** The day up to which each live host has been evaluated. Only a few columns and plain SQL, because it reads thousands of rows every minute. */
export function listHostDays(db: Db): HostDays[] {
  return db.$client
    .query<HostDays, []>(
      `SELECT id, created_at AS createdAt, days_closed_until AS daysClosedUntil, coalesce(timezone_override, timezone) AS zone
       FROM hosts WHERE archived_at IS NULL ORDER BY lower(name)`,
    )
    .all();
}

/** Live hosts with a repo that is not ready, with a credential on trial, or awaiting their first backup. Plain SQL: it checks thousands of rows every few seconds. */
export function listHostsToEvaluate(db: Db): string[] {
  return db.$client
    .query<{ id: string }, []>(
      `SELECT id FROM hosts h WHERE archived_at IS NULL AND (backup_when_ready = 1
         OR EXISTS (SELECT 1 FROM repos r WHERE r.host_id = h.id AND r.removed_at IS NULL AND (r.status <> 'ready' OR r.backup_when_ready = 1))
         OR EXISTS (SELECT 1 FROM repos r JOIN credentials c ON c.repo_id = r.id
                    WHERE r.host_id = h.id AND r.removed_at IS NULL AND c.slot = 'everyday' AND c.previous_sealed IS NOT NULL))`,
    )
    .all()
    .map((row) => row.id);
}

export function insertHost(db: Db, row: typeof hosts.$inferInsert): void {
  db.insert(hosts).values(row).run();
}

export function updateHost(db: Db, id: string, changes: Partial<typeof hosts.$inferInsert>): void {
  db.update(hosts).set(changes).where(eq(hosts.id, id)).run();
}

/** Deletes the host and everything that belongs to it. */
export function deleteHost(db: Db, id: string): void {
  // A source group cannot be deleted while a schedule runs it, not even in the same cascade, so the schedules go first.
  db.delete(schedules).where(eq(schedules.hostId, id)).run();
  db.delete(hosts).where(eq(hosts.id, id)).run();
}

/** @returns the new version */
export function raiseStateVersion(db: Db, id: string, now: number): number {
  const row = db
    .update(hosts)
    .set({ stateVersion: sql`${hosts.stateVersion} + 1`, updatedAt: now })
    .where(eq(hosts.id, id))
    .returning({ stateVersion: hosts.stateVersion })
    .get();
  return row?.stateVersion ?? 0;
}

/** Stores when hosts were last seen, in the caller's transaction. Plain SQL, because it may write a whole fleet at once. */
export function flushLastSeen(db: Db, seen: Iterable<readonly [hostId: string, at: number]>): void {
  const statement = db.$client.query("UPDATE hosts SET last_seen_at = max(coalesce(last_seen_at, 0), ?) WHERE id = ?");
  for (const [id, at] of seen) statement.run(at, id);
}

/** Plain SQL: written for a whole fleet at once when the server stops. */
export function setClockSkew(db: Db, id: string, skewMs: number): void {
  db.$client.query("UPDATE hosts SET clock_skew_ms = ?1 WHERE id = ?2 AND clock_skew_ms IS NOT ?1").run(skewMs, id);
}

export function revokeAgentToken(db: Db, row: typeof revokedAgentTokens.$inferInsert): void {
  db.insert(revokedAgentTokens).values(row).onConflictDoNothing().run();
}

export function findRevokedToken(db: Db, tokenHash: string): typeof revokedAgentTokens.$inferSelect | null {
  return db.select().from(revokedAgentTokens).where(eq(revokedAgentTokens.tokenHash, tokenHash)).get() ?? null;
}

/** Recomputes the columns that lists show about a host's repos. Plain SQL: an update from other tables. */
export function refreshRepoProjections(db: Db, hostId: string): void {
  db.$client
    .query(
      `UPDATE hosts SET
         repo_size_bytes = (SELECT sum(size_bytes) FROM repos WHERE host_id = ?1 AND removed_at IS NULL),
         snapshot_count = (SELECT coalesce(sum(snapshot_count), 0) FROM repos WHERE host_id = ?1 AND removed_at IS NULL)
       WHERE id = ?1`,
    )
    .run(hostId);
}

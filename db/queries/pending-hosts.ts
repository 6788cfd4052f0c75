/** Queries for announced machines that await approval. */
import { and, asc, desc, eq, gt, isNotNull, isNull, lte, sql } from "drizzle-orm";
import type { Db } from "../open.ts";
import { prepared } from "../prepared.ts";
import { type PendingHostRow, pendingHosts } from "../schema/enrollment.ts";

const undecided = prepared((db) =>
  db
    .select()
    .from(pendingHosts)
    .where(
      and(
        isNotNull(pendingHosts.agentTokenHash),
        isNull(pendingHosts.enrolledHostId),
        gt(pendingHosts.expiresAt, sql.placeholder("now")),
      ),
    )
    .orderBy(asc(pendingHosts.createdAt))
    .prepare(),
);

export function insertPendingHost(db: Db, row: typeof pendingHosts.$inferInsert): void {
  db.insert(pendingHosts).values(row).run();
}

export function updatePendingHost(db: Db, id: string, changes: Partial<PendingHostRow>): void {
  db.update(pendingHosts).set(changes).where(eq(pendingHosts.id, id)).run();
}

export function findPendingHost(db: Db, id: string): PendingHostRow | null {
  return db.select().from(pendingHosts).where(eq(pendingHosts.id, id)).get() ?? null;
}

export function findPendingHostByKey(db: Db, publicKey: string): PendingHostRow | null {
  return db.select().from(pendingHosts).where(eq(pendingHosts.publicKey, publicKey)).get() ?? null;
}

/** Machines that have proven their key and await a decision, oldest first. */
export function listPendingHosts(db: Db, now: number): PendingHostRow[] {
  return undecided(db).all({ now });
}

/** The addresses of machines that await a decision, proven or not. */
export function listPendingAddresses(db: Db, now: number): string[] {
  return db
    .select({ ip: pendingHosts.announcedFromIp })
    .from(pendingHosts)
    .where(and(isNull(pendingHosts.enrolledHostId), gt(pendingHosts.expiresAt, now)))
    .all()
    .map(({ ip }) => ip);
}

/** Makes room: removes unproven machines first, then the one silent for longest. @returns the id of the removed machine */
export function evictPendingHost(db: Db): string | null {
  const victim = db
    .select({ id: pendingHosts.id })
    .from(pendingHosts)
    .where(isNull(pendingHosts.enrolledHostId))
    .orderBy(desc(sql`${pendingHosts.agentTokenHash} is null`), asc(pendingHosts.lastSeenAt))
    .limit(1)
    .get();
  if (victim) deletePendingHost(db, victim.id);
  return victim?.id ?? null;
}

export function deletePendingHost(db: Db, id: string): void {
  db.delete(pendingHosts).where(eq(pendingHosts.id, id)).run();
}

export function deleteExpiredPendingHosts(db: Db, now: number): void {
  db.delete(pendingHosts).where(lte(pendingHosts.expiresAt, now)).run();
}

/** Queries for snapshots that restic would remove but our own calculation keeps, by source group. */
import { and, eq, isNull } from "drizzle-orm";
import type { Db } from "../open.ts";
import { disputedRemovals } from "../schema/source-groups.ts";

export type DisputedRemoval = typeof disputedRemovals.$inferSelect;

export function listDisputedRemovals(db: Db, sourceGroupId: string): DisputedRemoval[] {
  return db.select().from(disputedRemovals).where(eq(disputedRemovals.sourceGroupId, sourceGroupId)).all();
}

/** An earlier confirmation is kept. */
export function putDisputedRemoval(db: Db, row: Omit<DisputedRemoval, "agreedAt">): void {
  db.insert(disputedRemovals).values(row).onConflictDoNothing().run();
}

export function agreeToRemovals(db: Db, sourceGroupId: string, now: number): void {
  const where = and(eq(disputedRemovals.sourceGroupId, sourceGroupId), isNull(disputedRemovals.agreedAt));
  db.update(disputedRemovals).set({ agreedAt: now }).where(where).run();
}

export function deleteDisputedRemovals(db: Db, sourceGroupId: string): void {
  db.delete(disputedRemovals).where(eq(disputedRemovals.sourceGroupId, sourceGroupId)).run();
}

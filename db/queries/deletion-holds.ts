/** Queries for deletion holds, and for the hosts whose snapshots a repository holds. */
import { asc, eq, sql } from "drizzle-orm";
import type { Db } from "../open.ts";
import { prepared } from "../prepared.ts";
import { type DeletionHoldRow, deletionHolds } from "../schema/deletion-holds.ts";
import { type HostRow, hosts } from "../schema/hosts.ts";
import { repos } from "../schema/repos.ts";
import { users } from "../schema/users.ts";

/** `heldBy` is a username; null if that user no longer exists. */
export type DeletionHold = DeletionHoldRow & { hostName: string | null; heldBy: string | null };

const allHolds = prepared((db) =>
  db
    .select({ hold: deletionHolds, hostName: hosts.name, heldBy: users.username })
    .from(deletionHolds)
    .leftJoin(hosts, eq(hosts.id, deletionHolds.hostId))
    .leftJoin(users, eq(users.id, deletionHolds.heldByUserId))
    .orderBy(asc(deletionHolds.id))
    .prepare(),
);
const hostsByResticId = prepared((db) =>
  db
    .select({ id: hosts.id, tags: hosts.tags })
    .from(repos)
    .innerJoin(hosts, eq(hosts.id, repos.hostId))
    .where(eq(repos.resticId, sql.placeholder("resticId")))
    .prepare(),
);

/** Oldest first. */
export function listDeletionHolds(db: Db): DeletionHold[] {
  return allHolds(db)
    .all()
    .map(({ hold, hostName, heldBy }) => ({ ...hold, hostName, heldBy }));
}

export function insertDeletionHold(db: Db, row: DeletionHoldRow): void {
  db.insert(deletionHolds).values(row).run();
}

export function deleteDeletionHold(db: Db, id: string): void {
  db.delete(deletionHolds).where(eq(deletionHolds.id, id)).run();
}

/** All hosts that ever reported this repository id, archived ones and those whose repo was removed included: their snapshots may still be in it. */
export function listHostsOfRepository(db: Db, resticId: string): Pick<HostRow, "id" | "tags">[] {
  return hostsByResticId(db).all({ resticId });
}

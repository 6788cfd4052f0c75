/** Queries for complete snapshot lists that arrive in parts: each part is stored once and read once. */

import { and, count, eq, sql } from "drizzle-orm";
import type { SnapshotRow as ReportedSnapshot } from "../../shared/protocol/fields.ts";
import type { Db } from "../open.ts";
import { snapshotReportParts } from "../schema/snapshots.ts";

const { repoId: ofRepo, reportId: ofReport, part: numbered, rows: list } = snapshotReportParts;

/** A part that is already stored is left unchanged. */
export function putReportPart(db: Db, part: typeof snapshotReportParts.$inferInsert): void {
  db.insert(snapshotReportParts).values(part).onConflictDoNothing().run();
}

/** Number and total size of a report's stored parts. Does not read the parts. */
export function measureReport(db: Db, repoId: string, reportId: string): { parts: number; bytes: number } {
  const row = db
    .select({ parts: count(), bytes: sql<number | null>`sum(octet_length(${list}))` })
    .from(snapshotReportParts)
    .where(and(eq(ofRepo, repoId), eq(ofReport, reportId)))
    .get();
  return { parts: row?.parts ?? 0, bytes: row?.bytes ?? 0 };
}

export function findReportPart(db: Db, repoId: string, reportId: string, part: number): ReportedSnapshot[] | null {
  const where = and(eq(ofRepo, repoId), eq(ofReport, reportId), eq(numbered, part));
  return db.select({ list }).from(snapshotReportParts).where(where).get()?.list ?? null;
}

/** Ids of the repo's reports with stored parts. */
export function listReportIds(db: Db, repoId: string): string[] {
  return db
    .selectDistinct({ id: ofReport })
    .from(snapshotReportParts)
    .where(eq(ofRepo, repoId))
    .all()
    .map(({ id }) => id);
}

/** Deletes up to `limit` parts of a report. Plain SQL: a delete with a limit. @returns how many were deleted; fewer than `limit` = none are left */
export function deleteReportParts(db: Db, repoId: string, reportId: string, limit: number): number {
  return db.$client
    .query(
      `DELETE FROM snapshot_report_parts WHERE rowid IN
         (SELECT rowid FROM snapshot_report_parts WHERE repo_id = ? AND report_id = ? LIMIT ?)`,
    )
    .run(repoId, reportId, limit).changes;
}

/** Complete lists of snapshots that come in parts: each part is laid aside once and read once. */
import type { SnapshotRow as WireSnapshot } from "../../shared/protocol/fields.ts";
import type { Db } from "../open.ts";
import type { snapshotReportParts } from "../schema/snapshots.ts";

type ReportPart = Omit<typeof snapshotReportParts.$inferInsert, "rows"> & { rows: readonly WireSnapshot[] };

/** A part that is there already stays as it is. */
export function putReportPart(db: Db, part: ReportPart): void {
  db.$client
    .query(
      `INSERT INTO snapshot_report_parts (repo_id, report_id, part, parts, taken_at, rows)
       VALUES ($repoId, $reportId, $part, $parts, $takenAt, $rows) ON CONFLICT DO NOTHING`,
    )
    .run({ ...part, rows: JSON.stringify(part.rows) });
}

/** How many parts of a report are there, and their size. Reads no part. */
export function measureReport(db: Db, repoId: string, reportId: string): { parts: number; bytes: number } {
  const row = db.$client
    .query<{ parts: number; bytes: number | null }, [string, string]>(
      `SELECT count(*) AS parts, sum(octet_length(rows)) AS bytes FROM snapshot_report_parts
       WHERE repo_id = ? AND report_id = ?`,
    )
    .get(repoId, reportId);
  return { parts: row?.parts ?? 0, bytes: row?.bytes ?? 0 };
}

export function findReportPart(db: Db, repoId: string, reportId: string, part: number): WireSnapshot[] | null {
  const row = db.$client
    .query<{ rows: string }, [string, string, number]>(
      "SELECT rows FROM snapshot_report_parts WHERE repo_id = ? AND report_id = ? AND part = ?",
    )
    .get(repoId, reportId, part);
  return row ? (JSON.parse(row.rows) as WireSnapshot[]) : null;
}

/** Reports of the repo that have parts here. */
export function listReportIds(db: Db, repoId: string): string[] {
  return db.$client
    .query<{ id: string }, [string]>("SELECT DISTINCT report_id AS id FROM snapshot_report_parts WHERE repo_id = ?")
    .all(repoId)
    .map(({ id }) => id);
}

/** Drops up to `limit` parts of a report. @returns how many are gone; less than `limit` = all */
export function deleteReportParts(db: Db, repoId: string, reportId: string, limit: number): number {
  return db.$client
    .query(
      `DELETE FROM snapshot_report_parts WHERE rowid IN
         (SELECT rowid FROM snapshot_report_parts WHERE repo_id = ? AND report_id = ? LIMIT ?)`,
    )
    .run(repoId, reportId, limit).changes;
}

/** Tables of restic snapshots, as cached here, and of the parts of lists that are still arriving. */
import { index, integer, primaryKey, sqliteTable, text } from "drizzle-orm/sqlite-core";
import type { SnapshotRow as ReportedSnapshot } from "../../shared/protocol/fields.ts";
import { jsonColumn, timeColumn } from "./columns.ts";
import { repos } from "./repos.ts";

export const snapshots = sqliteTable(
  "snapshots",
  {
    repoId: text("repo_id")
      .notNull()
      .references(() => repos.id, { onDelete: "cascade" }),
    snapshotId: text("snapshot_id").notNull(),
    shortId: text("short_id").notNull(),
    time: timeColumn("time").notNull(),
    /** How far the clock that made the snapshot was ahead of UTC. restic's days depend on it. null: the agent did not send it. */
    utcOffsetMinutes: integer("utc_offset_minutes"),
    hostname: text("hostname").notNull(),
    username: text("username").notNull(),
    paths: jsonColumn<string[]>("paths").notNull(),
    tags: jsonColumn<string[]>("tags").notNull(),
    parent: text("parent"),
    programVersion: text("program_version"),
    sizeBytes: integer("size_bytes"),
    fileCount: integer("file_count"),
    addedBytes: integer("added_bytes"),
    /** When the server first saw it. null: before this was recorded. */
    firstSeenAt: timeColumn("first_seen_at"),
  },
  (t) => [
    primaryKey({ columns: [t.repoId, t.snapshotId] }),
    index("snapshots_repo_time").on(t.repoId, t.time, t.addedBytes),
  ],
);
export type SnapshotRow = typeof snapshots.$inferSelect;

export const snapshotReportParts = sqliteTable(
  "snapshot_report_parts",
  {
    repoId: text("repo_id")
      .notNull()
      .references(() => repos.id, { onDelete: "cascade" }),
    reportId: text("report_id").notNull(),
    part: integer("part").notNull(),
    parts: integer("parts").notNull(),
    takenAt: timeColumn("taken_at").notNull(),
    rows: jsonColumn<ReportedSnapshot[]>("rows").notNull(),
  },
  (t) => [primaryKey({ columns: [t.repoId, t.reportId, t.part] })],
);

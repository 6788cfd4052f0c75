/** Tables of source groups, their target repos, and how well each target is protected. */
import { sql } from "drizzle-orm";
import { check, integer, primaryKey, sqliteTable, text, uniqueIndex } from "drizzle-orm/sqlite-core";
import { JOB_STATUSES, type WarningCode } from "../../shared/jobs.ts";
import type { Retention } from "../../shared/retention.ts";
import { flagColumn, idColumn, jsonColumn, timeColumn } from "./columns.ts";
import { hosts } from "./hosts.ts";
import { repos } from "./repos.ts";

export const sourceGroups = sqliteTable(
  "source_groups",
  {
    id: idColumn(),
    hostId: text("host_id")
      .notNull()
      .references(() => hosts.id, { onDelete: "cascade" }),
    name: text("name").notNull(),
    /** restic's tag, fixed once a backup has used it. */
    tag: text("tag").notNull(),
    includes: jsonColumn<string[]>("includes").notNull(),
    excludes: jsonColumn<string[]>("excludes").notNull(),
    excludeCaches: flagColumn("exclude_caches").notNull().default(true),
    oneFileSystem: flagColumn("one_file_system").notNull().default(false),
    retention: jsonColumn<Retention>("retention").notNull(),
    /** Since when forget skips this group, until a person confirms what would be removed. */
    retentionHeldSince: timeColumn("retention_held_since"),
    /** When this policy was first found, or confirmed by a person, to be right for the existing snapshots. null = no forget has used it yet. */
    retentionSettledAt: timeColumn("retention_settled_at"),
    retryMax: integer("retry_max").notNull().default(3),
    retryBackoffSeconds: integer("retry_backoff_seconds").notNull().default(60),
    logFiles: flagColumn("log_files").notNull().default(false),
    preHook: text("pre_hook"),
    postHook: text("post_hook"),
    createdAt: timeColumn("created_at").notNull(),
    updatedAt: timeColumn("updated_at").notNull(),
  },
  (t) => [
    uniqueIndex("source_groups_tag").on(t.hostId, t.tag),
    uniqueIndex("source_groups_name").on(t.hostId, sql`lower(${t.name})`),
  ],
);
export type SourceGroupRow = typeof sourceGroups.$inferSelect;

/** A group without rows uses the primary repo. */
export const sourceGroupRepos = sqliteTable(
  "source_group_repos",
  {
    sourceGroupId: text("source_group_id")
      .notNull()
      .references(() => sourceGroups.id, { onDelete: "cascade" }),
    repoId: text("repo_id")
      .notNull()
      .references(() => repos.id, { onDelete: "cascade" }),
  },
  (t) => [primaryKey({ columns: [t.sourceGroupId, t.repoId] })],
);

/** Snapshots that restic would remove by a group's policy but our own calculation keeps. A person decides. */
export const disputedRemovals = sqliteTable(
  "disputed_removals",
  {
    sourceGroupId: text("source_group_id")
      .notNull()
      .references(() => sourceGroups.id, { onDelete: "cascade" }),
    repoId: text("repo_id")
      .notNull()
      .references(() => repos.id, { onDelete: "cascade" }),
    snapshotId: text("snapshot_id").notNull(),
    /** When a person confirmed that the snapshot may be removed. */
    agreedAt: timeColumn("agreed_at"),
  },
  (t) => [primaryKey({ columns: [t.sourceGroupId, t.repoId, t.snapshotId] })],
);

/** Ordered by the jobs' own times, not by arrival. Cancelled jobs change nothing here. */
export const backupTargets = sqliteTable(
  "backup_targets",
  {
    sourceGroupId: text("source_group_id")
      .notNull()
      .references(() => sourceGroups.id, { onDelete: "cascade" }),
    repoId: text("repo_id")
      .notNull()
      .references(() => repos.id, { onDelete: "cascade" }),
    lastJobId: text("last_job_id"),
    lastStatus: text("last_status", { enum: JOB_STATUSES }),
    lastWarnings: integer("last_warnings").notNull().default(0),
    lastAt: timeColumn("last_at"),
    /** Excludes runs that saved no files. Then it is older than `lastAt`, although `lastStatus` is `succeeded`. */
    lastSuccessAt: timeColumn("last_success_at"),
    addedBytesMedian: integer("added_bytes_median"),
    filesMedian: integer("files_median"),
  },
  (t) => [primaryKey({ columns: [t.sourceGroupId, t.repoId] })],
);
export type BackupTargetRow = typeof backupTargets.$inferSelect;

export const DAILY_OUTCOMES = ["ok", "warning", "recovered", "failed", "missed", "none_due"] as const;
export type DailyOutcome = (typeof DAILY_OUTCOMES)[number];

export const dailyOutcomes = sqliteTable(
  "daily_outcomes",
  {
    hostId: text("host_id")
      .notNull()
      .references(() => hosts.id, { onDelete: "cascade" }),
    sourceGroupId: text("source_group_id")
      .notNull()
      .references(() => sourceGroups.id, { onDelete: "cascade" }),
    /** YYYY-MM-DD in the host's zone. */
    day: text("day").notNull(),
    outcome: text("outcome", { enum: DAILY_OUTCOMES }).notNull(),
    runs: integer("runs").notNull(),
    failed: integer("failed").notNull(),
    /** How many runs of active schedules have been due on this day so far. */
    due: integer("due").notNull().default(0),
    /** For a day with warnings: their codes. */
    warningCodes: jsonColumn<WarningCode[]>("warning_codes"),
  },
  (t) => [
    primaryKey({ columns: [t.hostId, t.sourceGroupId, t.day] }),
    check(
      "daily_outcomes_outcome",
      sql`${t.outcome} in ('ok', 'warning', 'recovered', 'failed', 'missed', 'none_due')`,
    ),
  ],
);
export type DailyOutcomeRow = typeof dailyOutcomes.$inferSelect;

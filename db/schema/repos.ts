/** Tables of repos, their credentials and their size over time. */
import { sql } from "drizzle-orm";
import { check, index, integer, primaryKey, real, sqliteTable, text, uniqueIndex } from "drizzle-orm/sqlite-core";
import type { Lock } from "../../shared/protocol/fields.ts";
import { APPEND_ONLY_STATES, REPO_KINDS, REPO_STATUSES } from "../../shared/repos.ts";
import { flagColumn, idColumn, jsonColumn, timeColumn } from "./columns.ts";
import { hosts } from "./hosts.ts";

export const repos = sqliteTable(
  "repos",
  {
    id: idColumn(),
    hostId: text("host_id")
      .notNull()
      .references(() => hosts.id, { onDelete: "cascade" }),
    name: text("name").notNull(),
    isPrimary: flagColumn("is_primary").notNull(),
    kind: text("kind", { enum: REPO_KINDS }).notNull(),
    /** The address without user and password. */
    url: text("url").notNull(),
    /** From `cat config`, set at the first success. After that only this repository is accepted. */
    resticId: text("restic_id"),
    formatVersion: integer("format_version"),
    status: text("status", { enum: REPO_STATUSES }).notNull().default("unknown"),
    statusCode: text("status_code"),
    statusMessage: text("status_message"),
    statusAt: timeColumn("status_at"),
    /** Since when the repo cannot be opened. Probes become rarer with time. null = it can be opened, or that is not known. */
    failedSince: timeColumn("failed_since"),
    /** Since when the repo server has answered 401 for a repo that was never ready. */
    waitingSince: timeColumn("waiting_since"),
    appendOnly: text("append_only", { enum: APPEND_ONLY_STATES }).notNull().default("unknown"),
    appendOnlyCheckedAt: timeColumn("append_only_checked_at"),
    maintenanceHostId: text("maintenance_host_id").references(() => hosts.id, { onDelete: "set null" }),
    maintenanceEnabled: flagColumn("maintenance_enabled").notNull().default(true),
    /** In these three columns null = the default, spread by the repo's id, and `off` = never automatically. */
    forgetCron: text("forget_cron"),
    pruneCron: text("prune_cron"),
    checkCron: text("check_cron"),
    checkBudgetBytes: integer("check_budget_bytes").notNull().default(10_737_418_240),
    checkNextPart: integer("check_next_part").notNull().default(1),
    /** The number of parts that this round of checks divides the data into. Fixed until the round ends. */
    checkParts: integer("check_parts"),
    /** When the first check of this round started. */
    checkRoundSince: timeColumn("check_round_since"),
    /** When these settings took effect. Earlier due times do not count. */
    maintenanceSince: timeColumn("maintenance_since"),
    compression: text("compression", { enum: ["auto", "off", "max"] })
      .notNull()
      .default("auto"),
    sizeBytes: integer("size_bytes"),
    restoreSizeBytes: integer("restore_size_bytes"),
    fileCount: integer("file_count"),
    snapshotCount: integer("snapshot_count").notNull().default(0),
    dedupRatio: real("dedup_ratio"),
    compressionRatio: real("compression_ratio"),
    measuredAt: timeColumn("measured_at"),
    snapshotsTakenAt: timeColumn("snapshots_taken_at"),
    /** Snapshots that the newest list could not read because of damaged files. null: all were read. */
    unreadableSnapshots: jsonColumn<string[]>("unreadable_snapshots"),
    lastCheckAt: timeColumn("last_check_at"),
    lastCheckStatus: text("last_check_status"),
    /** When the last complete round of checks started. All data has been read since then. */
    fullyReadSince: timeColumn("fully_read_since"),
    lastForgetAt: timeColumn("last_forget_at"),
    lastForgetStatus: text("last_forget_status"),
    /** The newest forget whose end has been processed. */
    lastForgetJobId: text("last_forget_job_id"),
    lastPruneAt: timeColumn("last_prune_at"),
    lastPruneStatus: text("last_prune_status"),
    /** Up to ten of the locks that existed at `locks_at`. */
    locks: jsonColumn<Lock[]>("locks"),
    locksAt: timeColumn("locks_at"),
    lockCount: integer("lock_count"),
    oldestLockAt: timeColumn("oldest_lock_at"),
    lastVerifiedAt: timeColumn("last_verified_at"),
    /** Set when a person had the repository re-created: its groups are backed up as soon as it is ready. */
    backupWhenReady: flagColumn("backup_when_ready").notNull().default(false),
    /** When the repo was removed from its host. The row is kept for its credentials, which may hold the only copy of a restic password. */
    removedAt: timeColumn("removed_at"),
    createdAt: timeColumn("created_at").notNull(),
    updatedAt: timeColumn("updated_at").notNull(),
  },
  (t) => [
    index("repos_host").on(t.hostId),
    uniqueIndex("repos_one_primary").on(t.hostId).where(sql`${t.isPrimary} = 1`),
    uniqueIndex("repos_host_name").on(t.hostId, sql`lower(${t.name})`).where(sql`${t.removedAt} is null`),
    index("repos_restic_id").on(t.resticId),
    check("repos_kind", sql`${t.kind} in ('rest', 'local', 'sftp', 's3', 'b2', 'rclone', 'other')`),
    check("repos_status", sql`${t.status} in ('unknown', 'waiting', 'ready', 'failed')`),
    check("repos_append_only", sql`${t.appendOnly} in ('unknown', 'proven', 'violated', 'not_applicable')`),
    check("repos_compression", sql`${t.compression} in ('auto', 'off', 'max')`),
  ],
);
export type RepoRow = typeof repos.$inferSelect;

export const CREDENTIAL_SLOTS = ["everyday", "admin"] as const;
export type CredentialSlot = (typeof CREDENTIAL_SLOTS)[number];

export const credentials = sqliteTable(
  "credentials",
  {
    id: idColumn(),
    repoId: text("repo_id")
      .notNull()
      .references(() => repos.id, { onDelete: "cascade" }),
    slot: text("slot", { enum: CREDENTIAL_SLOTS }).notNull(),
    sealed: text("sealed").notNull(),
    /** The previous credential, kept until the new one has opened the repo. */
    previousSealed: text("previous_sealed"),
    /** Why the new credential was refused, in words. null while it is untried or proven. */
    trialError: text("trial_error"),
    /** For the admin credential: when it last deleted something successfully. */
    provedAt: timeColumn("proved_at"),
    rotatedAt: timeColumn("rotated_at").notNull(),
    createdAt: timeColumn("created_at").notNull(),
  },
  (t) => [
    uniqueIndex("credentials_repo_slot").on(t.repoId, t.slot),
    check("credentials_slot", sql`${t.slot} in ('everyday', 'admin')`),
  ],
);
export type CredentialRow = typeof credentials.$inferSelect;

export const repoSamples = sqliteTable(
  "repo_samples",
  {
    repoId: text("repo_id")
      .notNull()
      .references(() => repos.id, { onDelete: "cascade" }),
    /** YYYY-MM-DD in the host's zone. */
    day: text("day").notNull(),
    sizeBytes: integer("size_bytes"),
    snapshotCount: integer("snapshot_count").notNull(),
    addedBytes: integer("added_bytes").notNull(),
  },
  (t) => [primaryKey({ columns: [t.repoId, t.day] })],
);
export type RepoSampleRow = typeof repoSamples.$inferSelect;

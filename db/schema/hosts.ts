/** Tables of hosts, and of the hashes of revoked agent tokens. */
import { sql } from "drizzle-orm";
import { check, index, integer, sqliteTable, text, uniqueIndex } from "drizzle-orm/sqlite-core";
import { flagColumn, idColumn, jsonColumn, timeColumn } from "./columns.ts";

/** `path` counts positions in the state that was sent. `about` says what was at that position, and is missing in older rows. */
export type StateProblem = {
  path: string;
  message: string;
  about?: {
    kind: "source_group" | "repo" | "schedule";
    id: string;
    field: string;
    /** The affected line of a list. */
    value: string | null;
  } | null;
};

export const hosts = sqliteTable(
  "hosts",
  {
    id: idColumn(),
    /** A label that can change. Unique among hosts that are not archived. */
    name: text("name").notNull(),
    /** restic's `--host`, fixed at enrolment: it links a host to its snapshots. */
    resticHost: text("restic_host").notNull(),
    machineId: text("machine_id").notNull(),
    os: text("os", { enum: ["linux", "windows"] }).notNull(),
    arch: text("arch", { enum: ["x64", "arm64"] }).notNull(),
    hostname: text("hostname").notNull(),
    agentVersion: text("agent_version").notNull(),
    resticVersion: text("restic_version"),
    protocolVersion: integer("protocol_version").notNull(),
    timezone: text("timezone").notNull(),
    timezoneOverride: text("timezone_override"),
    tags: jsonColumn<string[]>("tags").notNull(),
    roaming: flagColumn("roaming").notNull(),
    tokenHash: text("token_hash").unique(),
    enrolledAt: timeColumn("enrolled_at").notNull(),
    enrolledFromIp: text("enrolled_from_ip"),
    archivedAt: timeColumn("archived_at"),
    replacedAt: timeColumn("replaced_at"),
    schedulesPaused: flagColumn("schedules_paused").notNull().default(false),
    lastSeenAt: timeColumn("last_seen_at"),
    clockSkewMs: integer("clock_skew_ms"),
    bandwidthUpKbps: integer("bandwidth_up_kbps"),
    bandwidthDownKbps: integer("bandwidth_down_kbps"),
    preHookDefault: text("pre_hook_default"),
    postHookDefault: text("post_hook_default"),
    hookShell: text("hook_shell"),
    capabilities: jsonColumn<string[]>("capabilities").notNull(),
    stateVersion: integer("state_version").notNull(),
    appliedStateVersion: integer("applied_state_version"),
    appliedStateDigest: text("applied_state_digest"),
    /** What the host could not apply of the newest state that it acknowledged. */
    stateErrors: jsonColumn<StateProblem[]>("state_errors").notNull(),
    driftSince: timeColumn("drift_since"),
    /** Set by "Back up at once" and cleared when the first repo is ready. */
    backupWhenReady: flagColumn("backup_when_ready").notNull().default(false),
    /** The newest day (YYYY-MM-DD, in the host's zone) that was evaluated after it had ended. */
    daysClosedUntil: text("days_closed_until"),
    currentJobId: text("current_job_id"),
    lastBackupAt: timeColumn("last_backup_at"),
    repoSizeBytes: integer("repo_size_bytes"),
    snapshotCount: integer("snapshot_count").notNull().default(0),
    openAlertCount: integer("open_alert_count").notNull().default(0),
    createdAt: timeColumn("created_at").notNull(),
    updatedAt: timeColumn("updated_at").notNull(),
  },
  (t) => [
    uniqueIndex("hosts_live_name").on(sql`lower(${t.name})`).where(sql`${t.archivedAt} is null`),
    index("hosts_machine").on(t.machineId),
    check("hosts_os", sql`${t.os} in ('linux', 'windows')`),
    check("hosts_arch", sql`${t.arch} in ('x64', 'arm64')`),
  ],
);
export type HostRow = typeof hosts.$inferSelect;

/** An agent that uses one of these tokens is told `revoked` and stops its schedules. */
export const revokedAgentTokens = sqliteTable("revoked_agent_tokens", {
  tokenHash: text("token_hash").primaryKey(),
  hostId: text("host_id").notNull(),
  reason: text("reason", { enum: ["archived", "replaced"] }).notNull(),
  revokedAt: timeColumn("revoked_at").notNull(),
});

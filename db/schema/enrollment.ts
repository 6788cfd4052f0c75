/** Tables of machines that are about to become hosts: one-time tokens, and announced machines awaiting approval. */
import { sql } from "drizzle-orm";
import { check, integer, sqliteTable, text, uniqueIndex } from "drizzle-orm/sqlite-core";
import { flagColumn, idColumn, jsonColumn, timeColumn } from "./columns.ts";
import { hosts } from "./hosts.ts";
import { users } from "./users.ts";

export const enrollmentTokens = sqliteTable("enrollment_tokens", {
  id: idColumn(),
  tokenHash: text("token_hash").notNull().unique(),
  hostName: text("host_name").notNull(),
  /** Set when the token re-enrols or replaces a host. */
  hostId: text("host_id").references(() => hosts.id, { onDelete: "cascade" }),
  replaces: flagColumn("replaces").notNull().default(false),
  /** Sealed JSON of the repo's kind and credential. */
  sealed: text("sealed"),
  /** The address without secrets, for the list. */
  repoUrl: text("repo_url"),
  includes: jsonColumn<string[]>("includes").notNull(),
  tags: jsonColumn<string[]>("tags").notNull(),
  backupNow: flagColumn("backup_now").notNull(),
  lifetimeMs: integer("lifetime_ms").notNull(),
  expiresAt: timeColumn("expires_at").notNull(),
  revokedAt: timeColumn("revoked_at"),
  consumedAt: timeColumn("consumed_at"),
  /** Hash of the enrolment request that used the token. The same request gets the same answer again. */
  consumedKey: text("consumed_key"),
  /** The resulting host. */
  enrolledHostId: text("enrolled_host_id"),
  createdBy: text("created_by").references(() => users.id, { onDelete: "set null" }),
  createdAt: timeColumn("created_at").notNull(),
});
export type EnrollmentTokenRow = typeof enrollmentTokens.$inferSelect;

/** Announced machines. People see one only after it has proven that it holds its key, which sets `agentTokenHash`. */
export const pendingHosts = sqliteTable(
  "pending_hosts",
  {
    id: idColumn(),
    publicKey: text("public_key").notNull(),
    fingerprint: text("fingerprint").notNull(),
    hostName: text("host_name").notNull(),
    machineId: text("machine_id").notNull(),
    os: text("os", { enum: ["linux", "windows"] }).notNull(),
    arch: text("arch", { enum: ["x64", "arm64"] }).notNull(),
    timezone: text("timezone").notNull(),
    agentVersion: text("agent_version").notNull(),
    resticVersion: text("restic_version"),
    protocolVersion: integer("protocol_version").notNull(),
    agentTokenHash: text("agent_token_hash"),
    announcedFromIp: text("announced_from_ip").notNull(),
    roamingHint: flagColumn("roaming_hint").notNull().default(false),
    /** The resulting host. Kept, because the machine may have been offline when it was accepted. */
    enrolledHostId: text("enrolled_host_id").references(() => hosts.id, { onDelete: "cascade" }),
    lastSeenAt: timeColumn("last_seen_at").notNull(),
    expiresAt: timeColumn("expires_at").notNull(),
    createdAt: timeColumn("created_at").notNull(),
  },
  (t) => [
    uniqueIndex("pending_hosts_key").on(t.publicKey),
    check("pending_hosts_os", sql`${t.os} in ('linux', 'windows')`),
    check("pending_hosts_arch", sql`${t.arch} in ('x64', 'arm64')`),
  ],
);
export type PendingHostRow = typeof pendingHosts.$inferSelect;

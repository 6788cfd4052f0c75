/** Table of the audit log: who changed what, and from where. Append-only. */
import { sql } from "drizzle-orm";
import { check, index, sqliteTable, text } from "drizzle-orm/sqlite-core";
import { idColumn, jsonColumn, timeColumn } from "./columns.ts";

export const auditLog = sqliteTable(
  "audit_log",
  {
    id: idColumn(),
    ts: timeColumn("ts").notNull(),
    actor: text("actor", { enum: ["user", "agent", "system"] }).notNull(),
    userId: text("user_id"),
    action: text("action").notNull(),
    targetKind: text("target_kind"),
    targetId: text("target_id"),
    targetName: text("target_name"),
    ip: text("ip"),
    /** Names and changed fields; never a secret. */
    payload: jsonColumn<Record<string, unknown>>("payload").notNull(),
  },
  (t) => [
    index("audit_log_ts").on(t.ts),
    index("audit_log_user").on(t.userId, t.ts),
    index("audit_log_target").on(t.targetKind, t.targetId, t.ts),
    check("audit_log_actor", sql`${t.actor} in ('user', 'agent', 'system')`),
  ],
);
export type AuditRow = typeof auditLog.$inferSelect;

/** Queries for the audit log, which is only ever appended to. */
import { and, count, desc, eq, gte, lte, type SQL, sql } from "drizzle-orm";
import type { Db } from "../open.ts";
import { type AuditRow, auditLog } from "../schema/audit.ts";
import { users } from "../schema/users.ts";

export function insertAudit(db: Db, row: AuditRow): void {
  db.insert(auditLog).values(row).run();
}

export type AuditFilter = {
  user_id?: string | undefined;
  actor?: "user" | "agent" | "system" | undefined;
  /** An exact action, or a noun with a dot (`host.`) for every action on it. */
  action?: string | undefined;
  target_kind?: string | undefined;
  target_id?: string | undefined;
  since?: number | undefined;
  until?: number | undefined;
};

export type AuditListItem = AuditRow & { username: string | null };

/** Newest first. */
export function listAudit(
  db: Db,
  filter: AuditFilter,
  limit: number,
  offset: number,
): { items: AuditListItem[]; total: number } {
  const where = conditions(filter);
  const rows = db
    .select({ row: auditLog, username: users.username })
    .from(auditLog)
    .leftJoin(users, eq(users.id, auditLog.userId))
    .where(where)
    .orderBy(desc(auditLog.ts), desc(auditLog.id))
    .limit(limit)
    .offset(offset)
    .all();
  const total = db.select({ n: count() }).from(auditLog).where(where).get()?.n ?? 0;
  return { items: rows.map(({ row, username }) => ({ ...row, username })), total };
}

/** The actions that occur in the log, for the filter. */
export function listAuditActions(db: Db): string[] {
  return db
    .selectDistinct({ action: auditLog.action })
    .from(auditLog)
    .orderBy(auditLog.action)
    .all()
    .map((r) => r.action);
}

function conditions(filter: AuditFilter): SQL | undefined {
  return and(
    filter.user_id ? eq(auditLog.userId, filter.user_id) : undefined,
    filter.actor ? eq(auditLog.actor, filter.actor) : undefined,
    filter.action
      ? filter.action.endsWith(".")
        ? sql`substr(${auditLog.action}, 1, ${filter.action.length}) = ${filter.action}`
        : eq(auditLog.action, filter.action)
      : undefined,
    filter.target_kind ? eq(auditLog.targetKind, filter.target_kind) : undefined,
    filter.target_id ? eq(auditLog.targetId, filter.target_id) : undefined,
    filter.since !== undefined ? gte(auditLog.ts, filter.since) : undefined,
    filter.until !== undefined ? lte(auditLog.ts, filter.until) : undefined,
  );
}

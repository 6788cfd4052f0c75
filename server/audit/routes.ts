/** REST: the audit log. */
import * as v from "valibot";
import type { Db } from "../../db/open.ts";
import { listAudit } from "../../db/queries/audit.ts";
import { listOf } from "../http/answers.ts";
import { iso, pageFields, timeParameter } from "../http/lists.ts";
import { type Route, route } from "../http/routes.ts";
import { auditAnswer } from "./answers.ts";

const auditQuery = v.strictObject({
  ...pageFields,
  user_id: v.optional(v.string()),
  actor: v.optional(v.picklist(["user", "agent", "system"], "Use user, agent or system.")),
  action: v.optional(v.string()),
  target_kind: v.optional(v.string()),
  target_id: v.optional(v.string()),
  since: v.optional(timeParameter),
  until: v.optional(timeParameter),
});

export function auditRoutes({ db }: { db: Db }): Route[] {
  return [
    route({
      method: "GET",
      path: "/api/audit",
      access: "admin",
      summary: "The audit log, newest first",
      answers: { 200: listOf(auditAnswer) },
      query: auditQuery,
      handle: ({ c, query }) => {
        const { items, total } = listAudit(db, query, query.limit, query.offset);
        return c.json({
          items: items.map((row) => ({
            id: row.id,
            ts: iso(row.ts),
            actor: row.actor,
            user_id: row.userId,
            username: row.username,
            action: row.action,
            target_kind: row.targetKind,
            target_id: row.targetId,
            target_name: row.targetName,
            ip: row.ip,
            payload: row.payload,
          })),
          total,
        });
      },
    }),
  ];
}

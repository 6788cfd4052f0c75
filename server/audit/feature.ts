/** The audit log: its page, its route, and the entry for a change that a signed-in person was not allowed to make. */
import type { HttpFeature } from "../http/feature.ts";
import type { GuardDeps } from "../http/guard.ts";
import { writeAudit } from "../runtime/audit.ts";
import type { World } from "../runtime/world.ts";
import { auditPages } from "./pages.tsx";
import { auditRoutes } from "./routes.ts";

export type AuditFeature = ReturnType<typeof auditFeature>;

export function auditFeature({ db, clock }: World, { http }: { http: HttpFeature }) {
  const denied: GuardDeps["denied"] = (session, action, from, why) =>
    writeAudit(db, clock.now(), {
      actor: { kind: "user", userId: session.userId, username: session.username, ip: from.ip },
      action: `${action}.denied`,
      payload: { why },
    });
  return { denied, routes: auditRoutes({ db }), pages: auditPages({ db, pages: http.pageMaker }) };
}

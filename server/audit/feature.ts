/** The audit log: its page, its route, and the row of what a signed-in person asked for and may not do. */
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

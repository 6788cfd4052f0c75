/** The audit row of what a signed-in person asked for and may not do. */
import type { Db } from "../../db/open.ts";
import type { Clock } from "../../shared/clock.ts";
import type { GuardDeps } from "../http/guard.ts";
import { writeAudit } from "../runtime/audit.ts";

export function auditDenied({ db, clock }: { db: Db; clock: Clock }): GuardDeps["denied"] {
  return (session, action, from, why) =>
    writeAudit(db, clock.now(), {
      actor: { kind: "user", userId: session.userId, username: session.username, ip: from.ip },
      action: `${action}.denied`,
      payload: { why },
    });
}

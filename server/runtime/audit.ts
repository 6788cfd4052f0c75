/** Writes the audit log: one entry per change, in the same transaction as the change. */
import type { Db } from "../../db/open.ts";
import { insertAudit } from "../../db/queries/audit.ts";
import { newId } from "../../shared/ids.ts";

/** Who caused a change. */
export type Actor =
  | { kind: "user"; userId: string; username: string; ip: string | null }
  /** Somebody who is not signed in. */
  | { kind: "visitor"; ip: string }
  | { kind: "agent"; hostId: string; ip: string | null }
  | { kind: "system" };

export type AuditEntry = {
  actor: Actor;
  /** `noun.verbed`, such as `host.archived`. */
  action: string;
  target?: { kind: string; id: string; name: string };
  /** Names and changed fields. Never a secret. */
  payload?: Record<string, unknown>;
};

export function writeAudit(db: Db, now: number, { actor, action, target, payload }: AuditEntry): void {
  insertAudit(db, {
    id: newId(),
    ts: now,
    actor: actor.kind === "visitor" ? "user" : actor.kind,
    userId: actor.kind === "user" ? actor.userId : null,
    action,
    targetKind: target?.kind ?? null,
    targetId: target?.id ?? null,
    targetName: target?.name ?? null,
    ip: actor.kind === "system" ? null : actor.ip,
    payload: payload ?? {},
  });
}

/** What REST answers about the audit log. */
import * as v from "valibot";
import { id, named, textLike, textOrNull, time } from "../http/answers.ts";

export const auditAnswer = named(
  "AuditEntry",
  v.strictObject({
    id,
    ts: time,
    actor: v.picklist(["user", "agent", "system"]),
    user_id: v.nullable(id),
    username: textOrNull,
    action: textLike("host.changed"),
    target_kind: textOrNull,
    target_id: textOrNull,
    target_name: textOrNull,
    ip: textOrNull,
    payload: v.pipe(v.record(v.string(), v.unknown()), v.description("Names and changed fields; never a secret.")),
  }),
);

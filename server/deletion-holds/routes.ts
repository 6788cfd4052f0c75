/** REST: deletion holds. */
import * as v from "valibot";
import type { DeletionHold } from "../../db/queries/deletion-holds.ts";
import { noBody } from "../http/answers.ts";
import { type Route, route } from "../http/routes.ts";
import { type HoldAnswer, holdAnswer, holdListAnswer } from "./answers.ts";
import type { DeletionHolds } from "./holds.ts";

export function deletionHoldRoutes({ holds }: { holds: DeletionHolds }): Route[] {
  return [
    route({
      method: "GET",
      path: "/api/deletion-holds",
      access: "operator",
      summary: "Holds that stop forget and prune now",
      answers: { 200: holdListAnswer },
      handle: ({ c }) => {
        const items = holds.list().map(shown);
        return c.json({ items, total: items.length });
      },
    }),
    route({
      method: "POST",
      path: "/api/deletion-holds",
      access: "operator",
      action: "deletion_hold.placed",
      summary: "Stop forget and prune for a host, a tag or every host",
      example: { tag: "prod", reason: "Suspected ransomware on web-01" },
      answers: { 201: holdAnswer },
      errors: { 404: ["not_found"], 409: ["already_held"] },
      body: v.strictObject({
        host_id: v.optional(v.nullable(v.string()), null),
        tag: v.optional(v.nullable(v.string()), null),
        reason: v.string("Enter a reason."),
      }),
      handle: ({ c, body, actor }) =>
        c.json(shown(holds.hold(actor, { hostId: body.host_id, tag: body.tag, reason: body.reason })), 201),
    }),
    route({
      method: "DELETE",
      path: "/api/deletion-holds/:id",
      access: "operator",
      action: "deletion_hold.released",
      summary: "Release a hold: forget and prune run again",
      answers: noBody,
      handle: ({ c, params, actor }) => {
        holds.release(actor, params["id"] ?? "");
        return c.body(null, 204);
      },
    }),
  ];
}

function shown(hold: DeletionHold): HoldAnswer {
  return {
    id: hold.id,
    host_id: hold.hostId,
    host_name: hold.hostName,
    tag: hold.tag,
    reason: hold.reason,
    held_by: hold.heldBy,
    held_at: new Date(hold.heldAt).toISOString(),
  };
}

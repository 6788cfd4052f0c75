/** REST: change, archive and purge hosts. The dashboard has the lists. */
import * as v from "valibot";
import { noBody } from "../http/answers.ts";
import { type Route, route } from "../http/routes.ts";
import { bandwidthAnswer, changedHostAnswer } from "./answers.ts";
import { bandwidthBody } from "./bandwidth.ts";
import type { Hosts } from "./hosts.ts";

export function hostRoutes({ hosts }: { hosts: Hosts }): Route[] {
  return [
    route({
      method: "PATCH",
      path: "/api/hosts/:id",
      access: "operator",
      action: "host.changed",
      summary: "Change name, tags, time zone or roaming",
      example: { tags: ["prod", "web"], timezone_override: "Europe/Berlin" },
      answers: { 200: changedHostAnswer },
      errors: { 409: ["name_taken", "host_archived"] },
      body: v.strictObject({
        name: v.optional(v.string()),
        tags: v.optional(v.array(v.string())),
        timezone_override: v.optional(v.nullable(v.string())),
        roaming: v.optional(v.boolean()),
      }),
      handle: ({ c, params, body, actor }) => {
        const host = hosts.change(actor, params["id"] ?? "", body);
        return c.json({
          id: host.id,
          name: host.name,
          tags: host.tags,
          timezone_override: host.timezoneOverride,
          roaming: host.roaming,
        });
      },
    }),
    route({
      method: "PUT",
      path: "/api/hosts/:id/bandwidth",
      access: "operator",
      action: "host.bandwidth_changed",
      summary: "Limit the rate of every run on this host, in KiB/s; null = unlimited",
      example: { up_kbps: 2048, down_kbps: null },
      answers: { 200: bandwidthAnswer },
      errors: { 409: ["host_archived"] },
      body: bandwidthBody,
      handle: ({ c, params, body, actor }) => {
        const host = hosts.setBandwidth(actor, params["id"] ?? "", body);
        return c.json({ up_kbps: host.bandwidthUpKbps, down_kbps: host.bandwidthDownKbps });
      },
    }),
    route({
      method: "POST",
      path: "/api/hosts/:id/restore-finished",
      access: "operator",
      action: "host.restore_finished",
      summary: "Resume schedules after the machine was replaced and restored",
      answers: noBody,
      errors: { 409: ["host_archived", "not_paused"] },
      body: v.strictObject({}),
      handle: ({ c, params, actor }) => {
        hosts.finishRestore(actor, params["id"] ?? "");
        return c.body(null, 204);
      },
    }),
    route({
      method: "DELETE",
      path: "/api/hosts/:id",
      access: "admin",
      action: "host.archived",
      summary: "Archive a host: its agent is revoked, its history is kept",
      answers: noBody,
      errors: { 409: ["host_archived"] },
      handle: ({ c, params, actor }) => {
        hosts.archive(actor, params["id"] ?? "");
        return c.body(null, 204);
      },
    }),
    route({
      method: "POST",
      path: "/api/hosts/:id/purge",
      access: "admin",
      action: "host.purged",
      summary: "Delete an archived host for good",
      answers: noBody,
      errors: { 409: ["not_archived", "deletion_held", "maintains_repos"] },
      body: v.strictObject({ confirm: v.string() }),
      handle: ({ c, params, body, actor }) => {
        hosts.purge(actor, params["id"] ?? "", body.confirm);
        return c.body(null, 204);
      },
    }),
  ];
}

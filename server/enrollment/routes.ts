/** REST: enrolment tokens and pending machines for people, enrolment and announcements for machines. */
import * as v from "valibot";
import type { OutstandingToken } from "../../db/queries/enrollment.ts";
import { type Clock, MINUTE_MS } from "../../shared/clock.ts";
import { announceRequest, enrollRequest } from "../../shared/protocol/enrollment.ts";
import { REPO_KINDS } from "../../shared/repos.ts";
import { Refusal } from "../http/errors.ts";
import { iso } from "../http/lists.ts";
import { createRateLimit } from "../http/rate-limit.ts";
import { publicRoute, type Route, route } from "../http/routes.ts";
import type { Announcements, PendingHost } from "./announcements.ts";
import type { Enroll } from "./enroll.ts";
import type { EnrollmentTokens } from "./tokens.ts";
import { installCommands } from "./tokens.ts";

const ENROLLMENTS_PER_MINUTE = 30;

const newcomer = {
  host_name: v.string("Enter a name for the host."),
  tags: v.optional(v.array(v.string()), []),
  includes: v.optional(v.array(v.string()), []),
  backup_now: v.optional(v.boolean(), true),
  repo: v.strictObject({
    kind: v.optional(v.picklist(REPO_KINDS, "Unknown kind of repository.")),
    url: v.string("Enter the address of the repository."),
    own_folder: v.optional(v.boolean()),
    http_username: v.optional(v.string()),
    http_password: v.optional(v.string()),
    repo_password: v.optional(v.string()),
    env: v.optional(v.record(v.string(), v.string())),
  }),
};
const tokenBody = v.strictObject({ ...newcomer, expires_in_s: v.optional(v.pipe(v.number(), v.integer())) });

export function enrollmentRoutes({
  clock,
  tokens,
  enroll,
  announcements,
}: {
  clock: Clock;
  tokens: EnrollmentTokens;
  enroll: Enroll;
  announcements: Announcements;
}): Route[] {
  const limit = createRateLimit({ limit: ENROLLMENTS_PER_MINUTE, windowMs: MINUTE_MS, clock });
  return [
    route({
      method: "GET",
      path: "/api/enrollment-tokens",
      access: "operator",
      summary: "Outstanding enrolment tokens; no secrets",
      handle: ({ c }) => {
        const items = tokens.listOutstanding().map(tokenBodyOf);
        return c.json({ items, total: items.length });
      },
    }),
    route({
      method: "POST",
      path: "/api/enrollment-tokens",
      access: "admin",
      action: "enrollment_token.created",
      summary: "Make a token for a new host; what was generated is shown once",
      body: tokenBody,
      handle: async ({ c, body, actor, from }) => {
        const { row, token, generated } = await tokens.create(actor, body);
        const install = installCommands(from.origin, token);
        return c.json({ id: row.id, token, expires_at: iso(row.expiresAt), install, generated }, 201);
      },
    }),
    route({
      method: "POST",
      path: "/api/enrollment-tokens/:id/regenerate",
      access: "admin",
      action: "enrollment_token.regenerated",
      summary: "A fresh token for the same host-to-be",
      body: v.strictObject({}),
      handle: ({ c, params, actor, from }) => {
        const { row, token } = tokens.regenerate(actor, params["id"] ?? "");
        return c.json({
          id: row.id,
          token,
          expires_at: iso(row.expiresAt),
          install: installCommands(from.origin, token),
        });
      },
    }),
    route({
      method: "DELETE",
      path: "/api/enrollment-tokens/:id",
      access: "admin",
      action: "enrollment_token.revoked",
      summary: "Revoke a token",
      handle: ({ c, params, actor }) => {
        tokens.revoke(actor, params["id"] ?? "");
        return c.body(null, 204);
      },
    }),
    route({
      method: "POST",
      path: "/api/hosts/:id/enrollment-token",
      access: "admin",
      action: "enrollment_token.created",
      summary: "A token by which this host enrols again, or new hardware takes its place",
      body: v.strictObject({ replace: v.optional(v.boolean(), false) }),
      handle: ({ c, params, body, actor, from }) => {
        const { row, token } = tokens.createForHost(actor, params["id"] ?? "", body.replace);
        return c.json(
          {
            id: row.id,
            token,
            expires_at: iso(row.expiresAt),
            install: installCommands(from.origin, token, !body.replace),
          },
          201,
        );
      },
    }),
    publicRoute({
      method: "POST",
      path: "/api/agents/enroll",
      action: "host.enrolled",
      summary: "A machine shows its token and becomes a host",
      body: enrollRequest,
      handle: ({ c, body, from }) => {
        const wait = limit.hit(from.network);
        if (wait !== null)
          throw new Refusal(
            429,
            "too_many_attempts",
            "Too many attempts from this address. Try again later.",
            {},
            wait,
          );
        return c.json(enroll(body, from).answer, 201);
      },
    }),
    publicRoute({
      method: "POST",
      path: "/api/agents/announce",
      action: "pending_host.announced",
      summary: "A machine without a token shows its key and asks to join",
      body: announceRequest,
      handle: ({ c, body, from }) => c.json(announcements.announce(body, from.ip), 201),
    }),
    route({
      method: "GET",
      path: "/api/pending-hosts",
      access: "operator",
      summary: "Machines that ask to join and have proven their key",
      handle: ({ c }) => {
        const items = announcements.list().map(pendingBodyOf);
        return c.json({ items, total: items.length });
      },
    }),
    route({
      method: "POST",
      path: "/api/pending-hosts/:id/accept",
      access: "admin",
      action: "pending_host.accepted",
      summary: "Make a host of a machine that asks; what was generated is shown once",
      body: v.strictObject(newcomer),
      handle: async ({ c, params, body, actor }) => {
        const { hostId, generated } = await announcements.accept(actor, params["id"] ?? "", body);
        return c.json({ host_id: hostId, generated }, 201);
      },
    }),
    route({
      method: "POST",
      path: "/api/pending-hosts/:id/reject",
      access: "admin",
      action: "pending_host.rejected",
      summary: "Turn away a machine that asks",
      body: v.strictObject({}),
      handle: ({ c, params, actor }) => {
        announcements.reject(actor, params["id"] ?? "");
        return c.body(null, 204);
      },
    }),
  ];
}

function tokenBodyOf(row: OutstandingToken) {
  return {
    id: row.id,
    host_name: row.hostName,
    host_id: row.hostId,
    repo_url: row.repoUrl,
    includes: row.includes,
    tags: row.tags,
    backup_now: row.backupNow,
    created_by: row.createdByName,
    created_at: iso(row.createdAt),
    expires_at: iso(row.expiresAt),
  };
}

function pendingBodyOf(row: PendingHost) {
  return {
    id: row.id,
    fingerprint: row.fingerprint,
    host_name: row.hostName,
    hostname_collision: row.isNameTaken || row.isNameShared,
    os: row.os,
    arch: row.arch,
    agent_version: row.agentVersion,
    restic_version: row.resticVersion,
    announced_from_ip: row.announcedFromIp,
    announced_at: iso(row.createdAt),
    expires_at: iso(row.expiresAt),
  };
}

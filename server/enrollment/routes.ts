/** REST: enrolment tokens and pending machines for people, enrolment and announcements for machines. */
import * as v from "valibot";
import type { OutstandingToken } from "../../db/queries/enrollment.ts";
import { announceRequest, enrollRequest } from "../../shared/protocol/enrollment.ts";
import { REPO_KINDS } from "../../shared/repos.ts";
import { type Clock, MINUTE_MS } from "../../shared/time/clock.ts";
import { listOf, noBody } from "../http/answers.ts";
import { Refusal } from "../http/errors.ts";
import { iso } from "../http/lists.ts";
import { createRateLimit } from "../http/rate-limit.ts";
import { publicRoute, type Route, route } from "../http/routes.ts";
import type { Announcements, PendingHost } from "./announcements.ts";
import {
  acceptedAnswer,
  announceAnswer,
  enrollAnswer,
  freshTokenAnswer,
  newTokenAnswer,
  outstandingTokenAnswer,
  pendingHostAnswer,
} from "./answers.ts";
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
  pin,
}: {
  clock: Clock;
  tokens: EnrollmentTokens;
  enroll: Enroll;
  announcements: Announcements;
  /** The pin of the server's self-signed certificate. null when it has none. */
  pin: string | null;
}): Route[] {
  const limit = createRateLimit({ limit: ENROLLMENTS_PER_MINUTE, windowMs: MINUTE_MS, clock });
  return [
    route({
      method: "GET",
      path: "/api/enrollment-tokens",
      access: "operator",
      summary: "Outstanding enrolment tokens; no secrets",
      answers: { 200: listOf(outstandingTokenAnswer) },
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
      summary: "Create a token for a new host; generated passwords are shown once",
      example: {
        host_name: "web-01",
        tags: ["prod"],
        includes: ["/etc", "/home"],
        backup_now: true,
        repo: { kind: "rest", url: "rest:https://vault.example/web-01/" },
        expires_in_s: 3600,
      },
      answers: { 201: newTokenAnswer },
      errors: { 409: ["name_taken"] },
      body: tokenBody,
      handle: async ({ c, body, actor, from }) => {
        const { row, token, generated } = await tokens.create(actor, body);
        const install = installCommands(from.origin, token, { pin });
        return c.json({ id: row.id, token, expires_at: iso(row.expiresAt), install, generated }, 201);
      },
    }),
    route({
      method: "POST",
      path: "/api/enrollment-tokens/:id/regenerate",
      access: "admin",
      action: "enrollment_token.regenerated",
      summary: "Replace the token of a host that has not enrolled yet",
      answers: { 200: freshTokenAnswer },
      errors: { 410: ["token_used", "token_revoked", "token_unreadable"] },
      body: v.strictObject({}),
      handle: ({ c, params, actor, from }) => {
        const { row, token } = tokens.regenerate(actor, params["id"] ?? "");
        return c.json({
          id: row.id,
          token,
          expires_at: iso(row.expiresAt),
          install: installCommands(from.origin, token, { pin }),
        });
      },
    }),
    route({
      method: "DELETE",
      path: "/api/enrollment-tokens/:id",
      access: "admin",
      action: "enrollment_token.revoked",
      summary: "Revoke a token",
      answers: noBody,
      errors: { 410: ["token_used", "token_revoked"] },
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
      summary: "Create a token to enrol this host again, or to replace its hardware",
      answers: { 201: freshTokenAnswer },
      errors: { 409: ["host_archived"] },
      body: v.strictObject({ replace: v.optional(v.boolean(), false) }),
      handle: ({ c, params, body, actor, from }) => {
        const { row, token } = tokens.createForHost(actor, params["id"] ?? "", body.replace);
        return c.json(
          {
            id: row.id,
            token,
            expires_at: iso(row.expiresAt),
            install: installCommands(from.origin, token, { pin, isAgain: !body.replace }),
          },
          201,
        );
      },
    }),
    publicRoute({
      method: "POST",
      path: "/api/agents/enroll",
      action: "host.enrolled",
      summary: "For machines: enrol with a token",
      answers: { 201: enrollAnswer },
      errors: {
        401: ["token_invalid"],
        409: ["name_taken", "agent_token_taken", "other_machine"],
        410: ["token_unreadable"],
        422: ["protocol_too_old"],
        429: ["too_many_attempts"],
      },
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
      summary: "For machines: ask to join without a token, by a public key",
      answers: { 201: announceAnswer },
      errors: { 422: ["protocol_too_old"], 429: ["too_many_attempts"] },
      body: announceRequest,
      handle: ({ c, body, from }) => c.json(announcements.announce(body, from.ip), 201),
    }),
    route({
      method: "GET",
      path: "/api/pending-hosts",
      access: "operator",
      summary: "Machines that ask to join and have proved their key",
      answers: { 200: listOf(pendingHostAnswer) },
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
      summary: "Accept a machine that asks to join; generated passwords are shown once",
      example: {
        host_name: "web-01",
        includes: ["/etc", "/home"],
        repo: { url: "rest:https://vault.example/web-01/" },
      },
      answers: { 201: acceptedAnswer },
      errors: { 409: ["name_taken", "agent_token_taken"] },
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
      summary: "Reject a machine that asks to join",
      answers: noBody,
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

/** REST: repos, their state, and their credentials, whose secrets are never returned. */
import * as v from "valibot";
import type { Db } from "../../db/open.ts";
import { findHost } from "../../db/queries/hosts.ts";
import { findRepo, listRepoSamples, listRepos, listReposOfHost } from "../../db/queries/repos.ts";
import type { CredentialSlot, RepoRow } from "../../db/schema/repos.ts";
import { REPO_KINDS } from "../../shared/repos.ts";
import type { Clock } from "../../shared/time/clock.ts";
import { utcDay } from "../../shared/time/days.ts";
import { listOf, noBody } from "../http/answers.ts";
import { notFound } from "../http/errors.ts";
import { iso, pageFields } from "../http/lists.ts";
import { type Route, route } from "../http/routes.ts";
import { credentialAnswer, newRepoAnswer, oneRepoAnswer, repoAnswer, trendAnswer } from "./answers.ts";
import type { Credentials } from "./credentials.ts";
import { readNextProbe } from "./next-probe.ts";
import type { Repos } from "./repos.ts";
import { readSharing } from "./sharing.ts";

const MAX_DAYS = 365;

const credentialBody = v.strictObject({
  url: v.optional(v.string()),
  own_folder: v.optional(v.boolean()),
  http_username: v.optional(v.string()),
  http_password: v.optional(v.string()),
  repo_password: v.optional(v.string()),
  env: v.optional(v.record(v.string(), v.string())),
});

const nameBody = v.string("Enter a name.");
const compressionBody = v.picklist(["auto", "off", "max"], "Use auto, off or max.");

export type RepoRouteDeps = { db: Db; clock: Clock; credentials: Credentials; repos: Repos };

export function repoRoutes({ db, clock, credentials, repos }: RepoRouteDeps): Route[] {
  const get = (id: string): RepoRow => {
    const repo = findRepo(db, id);
    if (!repo || repo.removedAt !== null) throw notFound("repo");
    return repo;
  };
  const shown = (repoId: string, slot: CredentialSlot) => {
    const redacted = credentials.redacted(repoId, slot);
    if (!redacted) throw notFound(slot === "admin" ? "admin credential" : "credential");
    const { rotated_at, proved_at, trial_again_at } = redacted;
    const times = { rotated_at: iso(rotated_at), proved_at: iso(proved_at), trial_again_at: iso(trial_again_at) };
    return { ...redacted, ...times };
  };
  return [
    route({
      method: "GET",
      path: "/api/repos",
      access: "viewer",
      summary: "Repos of all hosts",
      answers: { 200: listOf(repoAnswer) },
      query: v.strictObject(pageFields),
      handle: ({ c, query }) => {
        const all = listRepos(db);
        const items = all.slice(query.offset, query.offset + query.limit);
        return c.json({ items: items.map((repo) => repoBody(repo, repo.hostName)), total: all.length });
      },
    }),
    route({
      method: "GET",
      path: "/api/repos/:id",
      access: "viewer",
      summary: "One repo",
      answers: { 200: oneRepoAnswer },
      handle: ({ c, params }) => {
        const repo = get(params["id"] ?? "");
        const { shared, elsewhere } = readSharing(db, repo);
        const hostNameOf = ({ hostId }: RepoRow) => findHost(db, hostId)?.name ?? "";
        const others = (those: readonly RepoRow[]) =>
          those
            .filter(({ id }) => id !== repo.id)
            .map((other) => ({ id: other.id, host_id: other.hostId, host_name: hostNameOf(other) }));
        return c.json({
          ...repoBody(repo, hostNameOf(repo)),
          next_look_at: iso(readNextProbe(db, repo)),
          shared_with: others(shared),
          same_id_elsewhere: others(elsewhere),
        });
      },
    }),
    route({
      method: "GET",
      path: "/api/hosts/:id/repos",
      access: "viewer",
      summary: "Repos of a host, the primary one first",
      answers: { 200: listOf(repoAnswer) },
      handle: ({ c, params }) => {
        const host = findHost(db, params["id"] ?? "");
        if (!host) throw notFound("host");
        const items = listReposOfHost(db, host.id).map((repo) => repoBody(repo, host.name));
        return c.json({ items, total: items.length });
      },
    }),
    route({
      method: "GET",
      path: "/api/repos/:id/trend",
      access: "viewer",
      summary: "Size and snapshots, one row per day",
      answers: { 200: trendAnswer },
      query: v.strictObject({
        days: v.optional(
          v.pipe(
            v.string(),
            v.regex(/^\d{1,3}$/, "Enter a number of days."),
            v.transform(Number),
            v.maxValue(MAX_DAYS, "Enter at most 365."),
          ),
          "90",
        ),
      }),
      handle: ({ c, params, query }) => {
        const since = utcDay(clock.now() - query.days * 86_400_000);
        const items = listRepoSamples(db, get(params["id"] ?? "").id, since).map((row) => ({
          day: row.day,
          size_bytes: row.sizeBytes,
          snapshot_count: row.snapshotCount,
          added_bytes: row.addedBytes,
        }));
        return c.json({ items, total: items.length });
      },
    }),
    route({
      method: "GET",
      path: "/api/repos/:id/credentials/everyday",
      access: "operator",
      summary: "The everyday credential, without its secrets",
      answers: { 200: credentialAnswer },
      handle: ({ c, params }) => {
        return c.json(shown(get(params["id"] ?? "").id, "everyday"));
      },
    }),
    route({
      method: "PUT",
      path: "/api/repos/:id/credentials/everyday",
      access: "admin",
      action: "credential.changed",
      summary: "Change the everyday credential; the old one stays in use until the new one works",
      example: { http_username: "web-01", http_password: "a new one" },
      answers: { 200: credentialAnswer },
      errors: { 409: ["credential_unreadable"] },
      body: credentialBody,
      handle: ({ c, params, body, actor }) => {
        const id = params["id"] ?? "";
        credentials.change(actor, id, "everyday", body);
        return c.json(shown(id, "everyday"));
      },
    }),
    route({
      method: "GET",
      path: "/api/repos/:id/credentials/admin",
      access: "operator",
      summary: "The admin credential, without its secrets",
      answers: { 200: credentialAnswer },
      handle: ({ c, params }) => c.json(shown(get(params["id"] ?? "").id, "admin")),
    }),
    route({
      method: "PUT",
      path: "/api/repos/:id/credentials/admin",
      access: "admin",
      action: "credential.changed",
      summary: "Set the admin credential; missing fields are taken from the everyday one",
      example: { url: "rest:https://vault.example:8001/web-01/", http_username: "admin", http_password: "another one" },
      answers: { 200: credentialAnswer },
      errors: { 409: ["credential_unreadable"] },
      body: credentialBody,
      handle: ({ c, params, body, actor }) => {
        const id = params["id"] ?? "";
        credentials.setAdmin(actor, id, body);
        return c.json(shown(id, "admin"));
      },
    }),
    route({
      method: "DELETE",
      path: "/api/repos/:id/credentials/admin",
      access: "admin",
      action: "credential.removed",
      summary: "Remove the admin credential",
      answers: noBody,
      body: v.strictObject({}),
      handle: ({ c, params, actor }) => {
        credentials.removeAdmin(actor, params["id"] ?? "");
        return c.body(null, 204);
      },
    }),
    route({
      method: "POST",
      path: "/api/hosts/:id/repos",
      access: "admin",
      action: "repo.added",
      summary: "Add a repo to a host; passwords that are left out are generated and shown once",
      example: { name: "offsite", url: "sftp:backup@vault.example:/srv/web-01" },
      answers: { 201: newRepoAnswer },
      errors: { 409: ["host_archived", "too_many_repos"] },
      body: v.strictObject({
        name: nameBody,
        kind: v.optional(v.picklist(REPO_KINDS, "Unknown kind of repo.")),
        url: v.string("Enter an address."),
        own_folder: v.optional(v.boolean()),
        http_username: v.optional(v.string()),
        http_password: v.optional(v.string()),
        repo_password: v.optional(v.string()),
        env: v.optional(v.record(v.string(), v.string())),
        compression: v.optional(compressionBody),
      }),
      handle: async ({ c, params, body, actor }) => {
        const { repo, generated } = await repos.add(actor, params["id"] ?? "", body);
        return c.json({ ...repoBody(repo, findHost(db, repo.hostId)?.name ?? ""), generated }, 201);
      },
    }),
    route({
      method: "PATCH",
      path: "/api/repos/:id",
      access: "operator",
      action: "repo.changed",
      summary: "Rename a repo, make it the primary one, or set its compression",
      example: { compression: "max" },
      answers: { 200: repoAnswer },
      errors: { 409: ["host_archived"] },
      body: v.strictObject({
        name: v.optional(nameBody),
        is_primary: v.optional(
          v.literal(true, "To change the primary repo, make another repo the primary one instead."),
        ),
        compression: v.optional(compressionBody),
      }),
      handle: ({ c, params, body, actor }) => {
        const repo = repos.change(actor, params["id"] ?? "", body);
        return c.json(repoBody(repo, findHost(db, repo.hostId)?.name ?? ""));
      },
    }),
    route({
      method: "DELETE",
      path: "/api/repos/:id",
      access: "admin",
      action: "repo.removed",
      summary: "Remove a repo from its host; the repository and its data stay",
      answers: noBody,
      errors: { 409: ["primary_repo", "repo_in_use"] },
      body: v.strictObject({ confirm: v.string("Type the host's name.") }),
      handle: ({ c, params, body, actor }) => {
        repos.remove(actor, params["id"] ?? "", body.confirm);
        return c.body(null, 204);
      },
    }),
  ];
}

function repoBody(repo: RepoRow, hostName: string): v.InferOutput<typeof repoAnswer> {
  return {
    id: repo.id,
    host_id: repo.hostId,
    host_name: hostName,
    name: repo.name,
    is_primary: repo.isPrimary,
    kind: repo.kind,
    url: repo.url,
    restic_id: repo.resticId,
    /** From format 2 on, a repository can compress. */
    format_version: repo.formatVersion,
    status: repo.status,
    status_code: repo.statusCode,
    status_message: repo.statusMessage,
    status_at: iso(repo.statusAt),
    append_only: repo.appendOnly,
    append_only_checked_at: iso(repo.appendOnlyCheckedAt),
    size_bytes: repo.sizeBytes,
    restore_size_bytes: repo.restoreSizeBytes,
    file_count: repo.fileCount,
    snapshot_count: repo.snapshotCount,
    dedup_ratio: repo.dedupRatio,
    compression_ratio: repo.compressionRatio,
    measured_at: iso(repo.measuredAt),
    compression: repo.compression,
    /** Snapshots that exist but cannot be read because of damaged files. */
    unreadable_snapshots: repo.unreadableSnapshots ?? [],
    lock_count: repo.lockCount,
    oldest_lock_at: iso(repo.oldestLockAt),
    locks: (repo.locks ?? []).map(({ time, ...lock }) => ({ ...lock, time: iso(time) })),
    locks_at: iso(repo.locksAt),
    last_forget_at: iso(repo.lastForgetAt),
    last_forget_status: repo.lastForgetStatus,
    last_prune_at: iso(repo.lastPruneAt),
    last_prune_status: repo.lastPruneStatus,
    last_check_at: iso(repo.lastCheckAt),
    last_check_status: repo.lastCheckStatus,
    fully_read_since: iso(repo.fullyReadSince),
  };
}

/** REST: repos, what is known of them, and what opens them (never shown). */
import * as v from "valibot";
import type { Db } from "../../db/open.ts";
import { findHost } from "../../db/queries/hosts.ts";
import {
  findRepo,
  listRepoSamples,
  listRepos,
  listReposOfHost,
  listSharers,
  type RepoListItem,
} from "../../db/queries/repos.ts";
import type { RepoRow } from "../../db/schema/repos.ts";
import type { Clock } from "../../shared/clock.ts";
import { notFound } from "../http/errors.ts";
import { iso, pageFields } from "../http/lists.ts";
import { type Route, route } from "../http/routes.ts";
import type { Credentials } from "./credentials.ts";

const MAX_DAYS = 365;

export function repoRoutes({ db, clock, credentials }: { db: Db; clock: Clock; credentials: Credentials }): Route[] {
  const get = (id: string): RepoRow => {
    const repo = findRepo(db, id);
    if (!repo) throw notFound("repo");
    return repo;
  };
  return [
    route({
      method: "GET",
      path: "/api/repos",
      access: "viewer",
      summary: "Repos of all hosts",
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
      handle: ({ c, params }) => {
        const repo = get(params["id"] ?? "");
        const shared = listSharers(db, repo).map((other: RepoListItem) => ({
          id: other.id,
          host_id: other.hostId,
          host_name: other.hostName,
        }));
        return c.json({ ...repoBody(repo, findHost(db, repo.hostId)?.name ?? ""), shared_with: shared });
      },
    }),
    route({
      method: "GET",
      path: "/api/hosts/:id/repos",
      access: "viewer",
      summary: "Repos of a host, the primary one first",
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
      summary: "Size and snapshots, one row a day",
      query: v.strictObject({
        days: v.optional(
          v.pipe(
            v.string(),
            v.regex(/^\d{1,3}$/, "Write a number of days."),
            v.transform(Number),
            v.maxValue(MAX_DAYS, "At most 365."),
          ),
          "90",
        ),
      }),
      handle: ({ c, params, query }) => {
        const since = new Date(clock.now() - query.days * 86_400_000).toISOString().slice(0, 10);
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
      summary: "What opens the repo, without its secrets",
      handle: ({ c, params }) => {
        const redacted = credentials.redacted(get(params["id"] ?? "").id, "everyday");
        if (!redacted) throw notFound("credential");
        return c.json({ ...redacted, rotated_at: iso(redacted.rotated_at) });
      },
    }),
    route({
      method: "PUT",
      path: "/api/repos/:id/credentials/everyday",
      access: "admin",
      action: "credential.changed",
      summary: "Change what opens the repo; it is tried first, the old one stays until it works",
      body: v.strictObject({
        url: v.optional(v.string()),
        http_username: v.optional(v.string()),
        http_password: v.optional(v.string()),
        repo_password: v.optional(v.string()),
        env: v.optional(v.record(v.string(), v.string())),
      }),
      handle: ({ c, params, body, actor }) => {
        const id = params["id"] ?? "";
        credentials.change(actor, id, "everyday", body);
        const redacted = credentials.redacted(id, "everyday");
        return c.json(redacted ? { ...redacted, rotated_at: iso(redacted.rotated_at) } : {});
      },
    }),
  ];
}

function repoBody(repo: RepoRow, hostName: string) {
  return {
    id: repo.id,
    host_id: repo.hostId,
    host_name: hostName,
    name: repo.name,
    is_primary: repo.isPrimary,
    kind: repo.kind,
    url: repo.url,
    restic_id: repo.resticId,
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
    lock_count: repo.lockCount,
    oldest_lock_at: iso(repo.oldestLockAt),
  };
}

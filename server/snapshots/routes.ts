/** REST: snapshots of a host, as last reported. */
import * as v from "valibot";
import type { Db } from "../../db/open.ts";
import { findHost } from "../../db/queries/hosts.ts";
import { listReposOfHost } from "../../db/queries/repos.ts";
import { listSnapshots } from "../../db/queries/snapshots.ts";
import { notFound } from "../http/errors.ts";
import { iso, pageFields, timeParameter } from "../http/lists.ts";
import { type Route, route } from "../http/routes.ts";
import { snapshotListAnswer } from "./answers.ts";

export function snapshotRoutes({ db }: { db: Db }): Route[] {
  return [
    route({
      method: "GET",
      path: "/api/hosts/:id/snapshots",
      access: "viewer",
      summary: "Snapshots, newest first",
      answers: { 200: snapshotListAnswer },
      query: v.strictObject({
        ...pageFields,
        repo_id: v.optional(v.string()),
        tag: v.optional(v.string()),
        path: v.optional(v.string()),
        since: v.optional(timeParameter),
        until: v.optional(timeParameter),
      }),
      handle: ({ c, params, query }) => {
        const host = findHost(db, params["id"] ?? "");
        if (!host) throw notFound("host");
        const repos = listReposOfHost(db, host.id).filter((repo) => !query.repo_id || repo.id === query.repo_id);
        const filter = { ...query, repoIds: repos.map((repo) => repo.id), hostname: host.resticHost };
        const { items, total } = listSnapshots(db, filter, query.limit, query.offset);
        const unreadable = new Set(repos.flatMap((repo) => repo.unreadableSnapshots ?? []));
        const refreshed = repos.map((repo) => repo.snapshotsTakenAt ?? 0);
        return c.json({
          items: items.map((row) => ({
            repo_id: row.repoId,
            snapshot_id: row.snapshotId,
            short_id: row.shortId,
            time: iso(row.time),
            utc_offset_minutes: row.utcOffsetMinutes,
            is_readable: !unreadable.has(row.snapshotId),
            hostname: row.hostname,
            username: row.username,
            paths: row.paths,
            tags: row.tags,
            parent: row.parent,
            size_bytes: row.sizeBytes,
            file_count: row.fileCount,
            added_bytes: row.addedBytes,
          })),
          total,
          refreshed_at: iso(refreshed.length > 0 ? Math.min(...refreshed) || null : null),
        });
      },
    }),
  ];
}

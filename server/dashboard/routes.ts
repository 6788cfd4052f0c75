/** REST: the fleet summary, and the list of hosts. */
import * as v from "valibot";
import type { Db } from "../../db/open.ts";
import { findHost } from "../../db/queries/hosts.ts";
import { countJobs } from "../../db/queries/jobs.ts";
import { HOST_STATUSES } from "../../shared/hosts.ts";
import { REPO_STATUSES } from "../../shared/repos.ts";
import { type Clock, DAY_MS } from "../../shared/time/clock.ts";
import type { Hub } from "../agents/hub.ts";
import { unitOf } from "../hosts/rules.ts";
import { listOf } from "../http/answers.ts";
import { notFound } from "../http/errors.ts";
import { iso, pageFields } from "../http/lists.ts";
import { type Route, route } from "../http/routes.ts";
import { fleetAnswer, hostAnswer } from "./answers.ts";
import { filterFleet, sortFleet } from "./filter.ts";
import type { Fleet, FleetHost } from "./fleet.ts";

export function dashboardRoutes({ db, clock, hub, fleet }: { db: Db; clock: Clock; hub: Hub; fleet: Fleet }): Route[] {
  const bodyOf = (row: FleetHost) => ({ ...hostBody(row), unit: unitOf(hub, row.host.id) });
  return [
    route({
      method: "GET",
      path: "/api/fleet/summary",
      access: "viewer",
      summary: "Figures of the whole fleet",
      answers: { 200: fleetAnswer },
      handle: ({ c }) => {
        const hosts = fleet.hosts();
        const since = clock.now() - DAY_MS;
        const ended = (status: "succeeded" | "failed") => countJobs(db, { kind: "backup", status, since }).total;
        const by = (status: string) => hosts.filter((row) => row.status === status).length;
        return c.json({
          hosts: { total: hosts.length, online: by("online"), degraded: by("degraded"), offline: by("offline") },
          protected_24h: hosts.filter((row) => row.isProtected).length,
          repo_size_bytes: hosts.reduce((sum, row) => sum + (row.host.repoSizeBytes ?? 0), 0),
          snapshots: hosts.reduce((sum, row) => sum + row.host.snapshotCount, 0),
          jobs_running: hosts.flatMap((row) => row.openJobs).filter((job) => job.status === "running").length,
          jobs_waiting: hosts.flatMap((row) => row.openJobs).filter((job) => job.status === "queued").length,
          backups_24h: {
            succeeded: ended("succeeded"),
            failed: ended("failed"),
            /** Succeeded backups that saved no files. */
            saved_nothing: countJobs(db, { kind: "backup", savedNothing: true, since }).total,
          },
        });
      },
    }),
    route({
      method: "GET",
      path: "/api/hosts",
      access: "viewer",
      summary: "Hosts",
      answers: { 200: listOf(hostAnswer) },
      query: v.strictObject({
        ...pageFields,
        q: v.optional(v.string(), ""),
        tag: v.optional(v.union([v.string(), v.array(v.string())]), []),
        status: v.optional(v.picklist(HOST_STATUSES, "Use online, degraded or offline.")),
        repo_status: v.optional(v.picklist(REPO_STATUSES, "Use unknown, waiting, ready or failed.")),
        sort: v.optional(
          v.picklist(["status", "host", "last_backup", "repo_size", "snapshots"], "This sort order does not exist."),
          "host",
        ),
        dir: v.optional(v.picklist(["asc", "desc"], "Use asc or desc."), "asc"),
      }),
      handle: ({ c, query }) => {
        const tags = typeof query.tag === "string" ? [query.tag] : query.tag;
        const filter = {
          q: query.q,
          tags,
          status: query.status ?? null,
          repoStatus: query.repo_status ?? null,
          isUnprotected: false,
        };
        const rows = sortFleet(filterFleet(fleet.hosts(), filter), query.sort, query.dir);
        return c.json({
          items: rows.slice(query.offset, query.offset + query.limit).map(bodyOf),
          total: rows.length,
        });
      },
    }),
    route({
      method: "GET",
      path: "/api/hosts/:id",
      access: "viewer",
      summary: "One host, archived or not",
      answers: { 200: hostAnswer },
      handle: ({ c, params }) => {
        const id = params["id"] ?? "";
        const row = fleet.hosts().find((live) => live.host.id === id);
        if (row) return c.json(bodyOf(row));
        const archived = findHost(db, id);
        if (!archived) throw notFound("host");
        const bare = { repos: [], groups: [], targets: [], openJobs: [], isProtected: false, hasWarnings: false };
        const idle = { nextRunAt: null, lateSince: null, unscheduled: [] };
        return c.json(bodyOf({ host: archived, status: "offline", lastSeenAt: archived.lastSeenAt, ...bare, ...idle }));
      },
    }),
  ];
}

function hostBody({ host, status, lastSeenAt, repos, groups, targets, isProtected, ...row }: FleetHost) {
  return {
    id: host.id,
    name: host.name,
    restic_host: host.resticHost,
    status,
    os: host.os,
    arch: host.arch,
    agent_version: host.agentVersion,
    restic_version: host.resticVersion,
    timezone: host.timezone,
    timezone_override: host.timezoneOverride,
    tags: host.tags,
    roaming: host.roaming,
    bandwidth: { up_kbps: host.bandwidthUpKbps, down_kbps: host.bandwidthDownKbps },
    enrolled_at: iso(host.enrolledAt),
    archived_at: iso(host.archivedAt),
    last_seen_at: iso(lastSeenAt),
    last_backup_at: iso(host.lastBackupAt),
    next_run_at: iso(row.nextRunAt),
    repo_size_bytes: host.repoSizeBytes,
    snapshot_count: host.snapshotCount,
    state_version: host.stateVersion,
    applied_state_version: host.appliedStateVersion,
    in_sync: host.driftSince === null,
    drift_since: iso(host.driftSince),
    state_errors: host.stateErrors.map(({ path, message, about }) => ({ path, message, about: about ?? null })),
    current_job_id: host.currentJobId,
    capabilities: host.capabilities,
    protected_24h: isProtected,
    repos: repos.map((repo) => ({
      id: repo.id,
      name: repo.name,
      status: repo.status,
      status_code: repo.statusCode,
      is_primary: repo.isPrimary === 1,
    })),
    source_groups: groups.map((group) => ({
      id: group.id,
      name: group.name,
      is_scheduled: !row.unscheduled.includes(group),
      targets: targets
        .filter((target) => target.sourceGroupId === group.id)
        .map((target) => ({
          repo_id: target.repoId,
          last_status: target.lastStatus,
          last_at: iso(target.lastAt),
          last_job_id: target.lastJobId,
          last_success_at: iso(target.lastSuccessAt),
          last_warnings: target.lastWarnings,
          last_warning_causes: target.causes,
        })),
    })),
  };
}

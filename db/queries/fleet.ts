/** Reads the facts about the whole fleet, or some of its hosts, in a handful of statements. */
import type { JobStatus } from "../../shared/jobs.ts";
import type { RepoStatus } from "../../shared/repos.ts";
import type { CauseCount } from "../../shared/warnings.ts";
import type { Db } from "../open.ts";
import type { HostRow } from "../schema/hosts.ts";
import { findHost, listLiveHosts } from "./hosts.ts";
import { CAUSE_COUNTS, parseCauses } from "./jobs.ts";
import { WANTED_TARGETS } from "./source-groups.ts";

export type FleetRepo = {
  id: string;
  hostId: string;
  name: string;
  isPrimary: number;
  status: RepoStatus;
  statusCode: string | null;
};
/** An active schedule and one of its groups. */
export type FleetSchedule = {
  id: string;
  hostId: string;
  sourceGroupId: string;
  cron: string;
  timezone: string | null;
  splayMinutes: number;
  nextRunAt: number | null;
};
/** `heldSince`: since then forget skips the group until a person confirms. */
export type FleetGroup = { id: string; hostId: string; name: string; heldSince: number | null };
/** A group and one of its target repos, with the last ended backup, if any, and the facts that a list shows. */
export type FleetTarget = {
  hostId: string;
  sourceGroupId: string;
  repoId: string;
  lastJobId: string | null;
  lastStatus: JobStatus | null;
  lastWarnings: number;
  lastAt: number | null;
  lastSuccessAt: number | null;
  errorCode: string | null;
  errorMessage: string | null;
  startedAt: number | null;
  causes: CauseCount[];
};
export type FleetOpenJob = {
  id: string;
  hostId: string;
  kind: string;
  status: "queued" | "running";
  sourceGroupId: string | null;
  repoId: string | null;
  queuedAt: number;
  startedAt: number | null;
};

export type FleetFacts = {
  hosts: HostRow[];
  repos: FleetRepo[];
  groups: FleetGroup[];
  targets: FleetTarget[];
  openJobs: FleetOpenJob[];
  schedules: FleetSchedule[];
};

const REPOS = `SELECT r.id, r.host_id AS hostId, r.name, r.is_primary AS isPrimary, r.status, r.status_code AS statusCode
  FROM repos r JOIN hosts h ON h.id = r.host_id WHERE h.archived_at IS NULL AND r.removed_at IS NULL`;
const GROUPS = `SELECT g.id, g.host_id AS hostId, g.name, g.retention_held_since AS heldSince
  FROM source_groups g JOIN hosts h ON h.id = g.host_id WHERE h.archived_at IS NULL`;
const TARGETS = `SELECT w.host_id AS hostId, w.source_group_id AS sourceGroupId, w.repo_id AS repoId, t.last_job_id AS lastJobId,
    t.last_status AS lastStatus, coalesce(t.last_warnings, 0) AS lastWarnings, t.last_at AS lastAt,
    t.last_success_at AS lastSuccessAt, j.error_code AS errorCode, j.error_message AS errorMessage, j.started_at AS startedAt,
    ${CAUSE_COUNTS} AS causes
  FROM (${WANTED_TARGETS}) w
  JOIN hosts h ON h.id = w.host_id
  LEFT JOIN backup_targets t ON t.source_group_id = w.source_group_id AND t.repo_id = w.repo_id
  LEFT JOIN jobs j ON j.id = t.last_job_id
  WHERE h.archived_at IS NULL`;
const SCHEDULES = `SELECT s.id, s.host_id AS hostId, g.source_group_id AS sourceGroupId, s.cron, s.timezone,
    s.splay_minutes AS splayMinutes, s.next_run_at AS nextRunAt
  FROM schedules s JOIN schedule_source_groups g ON g.schedule_id = s.id JOIN hosts h ON h.id = s.host_id
  WHERE s.enabled = 1 AND h.archived_at IS NULL AND h.schedules_paused = 0`;
/** The index is named because the order by id would tempt SQLite to scan all jobs. */
const OPEN_JOBS = `SELECT id, host_id AS hostId, kind, status, source_group_id AS sourceGroupId, repo_id AS repoId,
    queued_at AS queuedAt, started_at AS startedAt
  FROM jobs INDEXED BY jobs_open WHERE status IN ('queued', 'running')`;

/** Plain SQL, because it reads a whole fleet. @param hostIds null = all live hosts, by name; otherwise the live ones among these */
export function readFleetFacts(db: Db, hostIds: readonly string[] | null = null): FleetFacts {
  const some = JSON.stringify(hostIds);
  const rows = <T>(text: string, hostColumn: string, order = "") =>
    hostIds === null
      ? db.$client.query<T, []>(`${text} ${order}`).all()
      : db.$client
          .query<T, [string]>(`${text} AND ${hostColumn} IN (SELECT value FROM json_each(?)) ${order}`)
          .all(some);
  return {
    hosts: hostIds === null ? listLiveHosts(db) : listLiveOf(db, hostIds),
    repos: rows<FleetRepo>(REPOS, "r.host_id"),
    groups: rows<FleetGroup>(GROUPS, "g.host_id", "ORDER BY lower(g.name)"),
    targets: rows<Omit<FleetTarget, "causes"> & { causes: string | null }>(TARGETS, "w.host_id").map((row) => ({
      ...row,
      causes: parseCauses(row.causes),
    })),
    openJobs: rows<FleetOpenJob>(OPEN_JOBS, "host_id", "ORDER BY id"),
    schedules: rows<FleetSchedule>(SCHEDULES, "s.host_id"),
  };
}

function listLiveOf(db: Db, hostIds: readonly string[]): HostRow[] {
  return hostIds.flatMap((id) => {
    const host = findHost(db, id);
    return host?.archivedAt === null ? [host] : [];
  });
}

/** Records what an ended backup means for its target, its day and its host. Idempotent. */
import type { Db } from "../../db/open.ts";
import { findHost, updateHost } from "../../db/queries/hosts.ts";
import { listBackupsBetween, listLastSuccesses, listOpenJobs } from "../../db/queries/jobs.ts";
import { findRepo } from "../../db/queries/repos.ts";
import { listExcusedRepos } from "../../db/queries/schedules.ts";
import {
  deleteTargetsOfRepo,
  findDueRuns,
  findSourceGroup,
  findTarget,
  listTargetsAt,
  listTargetsOfHost,
  putDailyOutcome,
  putTarget,
} from "../../db/queries/source-groups.ts";
import type { HostRow } from "../../db/schema/hosts.ts";
import type { JobRow } from "../../db/schema/jobs.ts";
import type { SourceGroupRow } from "../../db/schema/source-groups.ts";
import { dayIn, spanOfDay } from "../../shared/time/days.ts";
import { savedNothing } from "../../shared/warnings.ts";
import { zoneOf } from "../hosts/rules.ts";
import { median, outcomeOfDay } from "./days.ts";

const MEDIAN_OF = 14;

/** Call inside the transaction that ended the job. */
export function recordBackupEnd(db: Db, job: JobRow): void {
  const group = job.sourceGroupId ? findSourceGroup(db, job.sourceGroupId) : null;
  const host = group ? findHost(db, group.hostId) : null;
  if (!group || !host || job.kind !== "backup" || job.repoId === null || job.finishedAt === null) return;
  if (job.status === "cancelled") {
    evaluateDay(db, host, group, dayIn(zoneOf(host), momentOf(job)));
    return;
  }
  recordTarget(db, job, group.id, job.repoId, job.finishedAt);
  evaluateDay(db, host, group, dayIn(zoneOf(host), momentOf(job)));
  refreshLastBackup(db, host.id);
}

/** A newly created repository holds none of the earlier backups. Call inside the transaction that ended the job. */
export function recordInitEnd(db: Db, job: JobRow): void {
  const repo = job.kind === "init" && job.status === "succeeded" && job.repoId ? findRepo(db, job.repoId) : null;
  if (!repo) return;
  deleteTargetsOfRepo(db, repo.id);
  refreshLastBackup(db, repo.hostId);
}

function refreshLastBackup(db: Db, hostId: string): void {
  const successes = listTargetsOfHost(db, hostId).map((target) => target.lastSuccessAt ?? 0);
  updateHost(db, hostId, { lastBackupAt: Math.max(0, ...successes) || null });
}

function recordTarget(db: Db, job: JobRow, sourceGroupId: string, repoId: string, finishedAt: number): void {
  const before = findTarget(db, sourceGroupId, repoId);
  // The agent's report of a job that the server had given up has an earlier end than the server's own.
  const isCorrection = before?.lastJobId === job.id;
  const isNewest = isCorrection || finishedAt >= (before?.lastAt ?? 0);
  const succeededAt = job.status === "succeeded" && !savedNothing(job.stats) ? finishedAt : 0;
  const successes = listLastSuccesses(db, sourceGroupId, repoId, MEDIAN_OF);
  putTarget(db, {
    sourceGroupId,
    repoId,
    lastJobId: isNewest ? job.id : (before?.lastJobId ?? null),
    lastStatus: isNewest ? job.status : (before?.lastStatus ?? null),
    lastWarnings: isNewest ? job.warnings : (before?.lastWarnings ?? 0),
    lastAt: isNewest ? finishedAt : (before?.lastAt ?? finishedAt),
    lastSuccessAt: Math.max(succeededAt, before?.lastSuccessAt ?? 0) || null,
    addedBytesMedian: median(successes.map((j) => Number(j.stats?.["data_added"] ?? 0))),
    filesMedian: median(successes.map((j) => Number(j.stats?.["total_files_processed"] ?? 0))),
  });
}

/** Evaluates a day of a group again from everything that is known: jobs, due times, skips. */
export function evaluateDay(db: Db, host: HostRow, group: Pick<SourceGroupRow, "id" | "hostId">, day: string): void {
  const { since, until } = spanOfDay(zoneOf(host), day);
  const backups = listBackupsBetween(db, group.id, since, until);
  const open = listOpenJobs(db, host.id).filter((job) => job.sourceGroupId === group.id && momentOf(job) < until);
  const outcome = outcomeOfDay({
    backups,
    targets: listTargetsAt(db, group, until),
    due: findDueRuns(db, host.id, group.id, day),
    excused: new Set([
      ...open.map((job) => job.repoId ?? ""),
      ...listExcusedRepos(db, host.id, group.id, since, until),
    ]),
    isOver: host.daysClosedUntil !== null && day <= host.daysClosedUntil,
  });
  putDailyOutcome(db, { hostId: host.id, sourceGroupId: group.id, day, ...outcome });
}

/** Evaluates the day that a moment belongs to, in the zone of the group's host. */
export function evaluateDayAt(db: Db, sourceGroupId: string, at: number): void {
  const group = findSourceGroup(db, sourceGroupId);
  const host = group ? findHost(db, group.hostId) : null;
  if (group && host) evaluateDay(db, host, group, dayIn(zoneOf(host), at));
}

/** The moment that decides which day a backup belongs to. */
function momentOf(job: Pick<JobRow, "scheduledAt" | "startedAt" | "queuedAt">): number {
  return job.scheduledAt ?? job.startedAt ?? job.queuedAt;
}

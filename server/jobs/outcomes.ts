/** What an ended backup means for its target, its day and its host. Idempotent: the same end twice changes nothing. */
import type { Db } from "../../db/open.ts";
import { findHost, updateHost } from "../../db/queries/hosts.ts";
import { listBackupsBetween, listLastBackups } from "../../db/queries/jobs.ts";
import {
  findSourceGroup,
  findTarget,
  listTargetsOfHost,
  putDailyOutcome,
  putTarget,
} from "../../db/queries/source-groups.ts";
import type { HostRow } from "../../db/schema/hosts.ts";
import type { JobRow } from "../../db/schema/jobs.ts";
import { DAY_MS } from "../../shared/clock.ts";
import { dayIn, median, outcomeOfDay } from "./days.ts";

const MEDIAN_OF = 14;

export function zoneOf(host: Pick<HostRow, "timezone" | "timezoneOverride">): string {
  return host.timezoneOverride ?? host.timezone;
}

/** Call inside the transaction that ended the job. */
export function recordBackupEnd(db: Db, job: JobRow): void {
  const group = job.sourceGroupId ? findSourceGroup(db, job.sourceGroupId) : null;
  const host = group ? findHost(db, group.hostId) : null;
  if (!group || !host || job.kind !== "backup" || job.repoId === null || job.finishedAt === null) return;
  if (job.status !== "succeeded" && job.status !== "failed") return;
  recordTarget(db, job, group.id, job.repoId, job.finishedAt);
  recordDay(db, job, group.id, host);
  const successes = listTargetsOfHost(db, host.id).map((target) => target.lastSuccessAt ?? 0);
  updateHost(db, host.id, { lastBackupAt: Math.max(0, ...successes) || null });
}

function recordTarget(db: Db, job: JobRow, sourceGroupId: string, repoId: string, finishedAt: number): void {
  const before = findTarget(db, sourceGroupId, repoId);
  const isNewest = finishedAt >= (before?.lastAt ?? 0);
  const succeededAt = job.status === "succeeded" ? finishedAt : 0;
  const successes = listLastBackups(db, sourceGroupId, MEDIAN_OF).filter(
    (j) => j.status === "succeeded" && j.repoId === repoId,
  );
  putTarget(db, {
    sourceGroupId,
    repoId,
    lastJobId: isNewest ? job.id : (before?.lastJobId ?? null),
    lastStatus: isNewest ? job.status : (before?.lastStatus ?? null),
    lastWarnings: isNewest ? job.warnings : (before?.lastWarnings ?? 0),
    lastAt: Math.max(finishedAt, before?.lastAt ?? 0),
    lastSuccessAt: Math.max(succeededAt, before?.lastSuccessAt ?? 0) || null,
    addedBytesMedian: median(successes.map((j) => Number(j.stats?.["data_added"] ?? 0))),
    filesMedian: median(successes.map((j) => Number(j.stats?.["total_files_processed"] ?? 0))),
  });
}

function recordDay(db: Db, job: JobRow, sourceGroupId: string, host: HostRow): void {
  const at = job.scheduledAt ?? job.startedAt ?? job.queuedAt;
  const zone = zoneOf(host);
  const day = dayIn(zone, at);
  const around = listBackupsBetween(db, sourceGroupId, at - 2 * DAY_MS, at + 2 * DAY_MS);
  const ofDay = around.filter((other) => dayIn(zone, other.scheduledAt ?? other.startedAt ?? other.queuedAt) === day);
  const outcome = outcomeOfDay(ofDay);
  if (outcome) putDailyOutcome(db, { hostId: host.id, sourceGroupId, day, ...outcome });
}

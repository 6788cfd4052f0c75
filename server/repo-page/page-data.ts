/** Gathers the maintenance, locks and size trend shown on a repo's page. */
import type { Db } from "../../db/open.ts";
import { findHost, listLiveHosts } from "../../db/queries/hosts.ts";
import { findLastJob, listJobs, listOpenJobsOfRepo } from "../../db/queries/jobs.ts";
import { listRepoSamples } from "../../db/queries/repos.ts";
import type { JobRow } from "../../db/schema/jobs.ts";
import type { RepoRow } from "../../db/schema/repos.ts";
import { MAINTENANCE_KINDS, type MaintenanceKind } from "../../shared/maintenance.ts";
import { reasonInWords } from "../../shared/reasons.ts";
import { isEmptyRetention } from "../../shared/retention.ts";
import { DAY_MS, HOUR_MS } from "../../shared/time/clock.ts";
import { nextRuns } from "../../shared/time/cron.ts";
import { cronInWords } from "../../shared/time/cron-words.ts";
import { utcDay } from "../../shared/time/days.ts";
import { formatBytes, formatDuration, formatPlural } from "../../ui/format.ts";
import { heldPath, hostPath } from "../../ui/links.ts";
import type { LocksView } from "../../ui/repos/locks.tsx";
import type { Trend } from "../../ui/repos/size.tsx";
import type { MaintenanceLine, MaintenanceView } from "../../ui/repos/types.ts";
import { expressionOf, readCadence } from "../maintenance/cadence.ts";
import { budgetAdvice, nextSubset, partsFor } from "../maintenance/check-plan.ts";
import type { Decision } from "../maintenance/decide.ts";
import type { Maintenance } from "../maintenance/maintenance.ts";
import type { MaintenanceSurvey } from "../maintenance/survey.ts";

/** Age from which a lock counts as stale, unless one of our jobs holds it. */
const STALE_AFTER_MS = HOUR_MS;
const RUNS_FOR_PERIOD = 8;

export type PageDataDeps = { db: Db; maintenance: Maintenance; survey: MaintenanceSurvey };

export function maintenanceView(
  { db, maintenance, survey }: PageDataDeps,
  repo: RepoRow,
  now: number,
): MaintenanceView {
  const decisions = maintenance.decisions(repo);
  const executor = survey.executorOf(repo);
  const own = findHost(db, repo.hostId);
  const isGone = executor !== null && executor.archivedAt !== null && executor.id !== own?.id;
  const maintainer = survey.maintainerOf(repo);
  const other = maintainer !== null && maintainer.id !== repo.id ? maintainer : null;
  const open = listOpenJobsOfRepo(db, repo.id);
  const subset = nextSubset(repo);
  const lines = MAINTENANCE_KINDS.map(
    (kind): MaintenanceLine => ({
      kind,
      ...cadenceWords(repo, kind),
      last: lastOf(db, repo, kind),
      next: nextOf(decisions[kind]),
      openJobId: open.find((job) => job.kind === kind)?.id ?? null,
    }),
  );
  const parts = subset?.parts ?? partsFor(repo);
  const period = periodOf(survey, repo, now);
  return {
    enabled: repo.maintenanceEnabled,
    lines,
    runsOn: { id: executor?.id ?? repo.hostId, name: executor?.name ?? "its host" },
    isOwnHost: executor?.id === repo.hostId,
    right: survey.rightOf(repo),
    appendOnly: repo.appendOnly === "proven",
    maintainedBy: other
      ? {
          href: `${hostPath(other.hostId, "repos")}/${other.id}`,
          hostName: findHost(db, other.hostId)?.name ?? "another host",
        }
      : null,
    held: survey
      .sharingOf(repo)
      .shared.flatMap((one) => survey.groupsInto(one))
      .filter((group) => group.retentionHeldSince !== null && !isEmptyRetention(group.retention))
      .map((group) => ({
        name: group.name,
        hostName: group.hostId === repo.hostId ? null : (findHost(db, group.hostId)?.name ?? null),
        href: heldPath(group.hostId, group.id),
      })),
    check: {
      budgetBytes: repo.checkBudgetBytes,
      parts,
      part: subset?.part ?? null,
      downloadBytes: parts === null || repo.sizeBytes === null ? null : Math.ceil(repo.sizeBytes / parts),
      periodMs: period,
      roundMs: parts === null || period === null ? null : parts * period,
      fullyReadSince: repo.fullyReadSince,
      advice: parts === null || period === null ? null : budgetAdvice(repo, { parts, periodMs: period }),
    },
    hosts:
      repo.kind === "local" || !own
        ? []
        : [own, ...listLiveHosts(db).filter((host) => host.id !== own.id), ...(isGone ? [executor] : [])].map(
            ({ id, name, archivedAt }) => ({ id, name: archivedAt === null ? name : `${name} (archived)` }),
          ),
    maintenanceHostId: repo.maintenanceHostId,
  };
}

function cadenceWords(
  repo: RepoRow,
  kind: MaintenanceKind,
): Pick<MaintenanceLine, "expression" | "words" | "isDefault"> {
  const expression = expressionOf(repo, kind);
  return {
    expression,
    words: expression === null ? null : cronInWords(expression),
    isDefault: repo[`${kind}Cron`] === null,
  };
}

/** Average time between two checks; null if none are scheduled. */
function periodOf(survey: MaintenanceSurvey, repo: RepoRow, now: number): number | null {
  const expression = expressionOf(repo, "check");
  if (expression === null || !repo.maintenanceEnabled) return null;
  const cron = readCadence(repo, "check", expression);
  const runs = nextRuns(cron, survey.zoneOf(repo), now, RUNS_FOR_PERIOD);
  const [first] = runs;
  const last = runs.at(-1);
  return first === undefined || last === undefined ? null : (last - first) / (RUNS_FOR_PERIOD - 1);
}

function lastOf(db: Db, repo: RepoRow, kind: MaintenanceKind): MaintenanceLine["last"] {
  const columns = {
    forget: [repo.lastForgetAt, repo.lastForgetStatus],
    prune: [repo.lastPruneAt, repo.lastPruneStatus],
    check: [repo.lastCheckAt, repo.lastCheckStatus],
  } as const;
  const [at, status] = columns[kind];
  if (at === null) return null;
  const job = findLastJob(db, repo.id, kind);
  const isSame = job?.finishedAt === at;
  return {
    at,
    status: status === "ok" || status === "errors" ? status : "failed",
    jobId: isSame ? job.id : null,
    note: isSame ? noteOf(job) : null,
  };
}

/** A job's result in a few words. */
export function noteOf(
  job: Pick<JobRow, "kind" | "status" | "stats" | "startedAt" | "finishedAt" | "errorCode">,
): string | null {
  const { kind, status, stats, startedAt, finishedAt, errorCode } = job;
  if (status === "failed") return reasonInWords(errorCode);
  const took =
    startedAt === null || finishedAt === null
      ? ""
      : ` · ${formatDuration(finishedAt - startedAt).replaceAll(" ", "\u00a0")}`;
  const figure = (name: string): number | null => (typeof stats?.[name] === "number" ? (stats[name] as number) : null);
  if (kind === "forget") {
    const removed = figure("snapshots_removed");
    return removed === null
      ? null
      : removed === 0
        ? "no snapshots removed"
        : `${formatPlural(removed, "snapshot")} removed`;
  }
  if (kind === "prune") {
    const freed = figure("freed_bytes");
    return freed === null ? null : `${formatBytes(freed)} freed${took}`;
  }
  return `no errors${took}`;
}

function nextOf(decision: Decision): MaintenanceLine["next"] {
  if (decision.is === "blocked") return { is: "blocked", why: decision.why };
  return decision.is === "due" ? { is: "due", at: decision.dueAt } : { is: "later", at: decision.nextAt };
}

export function locksView(db: Db, repo: RepoRow, now: number): LocksView {
  const isJobRunning = listOpenJobsOfRepo(db, repo.id).some((job) => job.status === "running");
  const isOld = repo.oldestLockAt !== null && now - repo.oldestLockAt > STALE_AFTER_MS;
  return {
    count: repo.lockCount,
    unread: (repo.lockCount ?? 0) > 0 ? Math.max(0, (repo.lockCount ?? 0) - (repo.locks ?? []).length) : 0,
    oldestAt: repo.oldestLockAt,
    listedAt: repo.locksAt,
    isStale: (repo.lockCount ?? 0) > 0 && isOld && !isJobRunning,
    isJobRunning,
    locks:
      (repo.lockCount ?? 0) === 0
        ? []
        : (repo.locks ?? []).map((lock) => ({
            id: lock.lock_id,
            hostname: lock.hostname,
            pid: lock.pid,
            at: lock.time,
            exclusive: lock.exclusive,
          })),
  };
}

export function trendOf(db: Db, repo: RepoRow, days: number, now: number): Trend {
  const since = now - days * DAY_MS;
  const samples = listRepoSamples(db, repo.id, utcDay(since)).flatMap((row) =>
    row.sizeBytes === null ? [] : [{ day: row.day, sizeBytes: row.sizeBytes, snapshotCount: row.snapshotCount }],
  );
  const prunes = listJobs(db, { repo_id: repo.id, kind: "prune", status: "succeeded", since }, 200, 0);
  return {
    days,
    samples,
    prunes: prunes.map((job) => utcDay(job.finishedAt ?? job.queuedAt)),
  };
}

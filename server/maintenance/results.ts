/** Records the results of maintenance: when it last ran, how much data has been read, whether the admin credential works. */
import type { Db } from "../../db/open.ts";
import { findJob, findLastJob, isOrdered } from "../../db/queries/jobs.ts";
import { findCredential, findRepo, listRepoCalls, updateCredential, updateRepo } from "../../db/queries/repos.ts";
import { listSourceGroups, listTargetRepoIds } from "../../db/queries/source-groups.ts";
import type { JobRow } from "../../db/schema/jobs.ts";
import type { RepoRow } from "../../db/schema/repos.ts";
import { inTransaction } from "../../db/transaction.ts";
import type { Log } from "../../shared/log.ts";
import { MAINTENANCE_KINDS } from "../../shared/maintenance.ts";
import type { Clock } from "../../shared/time/clock.ts";
import type { JobMaker } from "../jobs/create.ts";
import { readSharing } from "../repos/sharing.ts";
import type { FactBus } from "../runtime/facts.ts";
import { createIsolation } from "../runtime/isolated.ts";
import { breathe } from "../runtime/turns.ts";

import type { PendingConfirmations } from "../source-groups/confirmations.ts";

import { afterCheck, type CheckSubset } from "./check-plan.ts";

/** As shown to people: done, done with findings, or not done. */
export type ResultStatus = "ok" | "errors" | "failed";

/** Errors that speak against the credential. */
const CREDENTIAL_CODES = new Set(["append_only", "unauthorised", "wrong_password", "permission_denied"]);

/** Repos handled before other work gets its turn. */
const AT_A_STRETCH = 3;

export type MaintenanceResults = {
  jobFinished(jobId: string): void;
  /** Records results of these repos for which a fact was missed. Without `repoIds`, of all repos. */
  catchUp(repoIds?: readonly string[]): Promise<void>;
};

export type MaintenanceResultDeps = {
  db: Db;
  clock: Clock;
  log: Log;
  bus: FactBus;
  confirmations: Pick<PendingConfirmations, "carriedOut">;
  maker: JobMaker;
};

export function createMaintenanceResults(deps: MaintenanceResultDeps): MaintenanceResults {
  const { db, clock, log, bus, confirmations, maker } = deps;
  const isolation = createIsolation({ task: "store the results of its maintenance", of: "repo", clock, log });
  const apply = (job: JobRow) => {
    const repo = job.repoId === null ? null : findRepo(db, job.repoId);
    // A job that the server did not order has nothing but the agent's word behind it.
    if (!repo || !isOrdered(job) || job.finishedAt === null || job.status === "cancelled") return;
    if (job.kind === "forget") goOn(repo, job);
    const changes = changesOf(repo, job);
    if (changes === null) return;
    inTransaction(db, () => {
      updateRepo(db, repo.id, changes);
      if (job.kind === "forget" || job.kind === "prune") recordCredentialUse(db, repo.id, job);
    });
    bus.publish("repo.changed", { repoId: repo.id, hostId: repo.hostId });
  };
  /** Orders what a forget leaves to be done. Each end is handled once, however often it is reported. */
  const goOn = (repo: RepoRow, job: JobRow) => {
    const isNews = repo.lastForgetJobId !== job.id;
    if (!isNews || findLastJob(db, repo.id, "forget")?.id !== job.id) return;
    inTransaction(db, () => {
      updateRepo(db, repo.id, { lastForgetJobId: job.id });
      for (const { groupId, disputed } of groupsOf(db, repo, job)) confirmations.carriedOut(groupId, disputed);
    });
    const left = Number(job.args["replans_left"] ?? 0);
    if (job.stats?.["replan"] === true && left > 0) again(repo, job, left - 1);
    else if (job.status === "succeeded" && hasMore(job)) again(repo, job, left);
  };
  const again = (repo: RepoRow, job: JobRow, replansLeft: number) => {
    const order = { hostId: job.hostId, kind: "forget" as const, repoId: repo.id, sourceGroupId: null };
    maker.create({ kind: "system" }, [{ ...order, args: { replans_left: replansLeft } }], {
      kind: "repo",
      id: repo.id,
      name: repo.name,
    });
  };
  return {
    jobFinished(jobId) {
      const job = findJob(db, jobId);
      if (job) apply(job);
    },
    async catchUp(repoIds = listRepoCalls(db).map(({ id }) => id)) {
      for (const [at, repoId] of repoIds.entries()) {
        if (at % AT_A_STRETCH === AT_A_STRETCH - 1) await breathe();
        isolation.attempt(repoId, () => {
          for (const kind of MAINTENANCE_KINDS) {
            const job = findLastJob(db, repoId, kind);
            if (job) apply(job);
          }
        });
      }
      isolation.conclude();
    },
  };
}

/** null when it is already recorded or outdated. */
function changesOf(repo: RepoRow, job: JobRow): Partial<RepoRow> | null {
  const at = job.finishedAt ?? 0;
  const status = statusOf(job);
  // The repository may have been re-created since, and this result belongs to the old one.
  if ((job.receivedAt ?? at) < (repo.maintenanceSince ?? 0)) return null;
  switch (job.kind) {
    case "forget":
      // Nothing was done: the list was outdated, or a person must be asked, which the group's hold shows.
      if (job.stats?.["replan"] === true || job.errorCode === "retention_held") return null;
      return isNews(repo.lastForgetAt, at) ? { lastForgetAt: at, lastForgetStatus: status } : null;
    case "prune":
      return isNews(repo.lastPruneAt, at) ? { lastPruneAt: at, lastPruneStatus: status } : null;
    case "check": {
      if (!isNews(repo.lastCheckAt, at)) return null;
      const result = { lastCheckAt: at, lastCheckStatus: status };
      const subset = job.args["subset"] as CheckSubset | null | undefined;
      if (status !== "ok" || !subset) return result;
      const { checkNextPart, checkParts, checkRoundSince, fullyReadSince } = afterCheck(
        repo,
        subset,
        job.startedAt ?? at,
      );
      return { ...result, checkNextPart, checkParts, checkRoundSince, fullyReadSince };
    }
    case "unlock": {
      const left = job.stats?.["locks_left"];
      if (typeof left !== "number" || !isNews(repo.locksAt, at)) return null;
      const oldest = job.stats?.["oldest_lock_at"];
      return {
        lockCount: left,
        oldestLockAt: typeof oldest === "number" ? oldest : null,
        locks: left === 0 ? [] : repo.locks,
        locksAt: at,
      };
    }
    default:
      return null;
  }
}

function isNews(known: number | null, at: number): boolean {
  return known === null || at > known;
}

function statusOf(job: JobRow): ResultStatus {
  if (job.status === "succeeded") return "ok";
  const errors = job.stats?.["errors"];
  const isFound = job.errorCode === "repo_damaged" || job.errorCode === "restic_failed";
  return job.kind === "check" && typeof errors === "number" && errors > 0 && isFound ? "errors" : "failed";
}

type ForgottenGroup = { groupId: string; disputed: { repoId: string; snapshotId: string }[] };

/** The groups that a forget has processed, limited to those that use this repository because the list comes from the agent. */
function groupsOf(db: Db, repo: RepoRow, job: JobRow): ForgottenGroup[] {
  const targets = new Set(
    readSharing(db, repo).shared.flatMap((sharer) =>
      listSourceGroups(db, sharer.hostId).flatMap((group) =>
        listTargetRepoIds(db, group).includes(sharer.id) ? [group.id] : [],
      ),
    ),
  );
  const disputed = rowsOf(job, "disputed");
  return rowsOf(job, "groups").flatMap((row) => {
    const groupId = String(row["source_group_id"]);
    const own = disputed.filter((one) => one["source_group_id"] === groupId);
    const isDone = job.status === "succeeded" || own.length > 0;
    if (!targets.has(groupId) || !isDone) return [];
    return [{ groupId, disputed: own.map((one) => ({ repoId: repo.id, snapshotId: String(one["snapshot_id"]) })) }];
  });
}

/** A first forget may be too long for one job. */
function hasMore(job: JobRow): boolean {
  return rowsOf(job, "groups").some((row) => row["is_partial"] === true && Number(row["removed"]) > 0);
}

function rowsOf({ stats }: JobRow, name: string): Record<string, unknown>[] {
  const value = stats?.[name];
  return Array.isArray(value) ? value.filter((row) => typeof row === "object") : [];
}

/** When there was nothing to remove, nothing is proven. */
function hasDeleted({ stats }: JobRow): boolean {
  return Number(stats?.["snapshots_removed"] ?? 0) > 0 || Number(stats?.["freed_bytes"] ?? 0) > 0;
}

/** The admin credential is proven by its use. An older job says nothing about a newer credential. */
function recordCredentialUse(db: Db, repoId: string, job: JobRow): void {
  const credential = findCredential(db, repoId, "admin");
  if (!credential || (job.sentAt ?? job.queuedAt) < credential.rotatedAt) return;
  if (job.status === "succeeded" && hasDeleted(job))
    updateCredential(db, credential.id, { provedAt: job.finishedAt, trialError: null });
  else if (CREDENTIAL_CODES.has(job.errorCode ?? ""))
    updateCredential(db, credential.id, { trialError: job.errorMessage ?? "The credential was refused." });
}

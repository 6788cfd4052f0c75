/** Checks that every host, job, repo and group in a message belongs to the connection's host, or is lent to it by an order. */
import type { Db } from "../../db/open.ts";
import { isOrdered, listOpenJobs } from "../../db/queries/jobs.ts";
import { findRepo } from "../../db/queries/repos.ts";
import { findSchedule } from "../../db/queries/schedules.ts";
import { findSourceGroup } from "../../db/queries/source-groups.ts";
import type { JobRow } from "../../db/schema/jobs.ts";
import type { RepoRow } from "../../db/schema/repos.ts";
import type { JobKind } from "../../shared/jobs.ts";
import type { JobFields } from "../../shared/protocol/fields.ts";
import type { Connection } from "./hub.ts";
import { CannotApply, ForeignObject } from "./inbound.ts";

/** `loan`: the open order that lets another host report on the repo. null for the repo's own host. */
export type Reach = { repo: RepoRow; loan: JobRow | null };

export type Ownership = {
  /** @throws ForeignObject, CannotApply when the repo is gone, or when a lent repo is reported on beyond its loan */
  ownedRepo(connection: Connection, repoId: string): RepoRow;
  /** Like `ownedRepo`, but also allows a repo lent by an open job of one of these kinds that the server ordered and sent. */
  reachOf(connection: Connection, repoId: string, kinds: readonly JobKind[]): Reach;
  /**
   * Checks a job that the server does not know. Agents may only create scheduled backups of their own schedules. When a
   * restored database has lost jobs, everything about a backup is accepted, but only the end of other jobs, for the history.
   * References to deleted objects are accepted. @throws ForeignObject
   */
  checkOwned(connection: Connection, job: JobFields, moment: "open" | "ended"): void;
};

export function createOwnership(db: Db): Ownership {
  const loansOf = (hostId: string, repoId: string) =>
    listOpenJobs(db, hostId).filter((job) => job.repoId === repoId && isOrdered(job) && job.sentAt !== null);

  const reachOf: Ownership["reachOf"] = (connection, repoId, kinds) => {
    const repo = findRepo(db, repoId);
    if (!repo) throw new CannotApply(`repo ${repoId} no longer exists`);
    if (repo.hostId === connection.hostId) return { repo, loan: null };
    const loans = loansOf(connection.hostId, repoId);
    // Cancelling the job or choosing another host takes the repo back, whether the borrower agrees or not.
    const isKeeper = repo.maintenanceHostId === connection.hostId;
    const loan = loans.find((job) => isKeeper && job.cancelRequestedAt === null && kinds.includes(job.kind));
    if (loan) return { repo, loan };
    // An honest host may report more than we accept from it. That is not an attack.
    if (loans.length > 0) throw new CannotApply(`only the repo's own host may report this about repo ${repoId}`);
    throw new ForeignObject(`repo ${repoId} belongs to another host`);
  };

  const checkScheduled = (connection: Connection, job: JobFields) => {
    const isWhole = [job.schedule_id, job.scheduled_at, job.source_group_id, job.repo_id].every(
      (part) => part !== null,
    );
    if (job.kind !== "backup" || job.actor_kind !== "schedule" || !isWhole)
      throw new ForeignObject(`job ${job.job_id} is not a scheduled backup, and the server did not order it`);
    const schedule = findSchedule(db, job.schedule_id ?? "");
    if (schedule && schedule.hostId !== connection.hostId)
      throw new ForeignObject(`schedule ${schedule.id} belongs to another host`);
  };

  return {
    reachOf,
    ownedRepo: (connection, repoId) => reachOf(connection, repoId, []).repo,
    checkOwned(connection, job, moment) {
      const { repo_id: repoId, source_group_id: sourceGroupId } = job;
      const repo = repoId === null ? null : findRepo(db, repoId);
      // Even while the repo is lent: the loan covers the ordered job only.
      if (repo && repo.hostId !== connection.hostId) throw new ForeignObject(`repo ${repo.id} belongs to another host`);
      const group = sourceGroupId === null ? null : findSourceGroup(db, sourceGroupId);
      if (group && group.hostId !== connection.hostId)
        throw new ForeignObject(`source group ${group.id} belongs to another host`);
      if (job.actor_kind === "schedule" || job.schedule_id !== null) checkScheduled(connection, job);
      else if (job.kind !== "backup" && moment === "open")
        throw new ForeignObject(`job ${job.job_id} (${job.kind}) was not ordered by the server`);
    },
  };
}

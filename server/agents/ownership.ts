/** Every host, job, repo and group in a message must belong to the connection's host, or be lent to it by an order of the server. */
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

/** `loan`: the open order by which a host that is not the repo's own speaks of it; null for the repo's own host. */
export type Reach = { repo: RepoRow; loan: JobRow | null };

export type Ownership = {
  /** @throws ForeignObject, CannotApply when the repo is gone, or when a lent one is spoken of beyond its loan */
  ownedRepo(connection: Connection, repoId: string): RepoRow;
  /** As `ownedRepo`, or lent by an open job of one of these kinds that the server ordered and sent. */
  reachOf(connection: Connection, repoId: string, kinds: readonly JobKind[]): Reach;
  /**
   * A job that the server does not know. What agents mint is scheduled backups of the host's own schedules. Of a backup
   * that a restored database has forgotten everything is taken back, of other jobs only the end, for the history.
   * What has been deleted since is nobody's and passes. @throws ForeignObject
   */
  checkOwned(connection: Connection, job: JobFields, moment: "open" | "ended"): void;
};

export function createOwnership(db: Db): Ownership {
  const loansOf = (hostId: string, repoId: string) =>
    listOpenJobs(db, hostId).filter((job) => job.repoId === repoId && isOrdered(job) && job.sentAt !== null);

  const reachOf: Ownership["reachOf"] = (connection, repoId, kinds) => {
    const repo = findRepo(db, repoId);
    if (!repo) throw new CannotApply(`repo ${repoId} is gone`);
    if (repo.hostId === connection.hostId) return { repo, loan: null };
    const loans = loansOf(connection.hostId, repoId);
    // Somebody who calls the job off, or has another host do it, takes the repo back; whether the borrower agrees or not.
    const isKeeper = repo.maintenanceHostId === connection.hostId;
    const loan = loans.find((job) => isKeeper && job.cancelRequestedAt === null && kinds.includes(job.kind));
    if (loan) return { repo, loan };
    // An honest host may tell more than we take from it: no attack.
    if (loans.length > 0) throw new CannotApply(`only its own host tells this of repo ${repoId}`);
    throw new ForeignObject(`repo ${repoId} is another host's`);
  };

  const checkScheduled = (connection: Connection, job: JobFields) => {
    const isWhole = [job.schedule_id, job.scheduled_at, job.source_group_id, job.repo_id].every(
      (part) => part !== null,
    );
    if (job.kind !== "backup" || job.actor_kind !== "schedule" || !isWhole)
      throw new ForeignObject(`job ${job.job_id} is no scheduled backup, and the server did not order it`);
    const schedule = findSchedule(db, job.schedule_id ?? "");
    if (schedule && schedule.hostId !== connection.hostId)
      throw new ForeignObject(`schedule ${schedule.id} is another host's`);
  };

  return {
    reachOf,
    ownedRepo: (connection, repoId) => reachOf(connection, repoId, []).repo,
    checkOwned(connection, job, moment) {
      const { repo_id: repoId, source_group_id: sourceGroupId } = job;
      const repo = repoId === null ? null : findRepo(db, repoId);
      // Also while it is lent: the loan is for the ordered job alone.
      if (repo && repo.hostId !== connection.hostId) throw new ForeignObject(`repo ${repo.id} is another host's`);
      const group = sourceGroupId === null ? null : findSourceGroup(db, sourceGroupId);
      if (group && group.hostId !== connection.hostId)
        throw new ForeignObject(`source group ${group.id} is another host's`);
      if (job.actor_kind === "schedule" || job.schedule_id !== null) checkScheduled(connection, job);
      else if (job.kind !== "backup" && moment === "open")
        throw new ForeignObject(`job ${job.job_id} (${job.kind}) was not ordered by the server`);
    },
  };
}

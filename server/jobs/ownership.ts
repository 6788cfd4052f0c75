/** Every host, job, repo and group in a message must belong to the connection's host, or be named by an open job that the server gave it. */
import type { Db } from "../../db/open.ts";
import { listOpenJobs } from "../../db/queries/jobs.ts";
import { findRepo } from "../../db/queries/repos.ts";
import { findSchedule } from "../../db/queries/schedules.ts";
import { findSourceGroup } from "../../db/queries/source-groups.ts";
import type { RepoRow } from "../../db/schema/repos.ts";
import type { JobFields } from "../../shared/protocol/fields.ts";
import type { Connection } from "../agents/hub.ts";
import { CannotApply, ForeignObject } from "../agents/inbound.ts";

export type Ownership = {
  /** @throws ForeignObject, CannotApply when the repo is gone */
  ownedRepo(connection: Connection, repoId: string): RepoRow;
  /**
   * A job that the server does not know. What agents mint themselves are scheduled backups of the host's own schedules and
   * nothing else. What has been deleted since is nobody's and passes. @throws ForeignObject
   */
  checkOwned(connection: Connection, job: JobFields): void;
};

export function createOwnership(db: Db): Ownership {
  const isLent = (hostId: string, repoId: string) =>
    listOpenJobs(db, hostId).some((job) => job.repoId === repoId && job.actorKind !== "schedule");
  const ownedRepo: Ownership["ownedRepo"] = (connection, repoId) => {
    const repo = findRepo(db, repoId);
    if (!repo) throw new CannotApply(`repo ${repoId} is gone`);
    if (repo.hostId !== connection.hostId && !isLent(connection.hostId, repoId))
      throw new ForeignObject(`repo ${repoId} is another host's`);
    return repo;
  };
  const checkMinted = (connection: Connection, job: JobFields) => {
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
    ownedRepo,
    checkOwned(connection, job) {
      const { repo_id: repoId, source_group_id: sourceGroupId } = job;
      const repo = repoId === null ? null : findRepo(db, repoId);
      if (repo && repo.hostId !== connection.hostId && !isLent(connection.hostId, repo.id)) {
        throw new ForeignObject(`repo ${repo.id} is another host's`);
      }
      const group = sourceGroupId === null ? null : findSourceGroup(db, sourceGroupId);
      if (group && group.hostId !== connection.hostId)
        throw new ForeignObject(`source group ${group.id} is another host's`);
      if (job.actor_kind === "schedule" || job.schedule_id !== null) checkMinted(connection, job);
    },
  };
}

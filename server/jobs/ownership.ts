/** Every host, job, repo and group in a message must belong to the connection's host, or be named by an open job that the server gave it. */
import type { Db } from "../../db/open.ts";
import { listOpenJobs } from "../../db/queries/jobs.ts";
import { findRepo } from "../../db/queries/repos.ts";
import { findSourceGroup } from "../../db/queries/source-groups.ts";
import type { RepoRow } from "../../db/schema/repos.ts";
import type { Connection } from "../agents/hub.ts";
import { CannotApply, ForeignObject } from "../agents/inbound.ts";

export type Ownership = {
  /** @throws ForeignObject, CannotApply when the repo is gone */
  ownedRepo(connection: Connection, repoId: string): RepoRow;
  /** @throws ForeignObject. What has been deleted since is nobody's and passes. */
  checkOwned(connection: Connection, repoId: string | null, sourceGroupId: string | null): void;
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
  return {
    ownedRepo,
    checkOwned(connection, repoId, sourceGroupId) {
      const repo = repoId === null ? null : findRepo(db, repoId);
      if (repo && repo.hostId !== connection.hostId && !isLent(connection.hostId, repo.id)) {
        throw new ForeignObject(`repo ${repo.id} is another host's`);
      }
      const group = sourceGroupId === null ? null : findSourceGroup(db, sourceGroupId);
      if (group && group.hostId !== connection.hostId)
        throw new ForeignObject(`source group ${group.id} is another host's`);
    },
  };
}

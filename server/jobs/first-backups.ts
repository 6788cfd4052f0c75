/** Orders backups that were requested "as soon as it is ready": of a new host, and into a newly created repository. A request stays open until its backup is ordered. */
import type { Db } from "../../db/open.ts";
import { updateHost } from "../../db/queries/hosts.ts";
import { listJobs } from "../../db/queries/jobs.ts";
import { updateRepo } from "../../db/queries/repos.ts";
import { listSourceGroups, listTargetRepoIds } from "../../db/queries/source-groups.ts";
import type { HostRow } from "../../db/schema/hosts.ts";
import type { RepoRow } from "../../db/schema/repos.ts";
import type { SourceGroupRow } from "../../db/schema/source-groups.ts";
import type { Log } from "../../shared/log.ts";
import type { Orders } from "./orders.ts";

export type FirstBackups = {
  /** Orders what can be ordered now. @param repos all repos of the host */
  start(host: HostRow, repos: readonly RepoRow[]): void;
};

export function createFirstBackups(deps: { db: Db; log: Log; orders: Pick<Orders, "runGroup"> }): FirstBackups {
  const { db, log, orders } = deps;

  /** @returns false when it could not be ordered. It is tried again at the next evaluation */
  const order = (host: HostRow, group: SourceGroupRow, repoId: string): boolean => {
    try {
      orders.runGroup({ kind: "system" }, host.id, group.id, { repoIds: [repoId] });
      return true;
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      log.warn("a first backup could not be ordered; it will be tried again", {
        host_id: host.id,
        host: host.name,
        source_group_id: group.id,
        why,
      });
      return false;
    }
  };

  const hasBackup = (group: SourceGroupRow, repoId: string) =>
    listJobs(db, { source_group_id: group.id, repo_id: repoId, kind: "backup" }, 1, 0).length > 0;

  /** Each group is backed up into each of its repos as soon as that repo is ready. */
  const ofHost = (host: HostRow, repos: readonly RepoRow[]) => {
    const ready = new Set(repos.filter(({ status }) => status === "ready").map(({ id }) => id));
    const targets = listSourceGroups(db, host.id).flatMap((group) =>
      listTargetRepoIds(db, group).map((repoId) => ({ group, repoId })),
    );
    const open = targets.filter(({ group, repoId }) => !hasBackup(group, repoId));
    const left = open.filter(({ group, repoId }) => !ready.has(repoId) || !order(host, group, repoId));
    if (targets.length > 0 && left.length === 0) updateHost(db, host.id, { backupWhenReady: false });
  };

  const intoRepo = (host: HostRow, repo: RepoRow) => {
    const groups = listSourceGroups(db, host.id).filter((group) => listTargetRepoIds(db, group).includes(repo.id));
    const left = groups.filter((group) => !order(host, group, repo.id));
    if (left.length === 0) updateRepo(db, repo.id, { backupWhenReady: false });
  };

  return {
    start(host, repos) {
      if (host.backupWhenReady) ofHost(host, repos);
      for (const repo of repos) if (repo.backupWhenReady && repo.status === "ready") intoRepo(host, repo);
    },
  };
}

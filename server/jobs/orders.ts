/** Orders jobs for people and the server: back up a group, probe a repo, unlock it. */
import type { Db } from "../../db/open.ts";
import { findHost } from "../../db/queries/hosts.ts";
import { findCredential, findRepo } from "../../db/queries/repos.ts";
import { findSchedule } from "../../db/queries/schedules.ts";
import { findSourceGroup, listTargetRepoIds } from "../../db/queries/source-groups.ts";
import type { HostRow } from "../../db/schema/hosts.ts";
import type { RepoRow } from "../../db/schema/repos.ts";
import type { SourceGroupRow } from "../../db/schema/source-groups.ts";
import type { Bandwidth } from "../hosts/bandwidth.ts";
import { notFound, Refusal } from "../http/errors.ts";
import { WAIT_FOR_REPO_SERVER_MS } from "../repos/next-probe.ts";
import type { Actor } from "../runtime/audit.ts";
import type { CreatedJob, JobMaker, JobOrder } from "./create.ts";

/** `bandwidth` applies to this run and overrides the host's limits. */
export type RunOptions = { repoIds?: readonly string[] | undefined; bandwidth?: Bandwidth | undefined };

export type Orders = {
  /** Backs up the group into each of its targets, or into the given ones. @throws Refusal 404, 409 */
  runGroup(actor: Actor, hostId: string, groupId: string, options?: RunOptions): CreatedJob[];
  /** Backs up every group of the schedule, enabled or not. @throws Refusal 404, 409 */
  runSchedule(actor: Actor, hostId: string, scheduleId: string, options?: RunOptions): CreatedJob[];
  /** `patient`: retries for an hour when the repo server does not know the host. Only for a repo that was never ready. @throws Refusal 404, 409 */
  probe(actor: Actor, repoId: string, options?: { patient?: boolean }): CreatedJob;
  /** Tries the newest everyday credential while the current one stays in use. The order says when the new one was saved. @throws Refusal 404, 409 */
  trial(actor: Actor, repoId: string): CreatedJob;
  init(actor: Actor, repoId: string): CreatedJob;
  unlock(actor: Actor, repoId: string): CreatedJob;
  stats(actor: Actor, repoId: string): CreatedJob;
  snapshots(actor: Actor, repoId: string): CreatedJob;
};

export function createOrders({ db, maker }: { db: Db; maker: JobMaker }): Orders {
  const getRepo = (repoId: string): RepoRow => {
    const repo = findRepo(db, repoId);
    if (!repo || repo.removedAt !== null) throw notFound("repo");
    checkLive(repo.hostId);
    return repo;
  };
  const checkLive = (hostId: string) => {
    const host = findHost(db, hostId);
    if (!host) throw notFound("host");
    if (host.archivedAt !== null)
      throw new Refusal(409, "host_archived", `${host.name} is archived, so no jobs can run on it.`);
    return host;
  };
  const ofRepo = (kind: "init" | "unlock" | "stats" | "snapshots") => (actor: Actor, repoId: string) => {
    const repo = getRepo(repoId);
    const order = { hostId: repo.hostId, kind, repoId, sourceGroupId: null, args: {} };
    return only(maker.create(actor, [order], { kind: "repo", id: repo.id, name: repo.name }));
  };
  const probe = (actor: Actor, repo: RepoRow, how: Record<string, unknown>) => {
    const args = { restic_id: repo.resticId, ...how };
    const order = { hostId: repo.hostId, kind: "probe" as const, repoId: repo.id, sourceGroupId: null, args };
    return only(maker.create(actor, [order], { kind: "repo", id: repo.id, name: repo.name }));
  };
  const backupsOf = (host: HostRow, group: SourceGroupRow, { repoIds, bandwidth }: RunOptions): JobOrder[] => {
    const targets = listTargetRepoIds(db, group);
    const wanted = repoIds ?? targets;
    const stray = wanted.find((id) => !targets.includes(id));
    if (stray !== undefined)
      throw new Refusal(
        409,
        "not_a_target",
        `${group.name} is not backed up into this repo. Choose one of the group's own repos.`,
      );
    const args = { state_version: host.stateVersion, bandwidth: bandwidth ?? null };
    return wanted.map((repoId) => ({ hostId: host.id, kind: "backup", repoId, sourceGroupId: group.id, args }));
  };
  return {
    runGroup(actor, hostId, groupId, options = {}) {
      const host = checkLive(hostId);
      const group = findSourceGroup(db, groupId);
      if (!group || group.hostId !== hostId) throw notFound("source group");
      const target = { kind: "source_group", id: group.id, name: group.name };
      return maker.create(actor, backupsOf(host, group, options), target);
    },
    runSchedule(actor, hostId, scheduleId, options = {}) {
      const host = checkLive(hostId);
      const schedule = findSchedule(db, scheduleId);
      if (!schedule || schedule.hostId !== hostId) throw notFound("schedule");
      const backups = schedule.groupIds.flatMap((groupId) => {
        const group = findSourceGroup(db, groupId);
        return group ? backupsOf(host, group, options) : [];
      });
      return maker.create(actor, backups, { kind: "schedule", id: schedule.id, name: schedule.cron });
    },
    probe(actor, repoId, { patient = true } = {}) {
      const repo = getRepo(repoId);
      const mayWait = patient && repo.resticId === null;
      return probe(actor, repo, { wait_ms: mayWait ? WAIT_FOR_REPO_SERVER_MS : 0, trial: false });
    },
    trial(actor, repoId) {
      const repo = getRepo(repoId);
      const credential = findCredential(db, repoId, "everyday");
      if (!credential) throw notFound("credential");
      return probe(actor, repo, { wait_ms: 0, trial: true, credential_at: credential.rotatedAt });
    },
    init: ofRepo("init"),
    unlock: ofRepo("unlock"),
    stats: ofRepo("stats"),
    snapshots: ofRepo("snapshots"),
  };
}

function only(created: readonly CreatedJob[]): CreatedJob {
  return created[0] as CreatedJob;
}

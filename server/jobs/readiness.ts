/** Brings repos to readiness without anybody's help: probe (and again, while one cannot be opened), init (only for one that was never ready), first backup, trials of new credentials. */
import type { Db } from "../../db/open.ts";
import { findHost, listUnsettledHosts, updateHost } from "../../db/queries/hosts.ts";
import { findJob, listJobs, listOpenJobs } from "../../db/queries/jobs.ts";
import { findCredential, findRepo, listReposOfHost, updateRepo } from "../../db/queries/repos.ts";
import { listSourceGroups, listTargetRepoIds } from "../../db/queries/source-groups.ts";
import type { HostRow } from "../../db/schema/hosts.ts";
import type { JobRow } from "../../db/schema/jobs.ts";
import type { CredentialRow, RepoRow } from "../../db/schema/repos.ts";
import { type Clock, MINUTE_MS, SECOND_MS } from "../../shared/clock.ts";
import type { Log } from "../../shared/log.ts";
import type { Hub } from "../agents/hub.ts";
import type { Credentials } from "../repos/credentials.ts";
import { readNextLook, WAIT_FOR_REPO_SERVER_MS } from "../repos/next-look.ts";
import { createIsolation } from "../runtime/isolated.ts";
import type { Tick } from "../runtime/ticker.ts";
import type { Orders } from "./orders.ts";

const INIT_AGAIN_AFTER_MS = 5 * MINUTE_MS;

export type ReadinessView = {
  repo: Pick<RepoRow, "status" | "statusCode" | "resticId" | "waitingSince">;
  credential: Pick<CredentialRow, "previousSealed" | "trialError"> | null;
  /** The agent has applied the newest desired state. */
  isInSync: boolean;
  openKinds: readonly JobRow["kind"][];
  lastInitAt: number | null;
  /** When a repo that cannot be opened is to be looked at again. */
  nextLookAt: number | null;
};

export type ReadinessStep = "probe" | "probe_trial" | "probe_again" | "init" | null;

/** What a repo needs next; null = nothing, or something is on its way. */
export function nextStep(
  { repo, credential, isInSync, openKinds, lastInitAt, nextLookAt }: ReadinessView,
  now: number,
): ReadinessStep {
  if (openKinds.includes("probe") || openKinds.includes("init") || !isInSync) return null;
  if (credential?.previousSealed && credential.trialError === null) return "probe_trial";
  const isMissing = repo.statusCode === "repo_missing" && repo.resticId === null;
  if (isMissing && repo.status === "unknown")
    return lastInitAt === null || now - lastInitAt > INIT_AGAIN_AFTER_MS ? "init" : null;
  if (repo.status === "unknown") return "probe";
  if (repo.status === "waiting" && repo.waitingSince !== null && now - repo.waitingSince < WAIT_FOR_REPO_SERVER_MS)
    return "probe";
  return nextLookAt !== null && now >= nextLookAt ? "probe_again" : null;
}

export type Readiness = {
  /** Looks at one host's repos and orders what is next. */
  look(hostId: string): void;
  /** What a fact missed. */
  lookAtAll(): void;
  ticks: readonly Tick[];
  /** A trial probe has ended. */
  jobFinished(jobId: string): void;
};

export type ReadinessDeps = {
  db: Db;
  clock: Clock;
  log: Log;
  hub: Hub;
  orders: Orders;
  credentials: Credentials;
  stateChanged(hostId: string): void;
};

export function createReadiness({ db, clock, log, hub, orders, credentials, stateChanged }: ReadinessDeps): Readiness {
  const system = { kind: "system" } as const;
  const isolation = createIsolation({ task: "bringing its repos to readiness", of: "host", clock, log });

  const lookAtRepo = (host: HostRow, repo: RepoRow) => {
    const credential = findCredential(db, repo.id, "everyday");
    if (repo.status === "ready" && !credential?.previousSealed) return;
    const open = listOpenJobs(db, host.id).filter((job) => job.repoId === repo.id);
    const lastInit = listJobs(db, { repo_id: repo.id, kind: "init" }, 1, 0)[0];
    const step = nextStep(
      {
        repo,
        credential,
        isInSync: host.driftSince === null,
        openKinds: open.map((job) => job.kind),
        // One from before the repo was told to begin anew does not count.
        lastInitAt: (lastInit?.queuedAt ?? 0) > (repo.maintenanceSince ?? 0) ? (lastInit?.finishedAt ?? null) : null,
        nextLookAt: readNextLook(db, repo),
      },
      clock.now(),
    );
    if (step === "probe") orders.probe(system, repo.id);
    if (step === "probe_again") orders.probe(system, repo.id, { patient: false });
    if (step === "probe_trial") orders.probe(system, repo.id, { trial: true });
    if (step === "init") orders.init(system, repo.id);
  };

  const startFirstBackup = (host: HostRow, repos: readonly RepoRow[]) => {
    if (!host.backupWhenReady || !repos.some((repo) => repo.isPrimary && repo.status === "ready")) return;
    updateHost(db, host.id, { backupWhenReady: false });
    for (const group of listSourceGroups(db, host.id)) orders.runGroup(system, host.id, group.id);
  };

  /** Into one that was made anew, when that was asked for. */
  const startBackupsInto = (host: HostRow, repo: RepoRow) => {
    if (!repo.backupWhenReady || repo.status !== "ready") return;
    updateRepo(db, repo.id, { backupWhenReady: false });
    for (const group of listSourceGroups(db, host.id))
      if (listTargetRepoIds(db, group).includes(repo.id))
        orders.runGroup(system, host.id, group.id, { repoIds: [repo.id] });
  };

  const look: Readiness["look"] = (hostId) => {
    const host = findHost(db, hostId);
    if (!host || host.archivedAt !== null || !hub.isOnline(hostId)) return;
    const repos = listReposOfHost(db, hostId);
    for (const repo of repos) lookAtRepo(host, repo);
    startFirstBackup(host, repos);
    for (const repo of repos) startBackupsInto(host, repo);
  };

  const lookAtAll = () => {
    for (const hostId of listUnsettledHosts(db)) isolation.attempt(hostId, () => look(hostId));
    isolation.conclude();
  };

  return {
    look,
    lookAtAll,
    ticks: [{ name: "readiness", everyMs: 15 * SECOND_MS, run: lookAtAll }],
    jobFinished(jobId) {
      const job = findJob(db, jobId);
      if (job?.kind !== "probe" || job.args["trial"] !== true || job.repoId === null) return;
      const repo = findRepo(db, job.repoId);
      if (!repo || job.status === "cancelled") return;
      const found = job.stats?.["restic_id"];
      const isOther =
        job.status === "succeeded" && repo.resticId !== null && found !== undefined && found !== repo.resticId;
      const error = isOther
        ? "Another repository answers with this credential. The old credential stays in use."
        : job.status === "succeeded"
          ? null
          : (job.errorMessage ?? "The repository could not be opened with it.");
      credentials.settleTrial(job.repoId, "everyday", error);
      log.info("a new credential was tried", { repo_id: job.repoId, works: error === null });
      if (error === null) stateChanged(repo.hostId);
    },
  };
}

/** Makes repos ready without anybody's help: probes them (again while one cannot be opened), initialises new ones, orders first backups and credential trials. */
import type { Db } from "../../db/open.ts";
import { findHost, listHostsToEvaluate } from "../../db/queries/hosts.ts";
import { findJob, listJobs, listOpenJobs } from "../../db/queries/jobs.ts";
import { findCredential, findRepo, listReposOfHost } from "../../db/queries/repos.ts";
import type { HostRow } from "../../db/schema/hosts.ts";
import type { JobRow } from "../../db/schema/jobs.ts";
import type { CredentialRow, RepoRow } from "../../db/schema/repos.ts";
import type { Log } from "../../shared/log.ts";
import { type Clock, MINUTE_MS, SECOND_MS } from "../../shared/time/clock.ts";
import type { Hub } from "../agents/hub.ts";
import type { Credentials } from "../repos/credentials.ts";
import { readNextProbe, readNextTrial, WAIT_FOR_REPO_SERVER_MS } from "../repos/next-probe.ts";
import { createIsolation } from "../runtime/isolated.ts";
import type { Tick } from "../runtime/ticker.ts";
import type { CancelJob } from "./cancel.ts";
import { createFirstBackups } from "./first-backups.ts";
import { isOutdatedTrial, isTrial, outcomeOfTrial, triedAt, usesAdmin } from "./job-credential.ts";
import type { Orders } from "./orders.ts";

const INIT_AGAIN_AFTER_MS = 5 * MINUTE_MS;

/** Errors of the repository or its credential, rather than of the network or of files. */
const NOT_OPENED = new Set<string | null>(["wrong_password", "unauthorised", "repo_missing", "wrong_repo"]);

export type ReadinessView = {
  repo: Pick<RepoRow, "status" | "statusCode" | "resticId" | "waitingSince">;
  credential: Pick<CredentialRow, "previousSealed" | "trialError"> | null;
  /** When a credential that failed its trial is tried again. null = not automatically. */
  nextTrialAt: number | null;
  /** The agent has applied the newest desired state. */
  isInSync: boolean;
  /** Without trials of credentials that have since been replaced. */
  openKinds: readonly JobRow["kind"][];
  lastInitAt: number | null;
  /** When a repo that cannot be opened is probed again. */
  nextProbeAt: number | null;
};

export type ReadinessStep = "probe" | "probe_trial" | "probe_again" | "init" | null;

/** What a repo needs next. null = nothing, or it is already under way. */
export function nextStep(
  { repo, credential, nextTrialAt, isInSync, openKinds, lastInitAt, nextProbeAt }: ReadinessView,
  now: number,
): ReadinessStep {
  if (openKinds.includes("probe") || openKinds.includes("init") || !isInSync) return null;
  const isTrialDue = credential?.trialError === null || (nextTrialAt !== null && now >= nextTrialAt);
  if (credential?.previousSealed && isTrialDue) return "probe_trial";
  const isMissing = repo.statusCode === "repo_missing" && repo.resticId === null;
  if (isMissing && repo.status === "unknown")
    return lastInitAt === null || now - lastInitAt > INIT_AGAIN_AFTER_MS ? "init" : null;
  if (repo.status === "unknown") return "probe";
  if (repo.status === "waiting" && repo.waitingSince !== null && now - repo.waitingSince < WAIT_FOR_REPO_SERVER_MS)
    return "probe";
  return nextProbeAt !== null && now >= nextProbeAt ? "probe_again" : null;
}

export type Readiness = {
  /** Checks one host's repos and orders what they need next. */
  evaluate(hostId: string): void;
  /** Catches hosts for which a fact was missed. */
  evaluateAll(): void;
  ticks: readonly Tick[];
  /** A trial has ended, or a job that could not open the repository. */
  jobFinished(jobId: string): void;
};

export type ReadinessDeps = {
  db: Db;
  clock: Clock;
  log: Log;
  hub: Hub;
  orders: Orders;
  credentials: Credentials;
  cancel: CancelJob;
  stateChanged(hostId: string): void;
};

export function createReadiness(deps: ReadinessDeps): Readiness {
  const { db, clock, log, hub, orders, credentials, cancel, stateChanged } = deps;
  const system = { kind: "system" } as const;
  const firstBackups = createFirstBackups({ db, log, orders });
  const isolation = createIsolation({ task: "prepare its repos", of: "host", clock, log });

  const evaluateRepo = (host: HostRow, repo: RepoRow) => {
    const credential = findCredential(db, repo.id, "everyday");
    if (repo.status === "ready" && !credential?.previousSealed) return;
    const open = listOpenJobs(db, host.id).filter((job) => job.repoId === repo.id && !isOutdatedTrial(db, job));
    const lastInit = listJobs(db, { repo_id: repo.id, kind: "init" }, 1, 0)[0];
    const step = nextStep(
      {
        repo,
        credential,
        nextTrialAt: credential ? readNextTrial(db, credential) : null,
        isInSync: host.driftSince === null,
        openKinds: open.map((job) => job.kind),
        // An init from before the repo was reset does not count.
        lastInitAt: (lastInit?.queuedAt ?? 0) > (repo.maintenanceSince ?? 0) ? (lastInit?.finishedAt ?? null) : null,
        nextProbeAt: readNextProbe(db, repo),
      },
      clock.now(),
    );
    if (step === "probe") orders.probe(system, repo.id);
    if (step === "probe_again") orders.probe(system, repo.id, { patient: false });
    if (step === "probe_trial") orders.trial(system, repo.id);
    if (step === "init") orders.init(system, repo.id);
  };

  const evaluate: Readiness["evaluate"] = (hostId) => {
    const host = findHost(db, hostId);
    if (!host || host.archivedAt !== null || !hub.isOnline(hostId)) return;
    for (const job of listOpenJobs(db, hostId))
      if (job.cancelRequestedAt === null && isOutdatedTrial(db, job)) cancel(system, job.id);
    const repos = listReposOfHost(db, hostId);
    for (const repo of repos) evaluateRepo(host, repo);
    firstBackups.start(host, repos);
  };

  const applyTrialResult = (job: JobRow, repo: RepoRow) => {
    if (job.status === "cancelled") return;
    const outcome = outcomeOfTrial(job, repo);
    if (!credentials.applyTrialResult(repo.id, "everyday", triedAt(job), outcome)) return;
    log.info("a new credential was tried", { repo_id: repo.id, works: outcome.works });
    if (outcome.works) stateChanged(repo.hostId);
  };

  /** Probes a repo that counts as ready but could not be opened, from its own host. The result becomes its new status. */
  const probeAfter = (job: JobRow, repo: RepoRow) => {
    if (job.status !== "failed" || !NOT_OPENED.has(job.errorCode) || job.kind === "probe" || job.kind === "init")
      return;
    if (repo.status !== "ready" || repo.removedAt !== null || usesAdmin(db, job, repo.id)) return;
    if (findHost(db, repo.hostId)?.archivedAt !== null || !hub.isOnline(repo.hostId)) return;
    orders.probe(system, repo.id, { patient: false });
  };

  const evaluateAll = () => {
    for (const hostId of listHostsToEvaluate(db)) isolation.attempt(hostId, () => evaluate(hostId));
    isolation.conclude();
  };

  return {
    evaluate,
    evaluateAll,
    ticks: [{ name: "readiness", everyMs: 15 * SECOND_MS, run: evaluateAll }],
    jobFinished(jobId) {
      const job = findJob(db, jobId);
      const repo = job?.repoId ? findRepo(db, job.repoId) : null;
      if (!job || !repo) return;
      if (isTrial(job)) applyTrialResult(job, repo);
      else probeAfter(job, repo);
    },
  };
}

/** Holds heavy jobs back while two other hosts are already working on the same repo server. */
import type { Db } from "../../db/open.ts";
import { findJob, listSentJobs } from "../../db/queries/jobs.ts";
import { findRepo } from "../../db/queries/repos.ts";
import type { JobRow } from "../../db/schema/jobs.ts";
import type { RepoRow } from "../../db/schema/repos.ts";
import type { JobKind } from "../../shared/jobs.ts";
import { type Clock, DAY_MS, SECOND_MS } from "../../shared/time/clock.ts";

/** How long an agent may take to accept an order. */
const CLAIM_MS = 20 * SECOND_MS;
/** How long other hosts wait for an accepted job, so that a host that never ends it does not block their maintenance. */
const MOST_WAITED_FOR_MS = DAY_MS;

export type HeavyLimit = {
  /** Called right before a job is sent. A `true` reserves a slot. */
  mayStart(job: Pick<JobRow, "id" | "hostId" | "kind" | "repoId">): boolean;
  /** The agent did not take the job, so its slot is free. */
  release(jobId: string): void;
};

export function createHeavyLimit({ db, clock }: { db: Db; clock: Clock }): HeavyLimit {
  /** Jobs that were sent but not accepted yet. */
  const claims = new Map<string, { hostId: string; server: string; until: number }>();
  const serverOf = (repoId: string | null): string | null => {
    const repo = repoId === null ? null : findRepo(db, repoId);
    return repo ? repoServerOf(repo) : null;
  };
  return {
    mayStart(job) {
      if (!isHeavy(job.kind)) return true;
      const server = serverOf(job.repoId);
      if (server === null) return true;
      const now = clock.now();
      for (const [id, claim] of claims) {
        const claimed = findJob(db, id);
        if (claim.until <= now || claimed?.status !== "queued") claims.delete(id);
      }
      // A host runs one job at a time, however many it has accepted.
      const busy = new Set<string>();
      for (const other of listSentJobs(db, ["forget", "prune", "check"])) {
        const isWaitedFor = now - (other.acceptedAt ?? other.startedAt ?? now) < MOST_WAITED_FOR_MS;
        if (isWaitedFor && serverOf(other.repoId) === server) busy.add(other.hostId);
      }
      for (const claim of claims.values()) if (claim.server === server) busy.add(claim.hostId);
      busy.delete(job.hostId);
      if (busy.size >= MOST_HEAVY_JOBS) return false;
      claims.set(job.id, { hostId: job.hostId, server, until: now + CLAIM_MS });
      return true;
    },
    release: (jobId) => void claims.delete(jobId),
  };
}

export const MOST_HEAVY_JOBS = 2;
const HEAVY: readonly JobKind[] = ["forget", "prune", "check"];

export function isHeavy(kind: JobKind): boolean {
  return HEAVY.includes(kind);
}

/** Equal for repos on the same machine or bucket service. A local folder belongs to its host. */
export function repoServerOf({ kind, url, hostId }: Pick<RepoRow, "kind" | "url" | "hostId">): string {
  if (kind === "local") return `local ${hostId}`;
  const address = url.replace(/^[a-z0-9]+:(?=[a-z]+:\/\/)/, "");
  if (URL.canParse(address)) {
    const { host } = new URL(address);
    if (host !== "") return `${kind} ${host.toLowerCase()}`;
  }
  const named = /^[a-z0-9]+:(?:\/\/)?(?:[^@/]*@)?([^:/]+)/i.exec(url)?.[1];
  return `${kind} ${(named ?? url).toLowerCase()}`;
}

/** Holds heavy jobs back while two others already work on the same repo server. */
import type { Db } from "../../db/open.ts";
import { findJob, listSentJobs } from "../../db/queries/jobs.ts";
import { findRepo } from "../../db/queries/repos.ts";
import type { JobRow } from "../../db/schema/jobs.ts";
import { type Clock, SECOND_MS } from "../../shared/clock.ts";
import { isHeavy, MOST_HEAVY_JOBS, repoServerOf } from "./repo-server.ts";

/** How long an agent may take to accept what it was sent. */
const CLAIM_MS = 20 * SECOND_MS;

export type HeavyLimit = {
  /** Asked right before a job is sent; a yes counts from then on. */
  mayStart(job: Pick<JobRow, "id" | "kind" | "repoId">): boolean;
  /** The agent did not take it: its place is free. */
  release(jobId: string): void;
};

export function createHeavyLimit({ db, clock }: { db: Db; clock: Clock }): HeavyLimit {
  /** Sent, not accepted yet. */
  const claims = new Map<string, { server: string; until: number }>();
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
      const busy = new Set<string>();
      for (const other of listSentJobs(db, ["forget", "prune", "check"]))
        if (other.id !== job.id && serverOf(other.repoId) === server) busy.add(other.id);
      for (const [id, claim] of claims) if (id !== job.id && claim.server === server) busy.add(id);
      if (busy.size >= MOST_HEAVY_JOBS) return false;
      claims.set(job.id, { server, until: now + CLAIM_MS });
      return true;
    },
    release: (jobId) => void claims.delete(jobId),
  };
}

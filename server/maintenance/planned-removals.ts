/** Remembers what open forgets on lent repos may remove: a borrower's report about other snapshots is not believed. In memory, so after a restart none is. */
import type { Db } from "../../db/open.ts";
import { findJob } from "../../db/queries/jobs.ts";
import { findRepo } from "../../db/queries/repos.ts";
import type { JobRow } from "../../db/schema/jobs.ts";
import type { ForgetArgs } from "./forget-plan.ts";

export type PlannedRemovals = {
  /** The plan is sent. An earlier plan may have been accepted, so both count. */
  sent(job: Pick<JobRow, "id" | "hostId" | "repoId">, plan: ForgetArgs | null): void;
  of(jobId: string): ReadonlySet<string>;
  ended(jobId: string): void;
};

const NONE: ReadonlySet<string> = new Set();

export function createPlannedRemovals(db: Db): PlannedRemovals {
  const byJob = new Map<string, Set<string>>();
  return {
    sent(job, plan) {
      const repo = job.repoId === null ? null : findRepo(db, job.repoId);
      if (plan === null || !repo || repo.hostId === job.hostId || !findJob(db, job.id)) return;
      const known = byJob.get(job.id) ?? new Set();
      for (const { remove } of plan.groups) for (const id of remove) known.add(id);
      byJob.set(job.id, known);
    },
    of: (jobId) => byJob.get(jobId) ?? NONE,
    ended: (jobId) => void byJob.delete(jobId),
  };
}

/** Applies an event to a job: looks it up in the table of `life.ts`, writes the result, and runs what follows from its end. */
import type { Db } from "../../db/open.ts";
import { findHost, updateHost } from "../../db/queries/hosts.ts";
import { changeJob, findJob, findRunningJobId } from "../../db/queries/jobs.ts";
import type { JobRow } from "../../db/schema/jobs.ts";
import type { FactBus } from "../runtime/facts.ts";
import { changesOf, type JobEvent, nextStep, type Step } from "./life.ts";
import { recordBackupEnd, recordInitEnd } from "./outcomes.ts";

export type Advanced = { job: JobRow; step: Step };

/** Call inside a transaction. @param reported columns that the event provides */
export function advance(db: Db, job: JobRow, event: JobEvent, at: number, reported?: Partial<JobRow>): Advanced {
  const step = nextStep(job, event);
  const changes = changesOf(job, step, at, reported);
  if (changes === null) return { job, step };
  if (!changeJob(db, job.id, [job.status], changes)) return { job, step: { does: "nothing" } };
  const changed = findJob(db, job.id) as JobRow;
  if (hasEnded(step)) {
    recordBackupEnd(db, changed);
    recordInitEnd(db, changed);
  }
  if (changed.status !== job.status) refreshCurrentJob(db, job.hostId);
  return { job: changed, step };
}

/** Call after the commit. */
export function publishAdvanced(bus: FactBus, { job, step }: Advanced): void {
  if (step.does !== "move" && step.does !== "ask" && !hasEnded(step)) return;
  const fact = { jobId: job.id, hostId: job.hostId };
  bus.publish("job.changed", fact);
  if (hasEnded(step)) bus.publish("job.finished", fact);
}

export function hasEnded(step: Step): boolean {
  return step.does === "end" || step.does === "end_as_reported";
}

function refreshCurrentJob(db: Db, hostId: string): void {
  const currentJobId = findRunningJobId(db, hostId);
  if (findHost(db, hostId)?.currentJobId !== currentJobId) updateHost(db, hostId, { currentJobId });
}

/** A job as REST returns it, and the reason why it is waiting. */
import type { JobListItem } from "../../db/queries/jobs.ts";
import { isFinal } from "../../shared/jobs.ts";
import { iso } from "../http/lists.ts";
import type { JobAnswer } from "./answers.ts";
import { type LifeFacts, phaseOf } from "./life.ts";
import type { Progress } from "./stream.ts";

export function jobBody(job: JobListItem, progress: Progress | null, waitingFor: string | null): JobAnswer {
  return {
    id: job.id,
    host_id: job.hostId,
    host_name: job.hostName,
    repo_id: job.repoId,
    repo_name: job.repoName,
    source_group_id: job.sourceGroupId,
    source_group_name: job.sourceGroupName,
    kind: job.kind,
    status: job.status,
    attempt: job.attempt,
    actor_kind: job.actorKind,
    actor_name: job.actorName,
    schedule_id: job.scheduleId,
    scheduled_at: iso(job.scheduledAt),
    queued_at: iso(job.queuedAt),
    accepted_at: iso(job.acceptedAt),
    started_at: iso(job.startedAt),
    finished_at: iso(job.finishedAt),
    expires_at: iso(job.expiresAt),
    cancel_requested_at: iso(job.cancelRequestedAt),
    closed_by: job.closedBy,
    exit_code: job.exitCode,
    warnings: job.warnings,
    warning_causes: job.warningCauses ?? [],
    stats: job.stats,
    error_code: job.errorCode,
    error_message: job.errorMessage,
    log_lines: job.logLines,
    restic_version: job.resticVersion,
    progress: isFinal(job.status) ? null : progress,
    /** Why it has not started, in words. */
    waiting_for: waitingFor,
  };
}

const ORDINALS = ["first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth"];

/** "waiting for web-01 to come online", "third in web-01's queue". null once it is running. */
export function waitingReason(
  job: LifeFacts & Pick<JobListItem, "hostName">,
  isOnline: boolean,
  ahead: number,
  isDeletionHeld = false,
): string | null {
  const phase = phaseOf(job);
  if (phase !== "waiting" && phase !== "sent" && phase !== "accepted") return null;
  if (job.cancelRequestedAt !== null) return `waiting for ${job.hostName} to confirm the cancellation`;
  if (isDeletionHeld) return "waiting for a deletion hold to be released";
  if (!isOnline) return `waiting for ${job.hostName} to come online`;
  return ahead === 0
    ? `next on ${job.hostName}`
    : `${ORDINALS[ahead] ?? `number ${ahead + 1}`} in ${job.hostName}’s queue`;
}

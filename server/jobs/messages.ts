/** Builds messages about a job from its row. */
import type { JobRow } from "../../db/schema/jobs.ts";
import type { JobFields } from "../../shared/protocol/fields.ts";
import type { ToAgentPayload } from "../../shared/protocol/to-agent.ts";

export function jobFields(job: JobRow): JobFields {
  return {
    job_id: job.id,
    kind: job.kind,
    repo_id: job.repoId,
    source_group_id: job.sourceGroupId,
    schedule_id: job.scheduleId,
    attempt: job.attempt,
    actor_kind: job.actorKind,
    scheduled_at: job.scheduledAt,
    queued_at: job.queuedAt,
  };
}

/** Includes the job's fields, so that an agent that never received the job can report its end. */
export function cancelMessage(job: JobRow): ToAgentPayload<"command.cancel"> {
  return { job_id: job.id, job: jobFields(job) };
}

/** What REST answers about jobs. */
import * as v from "valibot";
import { ACTOR_KINDS, ERROR_CODES, JOB_KINDS, JOB_STATUSES, LOG_STREAMS, WARNING_CODES } from "../../shared/jobs.ts";
import { toServer } from "../../shared/protocol/to-server.ts";
import { count, id, listOf, named, sized, textLike, textOrNull, time, timeOrNull } from "../http/answers.ts";

const figure = v.union([v.number(), v.boolean(), v.string(), v.null()]);

export const jobAnswer = named(
  "Job",
  v.strictObject({
    id,
    host_id: id,
    host_name: textLike("web-01"),
    repo_id: v.nullable(id),
    repo_name: textOrNull,
    source_group_id: v.nullable(id),
    source_group_name: textOrNull,
    kind: v.picklist(JOB_KINDS),
    status: v.picklist(JOB_STATUSES),
    attempt: sized(1),
    actor_kind: v.picklist(ACTOR_KINDS),
    actor_name: textOrNull,
    schedule_id: v.nullable(id),
    scheduled_at: timeOrNull,
    queued_at: time,
    accepted_at: timeOrNull,
    started_at: timeOrNull,
    finished_at: timeOrNull,
    expires_at: timeOrNull,
    cancel_requested_at: timeOrNull,
    closed_by: v.nullable(v.picklist(["agent", "server"])),
    exit_code: v.nullable(v.pipe(v.number(), v.integer())),
    warnings: count,
    warning_causes: v.array(
      v.strictObject({ code: v.picklist(WARNING_CODES), count, paths: v.array(textLike("/etc/shadow")) }),
    ),
    stats: v.pipe(
      v.nullable(v.record(v.string(), v.union([figure, v.array(v.union([v.string(), v.record(v.string(), figure)]))]))),
      v.description("Figures at the end of the job, by kind: restic's own summary."),
    ),
    error_code: v.nullable(v.picklist(ERROR_CODES)),
    error_message: textOrNull,
    log_lines: sized(42),
    restic_version: textOrNull,
    progress: v.nullable(named("JobProgress", v.strictObject(toServer["job.progress"].entries))),
    waiting_for: v.pipe(textOrNull, v.description("Why it has not begun, in words.")),
  }),
);

export const jobListAnswer = v.strictObject({
  ...listOf(jobAnswer).entries,
  total_is_at_least: v.exactOptional(v.literal(true)),
});

export const madeJobAnswer = v.strictObject({ job_id: id, job: jobAnswer });
export const madeJobsAnswer = v.strictObject({ job_ids: v.array(id), jobs: v.array(jobAnswer) });

export const logAnswer = v.strictObject({
  items: v.array(
    v.strictObject({
      seq: sized(1),
      ts: v.pipe(v.number(), v.description("Unix ms."), v.examples([1_795_166_040_000])),
      stream: v.picklist(LOG_STREAMS),
      payload: textLike("open repository"),
    }),
  ),
  total: count,
  next_after_seq: sized(1),
});

export type JobAnswer = v.InferOutput<typeof jobAnswer>;

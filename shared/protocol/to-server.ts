/** Every message from an agent to the server, in one table. */
import * as v from "valibot";
import { APPEND_ONLY_STATES, REPO_STATUSES } from "../repos.ts";
import { frameParser, type MessageOf } from "./envelope.ts";
import {
  anyTime,
  count,
  errorCode,
  finalStatus,
  hex64,
  id,
  jobFields,
  lock,
  logLine,
  openJob,
  path,
  platform,
  snapshotRow,
  stats,
  text,
  time,
  warningCause,
  word,
} from "./fields.ts";
import { MAX_LOG_LINES_PER_FRAME } from "./version.ts";

export const toServer = {
  hello: v.object({
    protocol_version: count,
    agent_version: word,
    restic_version: v.nullable(word),
    ...platform,
    hostname: text(255),
    timezone: word,
    machine_id: word,
    applied_state_version: v.nullable(count),
    applied_state_digest: v.nullable(word),
    capabilities: v.pipe(v.array(word), v.maxLength(50)),
    /** Highest unacknowledged number. 0 when the outbox is empty. */
    outbox_last_seq: count,
    open_jobs: v.pipe(v.array(openJob), v.maxLength(1000)),
    /** Version of the systemd unit that runs the agent. Not sent by older agents or by agents that another unit runs. */
    unit_version: v.optional(count),
  }),
  heartbeat: v.object({
    running_job_ids: v.pipe(v.array(id), v.maxLength(100)),
    queued_jobs: count,
    outbox_pending: count,
    load: v.number(),
    uptime_s: count,
    free_bytes_state: v.nullable(count),
  }),
  "job.queued": v.object(jobFields),
  "job.started": v.object({ ...jobFields, started_at: time, restic_version: v.nullable(word) }),
  "job.progress": v.object({
    job_id: id,
    /** 0 to 1; null while the total is unknown. */
    percent_done: v.nullable(v.pipe(v.number(), v.minValue(0), v.maxValue(1))),
    files_done: count,
    total_files: v.nullable(count),
    bytes_done: count,
    total_bytes: v.nullable(count),
    eta_seconds: v.nullable(count),
    throughput_bps: v.nullable(count),
    current_files: v.pipe(v.array(path), v.maxLength(8)),
    phase: word,
    /** How long the phase had lasted when this was sent. Older agents do not send it. */
    phase_ms: v.optional(count),
  }),
  "log.stream": v.object({
    job_id: id,
    lines: v.pipe(v.array(logLine), v.minLength(1), v.maxLength(MAX_LOG_LINES_PER_FRAME)),
  }),
  "job.finished": v.object({
    ...jobFields,
    status: finalStatus,
    exit_code: v.nullable(v.pipe(v.number(), v.integer())),
    warnings: count,
    /** Causes of the warnings. Their counts add up to `warnings`. Older agents do not send them. */
    warning_causes: v.optional(v.pipe(v.array(warningCause), v.maxLength(50))),
    stats: v.nullable(stats),
    error_code: v.nullable(errorCode),
    error_message: v.nullable(text(4096)),
    /** null when the job ended before it started. */
    started_at: v.nullable(time),
    finished_at: time,
  }),
  "schedule.skipped": v.object({
    schedule_id: id,
    source_group_id: id,
    repo_id: id,
    due_at: time,
    reason: word,
    because_job_id: v.nullable(id),
  }),
  "snapshots.report": v.object({
    repo_id: id,
    report_id: id,
    taken_at: time,
    part: v.pipe(count, v.minValue(1)),
    parts: v.pipe(count, v.minValue(1), v.maxValue(10_000)),
    snapshots: v.pipe(v.array(snapshotRow), v.maxLength(5000)),
    /** Snapshots that exist but could not be read, repeated in each part. Older agents do not send them. */
    unreadable: v.optional(v.pipe(v.array(hex64), v.maxLength(1000))),
  }),
  "snapshots.added": v.object({ repo_id: id, snapshots: v.pipe(v.array(snapshotRow), v.maxLength(100)) }),
  "repo.stats": v.object({
    repo_id: id,
    measured_at: time,
    size_bytes: v.nullable(count),
    uncompressed_bytes: v.nullable(count),
    compression_ratio: v.nullable(v.number()),
    restore_size_bytes: v.nullable(count),
    file_count: v.nullable(count),
    snapshot_count: v.nullable(count),
  }),
  "repo.status": v.object({
    repo_id: id,
    status: v.picklist(REPO_STATUSES),
    status_code: v.nullable(errorCode),
    status_message: v.nullable(text(1000)),
    restic_id: v.nullable(word),
    format_version: v.nullable(count),
    append_only: v.picklist(APPEND_ONLY_STATES),
    checked_at: time,
    /** null when the locks were not read. */
    locks: v.nullable(v.pipe(v.array(lock), v.maxLength(200))),
    /** Number of all lock files, including unread and unreadable ones. Older agents do not send it. */
    lock_files: v.optional(count),
  }),
  "state.ack": v.object({
    /** Version of the state in force. 0 when there is none. */
    state_version: count,
    /** Digest of the state in force. It equals the digest that was sent only if that state was applied, even if with errors. */
    digest: v.nullable(word),
    errors: v.pipe(v.array(v.object({ path: word, message: text(1000) })), v.maxLength(100)),
  }),
  "tree.list.result": v.object({
    entries: v.array(
      v.object({
        name: path,
        type: word,
        size: v.nullable(count),
        mtime: v.nullable(anyTime),
        mode: v.nullable(count),
      }),
    ),
    total: count,
    error: v.nullable(v.object({ code: errorCode, message: text(1000) })),
  }),
  "update.status": v.object({
    job_id: id,
    from: word,
    to: word,
    state: v.picklist(["downloading", "verified", "installed", "confirmed", "rolled_back"]),
    message: text(1000),
  }),
  error: v.object({ code: word, message: text(1000) }),
} as const;

/** The `path` of the error when the host could not save the state at all. */
export const WHOLE_STATE = "state";

/** Written to the outbox and synced before they are sent. Acknowledged by number. */
export const DURABLE_TYPES = [
  "job.queued",
  "job.started",
  "log.stream",
  "job.finished",
  "schedule.skipped",
  "snapshots.report",
  "snapshots.added",
  "repo.stats",
  "repo.status",
  "update.status",
] as const satisfies (keyof typeof toServer)[];
export type DurableType = (typeof DURABLE_TYPES)[number];
export type PassingType = Exclude<ToServerType, DurableType>;

/** Handled immediately and never acknowledged. */
export const PASSING_TYPES = (Object.keys(toServer) as ToServerType[]).filter(isPassing);

function isPassing(type: ToServerType): type is PassingType {
  return !(DURABLE_TYPES as readonly string[]).includes(type);
}

export type ToServer = MessageOf<typeof toServer>;
export type ToServerType = keyof typeof toServer;
export type ToServerPayload<T extends ToServerType> = v.InferOutput<(typeof toServer)[T]>;
export const parseToServer = frameParser(toServer, DURABLE_TYPES);

/** The progress of a job that has reported no figures yet. */
export function noProgress(jobId: string): ToServerPayload<"job.progress"> {
  return {
    job_id: jobId,
    percent_done: null,
    files_done: 0,
    total_files: null,
    bytes_done: 0,
    total_bytes: null,
    eta_seconds: null,
    throughput_bps: null,
    current_files: [],
    phase: "",
  };
}

/** Field schemas that several messages share. Unknown fields are dropped, because a newer peer may send more. */
import * as v from "valibot";
import {
  ACTOR_KINDS,
  ERROR_CODES,
  FINAL_STATUSES,
  JOB_KINDS,
  JOB_STATUSES,
  LOG_STREAMS,
  WARNING_CODES,
} from "../jobs.ts";

export const id = v.pipe(v.string(), v.regex(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/));
/** Unix milliseconds. */
export const time = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(8_640_000_000_000_000));
/** Unix milliseconds of files and snapshots, which may carry any date from year 1 on. */
export const anyTime = v.pipe(
  v.number(),
  v.integer(),
  v.minValue(-62_200_000_000_000),
  v.maxValue(8_640_000_000_000_000),
);
export const count = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(Number.MAX_SAFE_INTEGER));
export const text = (max: number) => v.pipe(v.string(), v.maxLength(max));
export const word = text(200);
export const path = text(4096);
export const hex64 = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/));

export const platform = {
  os: v.picklist(["linux", "windows"]),
  arch: v.picklist(["x64", "arm64"]),
};

/** Identifies a job in every message about it, so that any one message is enough to create the row. */
export const jobFields = {
  job_id: id,
  kind: v.picklist(JOB_KINDS),
  repo_id: v.nullable(id),
  source_group_id: v.nullable(id),
  schedule_id: v.nullable(id),
  attempt: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(1000)),
  actor_kind: v.picklist(ACTOR_KINDS),
  scheduled_at: v.nullable(time),
  queued_at: time,
};
export type JobFields = v.InferOutput<ReturnType<typeof jobFieldsSchema>>;
const jobFieldsSchema = () => v.object(jobFields);

export const openJob = v.object({ ...jobFields, status: v.picklist(JOB_STATUSES) });

export const finalStatus = v.picklist(FINAL_STATUSES);
export const errorCode = v.picklist(ERROR_CODES);

/** Why a job is amber: a code, a count, and the affected paths or names (shortened when there are many). */
export const warningCause = v.object({
  code: v.picklist(WARNING_CODES),
  count: v.pipe(count, v.minValue(1)),
  paths: v.pipe(v.array(path), v.maxLength(100)),
});
export type WarningCause = v.InferOutput<typeof warningCause>;

/** A log line of a job. The agent numbers lines from 1, rising; gaps are allowed. */
export const logLine = v.object({
  seq: v.pipe(count, v.minValue(1)),
  ts: time,
  stream: v.picklist(LOG_STREAMS),
  payload: text(64 * 1024),
});
export type LogLine = v.InferOutput<typeof logLine>;

/** A restic snapshot as the server stores it. Sizes in bytes. */
export const snapshotRow = v.object({
  snapshot_id: hex64,
  time: anyTime,
  /** How far the clock that made the snapshot was ahead of UTC. Older agents do not send it. */
  utc_offset_minutes: v.optional(v.pipe(v.number(), v.integer(), v.minValue(-1440), v.maxValue(1440))),
  hostname: text(255),
  username: text(255),
  paths: v.pipe(v.array(path), v.maxLength(2000)),
  tags: v.pipe(v.array(word), v.maxLength(200)),
  parent: v.nullable(hex64),
  program_version: v.nullable(word),
  size_bytes: v.nullable(count),
  file_count: v.nullable(count),
  added_bytes: v.nullable(count),
});
export type SnapshotRow = v.InferOutput<typeof snapshotRow>;

/** A repository lock, as printed by `restic cat lock`. */
export const lock = v.object({
  lock_id: word,
  time,
  exclusive: v.boolean(),
  hostname: text(255),
  username: text(255),
  pid: count,
});
export type Lock = v.InferOutput<typeof lock>;

const figure = v.union([v.number(), v.boolean(), text(4096), v.null()]);
/** One row of a table, such as one removed snapshot. */
const statsRow = v.record(word, figure);
export type StatsRow = v.InferOutput<typeof statsRow>;

/** Figures at the end of a job: restic's summary, by kind. Only numbers, short texts, and lists and tables of them. */
export const stats = v.record(word, v.union([figure, v.array(text(4096)), v.array(statsRow)]));
export type JobStats = v.InferOutput<typeof stats>;

/** Opens a repository. The restic password, the HTTP user and password, and backend keys are separate things. */
export const credential = v.object({
  url: text(2048),
  http_username: v.nullable(text(255)),
  http_password: v.nullable(text(1024)),
  repo_password: text(1024),
  env: v.record(word, text(4096)),
});
export type Credential = v.InferOutput<typeof credential>;

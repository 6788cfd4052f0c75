/** Every message from the server to an agent, and the orders (`command.run`) by kind. */
import * as v from "valibot";
import { MOST_REMOVED_PER_JOB } from "../forget-plan.ts";
import { ACTOR_KINDS } from "../jobs.ts";
import { retentionSchema } from "../retention.ts";
import { frameParser, type MessageOf } from "./envelope.ts";

import { count, credential, hex64, id, jobFields, path, text, time, word } from "./fields.ts";

const desiredRepo = v.object({
  repo_id: id,
  name: word,
  ...credential.entries,
  compression: v.picklist(["auto", "off", "max"]),
  is_primary: v.boolean(),
});
export type DesiredRepo = v.InferOutput<typeof desiredRepo>;

const desiredSourceGroup = v.object({
  id,
  name: word,
  tag: word,
  includes: v.pipe(v.array(path), v.maxLength(1000)),
  excludes: v.pipe(v.array(path), v.maxLength(5000)),
  options: v.object({
    exclude_caches: v.boolean(),
    one_file_system: v.boolean(),
    log_files: v.boolean(),
  }),
  /** Never empty: the server resolves "none" to the primary repo. */
  repo_ids: v.pipe(v.array(id), v.maxLength(50)),
  retry: v.object({ max: count, backoff_seconds: count }),
  hooks: v.object({ pre: v.nullable(text(64 * 1024)), post: v.nullable(text(64 * 1024)) }),
});
export type DesiredSourceGroup = v.InferOutput<typeof desiredSourceGroup>;

const desiredSchedule = v.object({
  id,
  cron: word,
  timezone: v.nullable(word),
  splay_minutes: count,
  enabled: v.boolean(),
  source_group_ids: v.pipe(v.array(id), v.maxLength(200)),
});
export type DesiredSchedule = v.InferOutput<typeof desiredSchedule>;

export const desiredState = v.object({
  state_version: count,
  digest: word,
  repos: v.array(desiredRepo),
  source_groups: v.array(desiredSourceGroup),
  schedules: v.array(desiredSchedule),
  bandwidth: v.object({ up_kbps: v.nullable(count), down_kbps: v.nullable(count) }),
  hook_shell: v.nullable(word),
  restic_host: text(255),
  timezone_override: v.nullable(word),
  roaming: v.boolean(),
  schedules_paused: v.boolean(),
  /** For older agents, which require the field. Newer ones ignore it: they trust only the keys from enrolment. */
  update_keys: v.pipe(v.array(text(1000)), v.maxLength(20)),
});
export type DesiredState = v.InferOutput<typeof desiredState>;

/**
 * This policy applies to snapshots with this tag and host, separately from all others. An empty policy is never sent.
 * The agent removes only snapshots that both restic and `remove` select. (The field was named `keep` while agents let
 * restic alone decide. Those agents refuse this order.)
 */
const forgetGroup = v.object({
  source_group_id: id,
  tag: v.pipe(word, v.minLength(1)),
  host: v.pipe(text(255), v.minLength(1)),
  retention: retentionSchema,
  /** Digest of the ids of all snapshots that the plan is based on. */
  known: hex64,
  /** Ids of the snapshots to remove. */
  remove: v.pipe(v.array(hex64), v.maxLength(MOST_REMOVED_PER_JOB)),
  /** The policy would remove more than fits into one job. */
  is_partial: v.boolean(),
});
export type ForgetGroup = v.InferOutput<typeof forgetGroup>;

/** Part n of t of the data. restic allows at most 256 parts. */
const checkPart = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(256));
const checkSubset = v.object({ part: checkPart, parts: checkPart });

/** The repository that must be found before anything is changed. null when it is not known yet. */
const expected = { restic_id: v.nullable(word) };

const bandwidth = v.object({ up_kbps: v.nullable(count), down_kbps: v.nullable(count) });

const order = {
  job_id: id,
  repo_id: id,
  actor_kind: v.picklist(ACTOR_KINDS),
  queued_at: time,
  expires_at: time,
  /** For this job only, never stored. An agent that cannot start at once answers `error` `busy`. */
  credential: v.optional(credential),
};

/** One order per kind. An older agent refuses kinds that it does not know with `refused_by_host`. */
export const commandRun = v.variant("kind", [
  v.object({ ...order, kind: v.literal("init"), args: v.object({}) }),
  v.object({
    ...order,
    kind: v.literal("probe"),
    args: v.object({
      /** The repository that must be found. null until the repo has been ready once. */
      restic_id: v.nullable(word),
      /** Retry every 15 s for this long while the repo server answers 401. */
      wait_ms: count,
      /** The credential in this order is on trial: the agent sends no `repo.status`, and the end of the job gives the result. */
      trial: v.boolean(),
    }),
  }),
  v.object({
    ...order,
    kind: v.literal("backup"),
    args: v.object({ source_group_id: id, state_version: count, bandwidth: v.nullable(bandwidth) }),
  }),
  v.object({ ...order, kind: v.literal("snapshots"), args: v.object({}) }),
  v.object({ ...order, kind: v.literal("stats"), args: v.object({}) }),
  v.object({ ...order, kind: v.literal("unlock"), args: v.object({}) }),
  v.object({
    ...order,
    kind: v.literal("forget"),
    args: v.object({
      ...expected,
      groups: v.pipe(v.array(forgetGroup), v.minLength(1), v.maxLength(500)),
      /** How many more times the server makes a new plan by itself when the plan does not include all snapshots. */
      replans_left: count,
    }),
  }),
  v.object({ ...order, kind: v.literal("prune"), args: v.object(expected) }),
  /** Without a subset, only the structure of the repository is checked. */
  v.object({
    ...order,
    kind: v.literal("check"),
    args: v.object({ ...expected, subset: v.nullable(checkSubset) }),
  }),
]);
export type CommandRun = v.InferOutput<typeof commandRun>;
export type CommandKind = CommandRun["kind"];

export const toAgent = {
  welcome: v.object({
    protocol_version: count,
    server_version: word,
    server_state_id: word,
    host_id: id,
    time,
  }),
  ack: v.object({ seq: count }),
  "heartbeat.ack": v.object({ time }),
  "state.set": desiredState,
  "command.run": commandRun,
  "command.cancel": v.object({
    job_id: id,
    /** Lets the agent report the end of a job that it never received. Older servers do not send it. */
    job: v.optional(v.object(jobFields)),
  }),
  "command.update": v.object({
    job_id: id,
    version: word,
    os: word,
    arch: word,
    size: count,
    sha256: word,
    signature: text(4096),
  }),
  "tree.list": v.object({
    repo_id: id,
    snapshot_id: word,
    path,
    offset: count,
    limit: v.pipe(count, v.maxValue(5000)),
    credential: v.optional(credential),
  }),
  error: v.object({ code: word, message: text(1000), help_url: v.optional(text(2048)) }),
} as const;

export type ToAgent = MessageOf<typeof toAgent>;
export type ToAgentType = keyof typeof toAgent;
export type ToAgentPayload<T extends ToAgentType> = v.InferOutput<(typeof toAgent)[T]>;
export const parseToAgent = frameParser(toAgent, []);

/** Every message that the server sends to an agent, and the orders (`command.run`) kind by kind. */
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
  /** Never empty: the server has resolved "none" to the primary repo. */
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
  /** For agents that still demand the field. Newer ones ignore it: only the keys of the enrolment count. */
  update_keys: v.pipe(v.array(text(1000)), v.maxLength(20)),
});
export type DesiredState = v.InferOutput<typeof desiredState>;

/**
 * Snapshots with this tag and host are judged by this policy, apart from all others; an empty one is never sent.
 * The agent removes what both restic and `remove` name, and nothing else. (The policy was called `keep` as long as agents
 * let restic alone decide: such an agent refuses this order.)
 */
const forgetGroup = v.object({
  source_group_id: id,
  tag: v.pipe(word, v.minLength(1)),
  host: v.pipe(text(255), v.minLength(1)),
  retention: retentionSchema,
  /** Digest of the ids of all snapshots that the plan was made from. */
  known: hex64,
  /** Ids of the snapshots that go. */
  remove: v.pipe(v.array(hex64), v.maxLength(MOST_REMOVED_PER_JOB)),
  /** More would go by the policy than fits into one job. */
  is_partial: v.boolean(),
});
export type ForgetGroup = v.InferOutput<typeof forgetGroup>;

/** Part n of t of the data; restic knows 256 parts at most. */
const checkPart = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(256));
const checkSubset = v.object({ part: checkPart, parts: checkPart });

/** The repository that must be found before anything is changed in it; null when none is known yet. */
const expected = { restic_id: v.nullable(word) };

const bandwidth = v.object({ up_kbps: v.nullable(count), down_kbps: v.nullable(count) });

const order = {
  job_id: id,
  repo_id: id,
  actor_kind: v.picklist(ACTOR_KINDS),
  queued_at: time,
  expires_at: time,
  /** For this one job, never stored: an agent that cannot start at once answers `error` `busy`. */
  credential: v.optional(credential),
};

/** One order a kind; kinds that a later version adds are refused by an older agent as `refused_by_host`. */
export const commandRun = v.variant("kind", [
  v.object({ ...order, kind: v.literal("init"), args: v.object({}) }),
  v.object({
    ...order,
    kind: v.literal("probe"),
    args: v.object({
      /** The repository that must be found; null while this repo was never ready. */
      restic_id: v.nullable(word),
      /** Try again every 15 s for this long while the repo server answers 401. */
      wait_ms: count,
      /** The credential that rides along is on trial: no `repo.status`, the job's own end tells. */
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
      /** How often the server plans anew by itself, should the plan not know all snapshots. */
      replans_left: count,
    }),
  }),
  v.object({ ...order, kind: v.literal("prune"), args: v.object(expected) }),
  /** Without a subset only what describes the data is read. */
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
    /** With these the agent can report the end of a job that it never received. Older servers do not send them. */
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

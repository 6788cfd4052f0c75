/** What REST answers about source groups and hooks. */
import * as v from "valibot";
import { JOB_STATUSES } from "../../shared/jobs.ts";
import { retentionSchema } from "../../shared/retention.ts";
import { count, id, named, sized, textLike, textOrNull, time, timeOrNull } from "../http/answers.ts";

export const sourceGroupAnswer = named(
  "SourceGroup",
  v.strictObject({
    id,
    host_id: id,
    name: textLike("documents"),
    tag: textLike("documents"),
    includes: v.array(textLike("/home")),
    excludes: v.array(textLike("*.tmp")),
    exclude_caches: v.boolean(),
    one_file_system: v.boolean(),
    log_files: v.boolean(),
    retention: named("Retention", retentionSchema),
    retention_held_since: v.pipe(
      timeOrNull,
      v.description("Since when nothing is removed because a person has to agree first."),
    ),
    retry_max: sized(3),
    retry_backoff_seconds: sized(60),
    repo_ids: v.pipe(v.array(id), v.description("Empty: the primary repo.")),
    has_pre_hook: v.boolean(),
    has_post_hook: v.boolean(),
    targets: v.array(
      v.strictObject({
        repo_id: id,
        last_job_id: v.nullable(id),
        last_status: v.nullable(v.picklist(JOB_STATUSES)),
        last_warnings: count,
        last_at: timeOrNull,
        last_success_at: timeOrNull,
      }),
    ),
    created_at: time,
    updated_at: time,
  }),
);

const hooks = {
  pre: textOrNull,
  post: textOrNull,
  unreadable: v.pipe(v.array(v.picklist(["pre", "post"])), v.description("Stored, but they do not open.")),
};
export const groupHooksAnswer = named("Hooks", v.strictObject(hooks));
export const hostHooksAnswer = named("HostHooks", v.strictObject({ ...hooks, hook_shell: textOrNull }));

/** Errors of edits whose result cannot be sent to the host: too large for one message, or with a secret that cannot be decrypted. */
export const UNSENDABLE = { 409: ["credential_unreadable", "hook_unreadable"], 413: ["state_too_large"] } as const;

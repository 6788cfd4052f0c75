/** What REST answers about repos and their credentials. */
import * as v from "valibot";
import { CREDENTIAL_SLOTS } from "../../db/schema/repos.ts";
import { APPEND_ONLY_STATES, REPO_KINDS, REPO_STATUSES } from "../../shared/repos.ts";
import {
  count,
  countOrNull,
  day,
  id,
  listOf,
  named,
  sized,
  textLike,
  textOrNull,
  time,
  timeOrNull,
} from "../http/answers.ts";

const ratio = v.nullable(v.number());

const repoFields = {
  id,
  host_id: id,
  host_name: textLike("web-01"),
  name: textLike("main"),
  is_primary: v.boolean(),
  kind: v.picklist(REPO_KINDS),
  url: v.pipe(textLike("rest:https://vault.example/web-01/"), v.description("Without user and password.")),
  restic_id: textOrNull,
  format_version: v.pipe(countOrNull, v.description("From format 2 on a repository can compress.")),
  status: v.picklist(REPO_STATUSES),
  status_code: textOrNull,
  status_message: textOrNull,
  status_at: timeOrNull,
  append_only: v.picklist(APPEND_ONLY_STATES),
  append_only_checked_at: timeOrNull,
  size_bytes: countOrNull,
  restore_size_bytes: countOrNull,
  file_count: countOrNull,
  snapshot_count: sized(58),
  dedup_ratio: ratio,
  compression_ratio: ratio,
  measured_at: timeOrNull,
  compression: v.picklist(["auto", "off", "max"]),
  unreadable_snapshots: v.pipe(
    v.array(v.string()),
    v.description("Damaged files: these snapshots are there, but cannot be read."),
  ),
  lock_count: countOrNull,
  oldest_lock_at: timeOrNull,
  locks: v.array(
    v.strictObject({
      lock_id: v.string(),
      time,
      exclusive: v.boolean(),
      hostname: v.string(),
      username: v.string(),
      pid: count,
    }),
  ),
  locks_at: timeOrNull,
  last_forget_at: timeOrNull,
  last_forget_status: textOrNull,
  last_prune_at: timeOrNull,
  last_prune_status: textOrNull,
  last_check_at: timeOrNull,
  last_check_status: textOrNull,
  fully_read_since: timeOrNull,
};

export const repoAnswer = named("Repo", v.strictObject(repoFields));

const others = v.array(v.strictObject({ id, host_id: id, host_name: textLike("web-02") }));
export const oneRepoAnswer = named(
  "RepoInFull",
  v.strictObject({
    ...repoFields,
    next_look_at: v.pipe(timeOrNull, v.description("When one that cannot be opened is probed again by itself.")),
    shared_with: v.pipe(others, v.description("Other repos that are the same repository.")),
    same_id_elsewhere: v.pipe(others, v.description("Repos that report the same id at another address.")),
  }),
);

/** Passwords that were generated, shown only once. */
export const generatedAnswer = named(
  "GeneratedPasswords",
  v.strictObject({
    http_password: v.exactOptional(v.string()),
    htpasswd_line: v.exactOptional(textLike("web-01:$2y$10$…")),
    repo_password: v.exactOptional(v.string()),
  }),
);
export const newRepoAnswer = named("NewRepo", v.strictObject({ ...repoFields, generated: generatedAnswer }));

export const trendAnswer = listOf(
  v.strictObject({ day, size_bytes: countOrNull, snapshot_count: count, added_bytes: count }),
);

export const credentialAnswer = named(
  "Credential",
  v.strictObject({
    slot: v.picklist(CREDENTIAL_SLOTS),
    unreadable: v.pipe(v.boolean(), v.description("What is stored does not open: enter all of it anew.")),
    url: textLike("rest:https://vault.example/web-01/"),
    http_username: textOrNull,
    has_http_password: v.boolean(),
    has_repo_password: v.boolean(),
    env_names: v.array(textLike("AWS_ACCESS_KEY_ID")),
    rotated_at: time,
    on_trial: v.pipe(v.boolean(), v.description("A new one waits until it has opened the repo.")),
    trial_error: textOrNull,
    trial_again_at: timeOrNull,
    proved_at: v.pipe(timeOrNull, v.description("The admin credential: when it last did what it is for.")),
  }),
);

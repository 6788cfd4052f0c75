/** Job kinds, statuses and error codes that server and agent share. */

export const JOB_KINDS = [
  "init",
  "backup",
  "forget",
  "prune",
  "check",
  "unlock",
  "stats",
  "snapshots",
  "restore",
  "diff",
  "find",
  "verify",
  "probe",
  "update",
] as const;
export type JobKind = (typeof JOB_KINDS)[number];

export const JOB_STATUSES = ["queued", "running", "succeeded", "failed", "cancelled"] as const;
export type JobStatus = (typeof JOB_STATUSES)[number];
export const FINAL_STATUSES = ["succeeded", "failed", "cancelled"] as const;
export type FinalStatus = (typeof FINAL_STATUSES)[number];

export function isFinal(status: JobStatus): status is FinalStatus {
  return (FINAL_STATUSES as readonly string[]).includes(status);
}

export const ACTOR_KINDS = ["user", "schedule", "system"] as const;

export const LOG_STREAMS = ["stdout", "stderr", "event"] as const;
export type LogStream = (typeof LOG_STREAMS)[number];

export const ERROR_CODES = [
  "restic_failed",
  "repo_locked",
  "wrong_password",
  "repo_missing",
  "wrong_repo",
  "repo_unreachable",
  "repo_full",
  "unauthorised",
  "permission_denied",
  "append_only",
  "repo_damaged",
  /** restic would remove other snapshots than those a person or the plan agreed to. */
  "retention_held",
  /** New snapshots kept appearing that the plan did not include. */
  "plan_outdated",
  "pre_hook_failed",
  "restic_missing",
  "restic_too_old",
  "no_credentials",
  "no_paths",
  "refused_by_host",
  "stalled",
  "expired",
  "agent_restarted",
  "agent_lost_job",
  "host_vanished",
  "internal",
] as const;
export type ErrorCode = (typeof ERROR_CODES)[number];

/** What turns a succeeded job amber. */
export const WARNING_CODES = [
  /** Files or folders could not be read. */
  "unreadable",
  /** A path of the source group does not exist. */
  "path_missing",
  /** A path of the source group is not valid on this system and was skipped. */
  "path_refused",
  /** An exclude that restic cannot use. */
  "exclude_refused",
  /** A file system is mounted below a path and was not backed up. */
  "mount_left_out",
  /** The path is a symbolic link, and only the link was saved. */
  "only_link_saved",
  /** The path is empty now but held files last time. */
  "emptied",
  /** Everything below the path is excluded. */
  "all_excluded",
  /** Nothing was saved, and no other code explains why. */
  "nothing_saved",
  /** Windows: a volume's shadow copy could not be created. */
  "shadow_copy_failed",
  "post_hook_failed",
  /** The repository holds snapshots that cannot be read. */
  "snapshot_unreadable",
  /** The backup continued without data that is missing from the repository. */
  "repo_damaged",
] as const;
export type WarningCode = (typeof WARNING_CODES)[number];

/** The words that both programs use about jobs: kinds, statuses, error codes. */

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

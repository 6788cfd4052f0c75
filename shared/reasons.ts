/** Short texts for the error codes of jobs. */

/** Two or three words for each error code, for the second line of a table cell. */
export const REASONS: Record<string, string> = {
  repo_locked: "repository locked",
  wrong_password: "wrong restic password",
  repo_missing: "no repository found",
  wrong_repo: "different repository found",
  repo_unreachable: "repo server unreachable",
  repo_full: "repository full",
  unauthorised: "refused by repo server",
  permission_denied: "permission denied",
  append_only: "refused: append-only",
  repo_damaged: "repository damaged",
  retention_held: "awaiting confirmation",
  plan_outdated: "snapshots kept changing",
  pre_hook_failed: "pre-hook failed",
  restic_missing: "restic not found",
  restic_too_old: "restic too old",
  no_credentials: "no credential",
  no_paths: "paths not found",
  refused_by_host: "refused by host",
  stalled: "stalled",
  expired: "host never came online",
  agent_restarted: "agent restarted",
  agent_lost_job: "lost by the agent",
  host_vanished: "host vanished",
};

export function reasonInWords(errorCode: string | null): string {
  return REASONS[errorCode ?? ""] ?? "restic failed";
}

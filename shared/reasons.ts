/** What the error code of a job means, in two or three words. */

/** What an error code means, in two or three words, for the second line of a cell. */
export const REASONS: Record<string, string> = {
  repo_locked: "repository locked",
  wrong_password: "wrong restic password",
  repo_missing: "no repository there",
  wrong_repo: "another repository there",
  repo_unreachable: "repo server unreachable",
  repo_full: "repository full",
  unauthorised: "refused by repo server",
  permission_denied: "permission denied",
  append_only: "refused: append-only",
  repo_damaged: "repository damaged",
  retention_held: "waits for a confirmation",
  plan_outdated: "snapshots kept changing",
  pre_hook_failed: "pre-hook failed",
  restic_missing: "restic missing",
  restic_too_old: "restic too old",
  no_credentials: "no credential",
  no_paths: "paths missing",
  refused_by_host: "refused by host",
  stalled: "stalled",
  expired: "host never came",
  agent_restarted: "agent restarted",
  agent_lost_job: "agent lost it",
  host_vanished: "host vanished",
};

export function reasonInWords(errorCode: string | null): string {
  return REASONS[errorCode ?? ""] ?? "restic failed";
}

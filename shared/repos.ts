/** The words that both programs use about repos. */

export const REPO_KINDS = ["rest", "local", "sftp", "s3", "b2", "rclone", "other"] as const;
export type RepoKind = (typeof REPO_KINDS)[number];

export const REPO_STATUSES = ["unknown", "waiting", "ready", "failed"] as const;
export type RepoStatus = (typeof REPO_STATUSES)[number];

export const APPEND_ONLY_STATES = ["unknown", "proven", "violated", "not_applicable"] as const;
export type AppendOnly = (typeof APPEND_ONLY_STATES)[number];

/** Restic's own environment names that a repo may bring along; nothing here can start another program. */
export const REPO_ENV_NAMES: Readonly<Record<RepoKind, readonly string[]>> = {
  rest: ["RESTIC_REST_USERNAME", "RESTIC_REST_PASSWORD"],
  local: [],
  sftp: [],
  s3: ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_DEFAULT_REGION"],
  b2: ["B2_ACCOUNT_ID", "B2_ACCOUNT_KEY"],
  rclone: [],
  other: [
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_DEFAULT_REGION",
    "AZURE_ACCOUNT_NAME",
    "AZURE_ACCOUNT_KEY",
    "AZURE_ACCOUNT_SAS",
    "B2_ACCOUNT_ID",
    "B2_ACCOUNT_KEY",
    "GOOGLE_PROJECT_ID",
    "OS_AUTH_URL",
    "OS_USERNAME",
    "OS_PASSWORD",
    "OS_REGION_NAME",
    "OS_TENANT_NAME",
    "ST_AUTH",
    "ST_USER",
    "ST_KEY",
  ],
};

/** What kind of repository an address names. */
export function repoKindOf(url: string): RepoKind {
  if (url.startsWith("rest:")) return "rest";
  if (url.startsWith("sftp:")) return "sftp";
  if (url.startsWith("s3:")) return "s3";
  if (url.startsWith("b2:")) return "b2";
  if (url.startsWith("rclone:")) return "rclone";
  if (/^(\/|[A-Za-z]:[\\/]|local:)/.test(url)) return "local";
  return "other";
}

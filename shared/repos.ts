/** Repo kinds, and the rules for their addresses and environment, shared by server and agent. */

export const REPO_KINDS = ["rest", "local", "sftp", "s3", "b2", "rclone", "other"] as const;
export type RepoKind = (typeof REPO_KINDS)[number];

export const REPO_STATUSES = ["unknown", "waiting", "ready", "failed"] as const;
export type RepoStatus = (typeof REPO_STATUSES)[number];

export const APPEND_ONLY_STATES = ["unknown", "proven", "violated", "not_applicable"] as const;
export type AppendOnly = (typeof APPEND_ONLY_STATES)[number];

/** restic's own environment variables that a repo may set. None of them can start another program. */
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

type AddressRule = { pattern: RegExp; say: string };

/** Names that are passed to another program must not begin with a dash, and rclone remotes must be configured ones, so neither can start a program. */
const ADDRESS_RULES: Readonly<Record<RepoKind, AddressRule>> = {
  rest: {
    pattern: /^rest:https?:\/\/[^/]+/i,
    say: "Use the form rest:http://HOST:PORT/PATH/ or rest:https://HOST:PORT/PATH/.",
  },
  local: {
    pattern: /^(local:)?(\/|[A-Za-z]:[\\/])/,
    say: "Use an absolute path, such as /srv/restic.",
  },
  sftp: {
    pattern:
      /^sftp:(\/\/([\w.][\w.-]*@)?([\w.][\w.-]*|\[[0-9A-Fa-f:]+\])(:\d+)?\/|([\w.][\w.-]*@)?([\w.][\w.-]*|\[[0-9A-Fa-f:]+\])(:\d+)?[:/])\S*$/,
    say: "Use the form sftp:USER@HOST:/PATH or sftp://USER@HOST:PORT//PATH.",
  },
  s3: {
    pattern: /^s3:(https?:\/\/)?[\w.][\w.:-]*\/[\w.][^\s]*$/,
    say: "Use the form s3:https://HOST/BUCKET/PATH or s3:HOST/BUCKET.",
  },
  b2: { pattern: /^b2:[\w][\w.-]*(:\S*)?$/, say: "Use the form b2:BUCKET:PATH." },
  rclone: {
    pattern: /^rclone:[\w][\w.+@ -]*:[^\u0000-\u001f]*$/,
    say: "Use the form rclone:REMOTE:PATH, with a remote from the host's rclone configuration.",
  },
  other: {
    pattern: /^(azure|gs|swift):[\w][\w.-]*(:\S*)?$/,
    say: "For other restic backends use azure:, gs: or swift:, such as azure:CONTAINER:/PATH.",
  },
};

/** What is wrong with an address of this kind, as a sentence. null when it is valid. Used by server and agent. */
export function problemOfAddress(kind: RepoKind, url: string): string | null {
  return ADDRESS_RULES[kind].pattern.test(url) ? null : ADDRESS_RULES[kind].say;
}

/** Whether it is a REST address without a path. */
export function namesServerAlone(url: string): boolean {
  return /^rest:https?:\/\/[^/]+\/?$/i.test(url);
}

/** The kind of repository that an address points to. */
export function repoKindOf(url: string): RepoKind {
  if (url.startsWith("rest:")) return "rest";
  if (url.startsWith("sftp:")) return "sftp";
  if (url.startsWith("s3:")) return "s3";
  if (url.startsWith("b2:")) return "b2";
  if (url.startsWith("rclone:")) return "rclone";
  if (/^(\/|[A-Za-z]:[\\/]|local:)/.test(url)) return "local";
  return "other";
}

/** Every setting of the server as data, used for parsing, errors, the `config` command and the manual. */

export type SettingKind = "text" | "path" | "listen" | "url" | "duration" | "cidrs" | "count" | readonly string[];

export type Setting = {
  name: string;
  kind: SettingKind;
  /** As a person would write it. null = not set. */
  default: string | null;
  secret: boolean;
  description: string;
};

export const SETTINGS = [
  {
    name: "RM_LISTEN",
    kind: "listen",
    default: ":8080",
    secret: false,
    description: "Address and port to listen on, as HOST:PORT or :PORT",
  },
  {
    name: "RM_DATA_DIR",
    kind: "path",
    default: "./data",
    secret: false,
    description: "Folder for the database, the keys and overrides of bundled files",
  },
  {
    name: "RM_BASE_URL",
    kind: "url",
    default: null,
    secret: false,
    description: "Public address, used in links and install commands. Default: the address of each request",
  },
  {
    name: "RM_TLS_CERT",
    kind: "path",
    default: null,
    secret: false,
    description: "TLS certificate file (PEM)",
  },
  { name: "RM_TLS_KEY", kind: "path", default: null, secret: false, description: "TLS key file (PEM)" },
  {
    name: "RM_SECRET_KEY_FILE",
    kind: "path",
    default: null,
    secret: false,
    description: "File with the server key, created on first start. Default: secret.key in the data folder",
  },
  {
    name: "RM_SECRET_KEY",
    kind: "text",
    default: null,
    secret: true,
    description: "The server key itself (64 hex digits) instead of a file",
  },
  {
    name: "RM_TRUSTED_PROXY",
    kind: "cidrs",
    default: null,
    secret: false,
    description: "Trusted proxy networks (CIDR, comma-separated) whose X-Forwarded-For, -Proto and -Host headers count",
  },
  {
    name: "RM_DIST_DIR",
    kind: "path",
    default: "./dist",
    secret: false,
    description: "Folder with the agents and restic copies that this server offers for download",
  },
  {
    name: "RM_LOG_LEVEL",
    kind: ["debug", "info", "warn", "error"],
    default: "info",
    secret: false,
    description: "Lowest level that is logged",
  },
  {
    name: "RM_LOG_FORMAT",
    kind: ["text", "json"],
    default: null,
    secret: false,
    description: "Log format. Default: text on a terminal, json otherwise",
  },
  {
    name: "RM_JOB_LOST_AFTER",
    kind: "duration",
    default: "24h",
    secret: false,
    description: "How long a host may be silent before its open jobs are given up, such as 90s, 30m, 24h or 2d",
  },
  {
    name: "RM_LOG_RETENTION_DAYS",
    kind: "count",
    default: "90",
    secret: false,
    description: "Days to keep job logs. Those of a host's newest 200 jobs are always kept",
  },
  {
    name: "RM_JOB_RETENTION_DAYS",
    kind: "count",
    default: "120",
    secret: false,
    description: "Days to keep jobs without their logs. A host's newest 200 jobs are always kept",
  },
  {
    name: "RM_HOST_MIB_PER_MINUTE",
    kind: "count",
    default: "120",
    secret: false,
    description: "MiB per minute that one host may have stored. A longer burst waits on the host and is not lost",
  },
  {
    name: "RM_BACKUP_DIR",
    kind: "path",
    default: null,
    secret: false,
    description: "Folder for nightly copies of the database. Default: backups in the data folder, on the same disk",
  },
  {
    name: "RM_BACKUP_KEEP",
    kind: "count",
    default: "7",
    secret: false,
    description: "Number of database copies to keep",
  },
  {
    name: "RM_HEARTBEAT_URL",
    kind: "url",
    default: null,
    secret: true,
    description:
      "Address to request every 5 minutes while all is well, so that an outside monitor notices when the server is down",
  },
] as const satisfies readonly Setting[];

export type SettingName = (typeof SETTINGS)[number]["name"];

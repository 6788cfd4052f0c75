/** Every setting of the server as data: parsing, errors, `config` and the manual page come from this one table. */

export type SettingKind = "text" | "path" | "listen" | "url" | "duration" | "cidrs" | "count" | readonly string[];

export type Setting = {
  name: string;
  kind: SettingKind;
  /** As a person would write it; null = not set. */
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
    description: "Folder of the database, the keys and bundled overrides",
  },
  {
    name: "RM_BASE_URL",
    kind: "url",
    default: null,
    secret: false,
    description: "Public address, used in links and install commands; without it the request's own address is used",
  },
  {
    name: "RM_TLS_CERT",
    kind: "path",
    default: null,
    secret: false,
    description: "Certificate file (PEM) for TLS in process",
  },
  { name: "RM_TLS_KEY", kind: "path", default: null, secret: false, description: "Key file (PEM) for TLS in process" },
  {
    name: "RM_SECRET_KEY_FILE",
    kind: "path",
    default: null,
    secret: false,
    description: "File of the server key; made on first start. Default: secret.key in the data folder",
  },
  {
    name: "RM_SECRET_KEY",
    kind: "text",
    default: null,
    secret: true,
    description: "The server key itself (64 hex digits), instead of a file",
  },
  {
    name: "RM_TRUSTED_PROXY",
    kind: "cidrs",
    default: null,
    secret: false,
    description: "Networks (CIDR, comma-separated) whose X-Forwarded-For, -Proto and -Host count",
  },
  {
    name: "RM_DIST_DIR",
    kind: "path",
    default: "./dist",
    secret: false,
    description: "Folder of the agents and restic copies that this server hands out",
  },
  {
    name: "RM_LOG_LEVEL",
    kind: ["debug", "info", "warn", "error"],
    default: "info",
    secret: false,
    description: "Least level that is logged",
  },
  {
    name: "RM_LOG_FORMAT",
    kind: ["text", "json"],
    default: null,
    secret: false,
    description: "Form of the log. Default: text on a terminal, json otherwise",
  },
  {
    name: "RM_JOB_LOST_AFTER",
    kind: "duration",
    default: "24h",
    secret: false,
    description: "Silence of a host after which its open jobs are given up, as 90s, 30m, 24h or 2d",
  },
  {
    name: "RM_LOG_RETENTION_DAYS",
    kind: "count",
    default: "90",
    secret: false,
    description: "Days for which the logs of jobs are kept; those of a host's newest 200 jobs always stay",
  },
  {
    name: "RM_JOB_RETENTION_DAYS",
    kind: "count",
    default: "120",
    secret: false,
    description: "Days for which jobs without their logs are kept; a host's newest 200 jobs always stay",
  },
  {
    name: "RM_HOST_MIB_PER_MINUTE",
    kind: "count",
    default: "120",
    secret: false,
    description: "MiB a minute that one host may have stored; a longer burst waits on the host and is not lost",
  },
  {
    name: "RM_BACKUP_DIR",
    kind: "path",
    default: null,
    secret: false,
    description: "Folder of the nightly copies of the database. Default: backups in the data folder, on the same disk",
  },
  {
    name: "RM_BACKUP_KEEP",
    kind: "count",
    default: "7",
    secret: false,
    description: "How many copies of the database are kept",
  },
  {
    name: "RM_HEARTBEAT_URL",
    kind: "url",
    default: null,
    secret: true,
    description: "Address that is requested every 5 minutes while all is well: somebody must notice a dead server",
  },
] as const satisfies readonly Setting[];

export type SettingName = (typeof SETTINGS)[number]["name"];

/** Reads the settings: the environment overrides RM_CONFIG (YAML), which overrides defaults. The only place in the server that reads process.env. */
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { LOG_LEVELS, type LogLevel } from "../../shared/log.ts";
import { type Cidr, parseCidr } from "./addresses.ts";
import { SETTINGS, type Setting, type SettingName } from "./config-table.ts";

export type Config = {
  listen: { hostname: string; port: number };
  dataDir: string;
  distDir: string;
  /** Without a trailing slash. null = taken from each request. */
  baseUrl: string | null;
  tls: { certFile: string; keyFile: string } | null;
  secretKeyFile: string;
  secretKey: string | null;
  trustedProxies: Cidr[];
  logLevel: LogLevel;
  logFormat: "text" | "json";
  jobLostAfterMs: number;
  logRetentionDays: number;
  jobRetentionDays: number;
  backupDir: string;
  backupKeep: number;
  hostMibPerMinute: number;
  /** null = no heartbeat is sent. */
  heartbeatUrl: string | null;
};

export type ConfigOutcome = { ok: true; config: Config } | { ok: false; errors: string[] };
type Values = Record<SettingName, string | null>;
type Environment = Record<string, string | undefined>;

/** Collects all errors, each naming its setting. */
export function readConfig(
  environment: Environment = process.env,
  isTerminal = process.stdout.isTTY === true,
): ConfigOutcome {
  const errors: string[] = [];
  const values = collect(environment, errors);
  const listen = values.RM_LISTEN ? parseListen(values.RM_LISTEN) : null;
  const lostAfter = values.RM_JOB_LOST_AFTER ? parseDuration(values.RM_JOB_LOST_AFTER) : null;
  const proxies = parseCidrs(values.RM_TRUSTED_PROXY);
  const baseUrl = values.RM_BASE_URL === null ? null : parseBaseUrl(values.RM_BASE_URL);
  if (!listen) errors.push(`RM_LISTEN: "${values.RM_LISTEN}" is not an address. Use HOST:PORT or :PORT.`);
  if (lostAfter === null)
    errors.push(
      `RM_JOB_LOST_AFTER: "${values.RM_JOB_LOST_AFTER}" is not a duration. Use 90s, 30m, 24h or 2d, for example.`,
    );
  if (!proxies)
    errors.push(
      `RM_TRUSTED_PROXY: "${values.RM_TRUSTED_PROXY}" is not a list of networks. Use 10.0.0.0/8, ::1/128, for example.`,
    );
  if (baseUrl === undefined)
    errors.push(`RM_BASE_URL: "${values.RM_BASE_URL}" is not valid. Use an http or https address without a path.`);
  if ((values.RM_TLS_CERT === null) !== (values.RM_TLS_KEY === null))
    errors.push("RM_TLS_CERT and RM_TLS_KEY must be set together, but one of them is missing.");
  if (values.RM_SECRET_KEY !== null && !/^[0-9a-f]{64}$/i.test(values.RM_SECRET_KEY)) {
    errors.push("RM_SECRET_KEY is not valid. Use 64 hex digits, for example from `openssl rand -hex 32`.");
  }
  const counts = {
    logRetentionDays: countOf("RM_LOG_RETENTION_DAYS", values, errors),
    jobRetentionDays: countOf("RM_JOB_RETENTION_DAYS", values, errors),
    backupKeep: countOf("RM_BACKUP_KEEP", values, errors),
    hostMibPerMinute: countOf("RM_HOST_MIB_PER_MINUTE", values, errors),
  };
  const heartbeatUrl = values.RM_HEARTBEAT_URL;
  if (heartbeatUrl !== null && !(URL.canParse(heartbeatUrl) && /^https?:/i.test(heartbeatUrl)))
    errors.push("RM_HEARTBEAT_URL is not valid. Use an http or https address.");
  for (const setting of SETTINGS) pushUnlessAllowed(setting, values[setting.name], errors);
  if (errors.length > 0 || !listen || lostAfter === null || !proxies || baseUrl === undefined)
    return { ok: false, errors };
  const dataDir = resolve(values.RM_DATA_DIR ?? "./data");
  return {
    ok: true,
    config: {
      listen,
      dataDir,
      distDir: resolve(values.RM_DIST_DIR ?? "./dist"),
      baseUrl,
      tls:
        values.RM_TLS_CERT && values.RM_TLS_KEY ? { certFile: values.RM_TLS_CERT, keyFile: values.RM_TLS_KEY } : null,
      secretKeyFile: resolve(values.RM_SECRET_KEY_FILE ?? `${dataDir}/secret.key`),
      secretKey: values.RM_SECRET_KEY?.toLowerCase() ?? null,
      trustedProxies: proxies,
      logLevel: LOG_LEVELS.find((level) => level === values.RM_LOG_LEVEL) ?? "info",
      logFormat: values.RM_LOG_FORMAT === "json" || (values.RM_LOG_FORMAT === null && !isTerminal) ? "json" : "text",
      jobLostAfterMs: lostAfter,
      ...counts,
      backupDir: resolve(values.RM_BACKUP_DIR ?? `${dataDir}/backups`),
      heartbeatUrl,
    },
  };
}

/** Lines `NAME=value  description` for `restic-manager config`, with secrets masked. */
export function describeConfig(environment: Environment = process.env): string[] {
  const values = collect(environment, []);
  return SETTINGS.map((setting) => {
    const value = values[setting.name];
    const shown = value === null ? "(not set)" : setting.secret ? "********" : value;
    return `${setting.name}=${shown}\n    ${setting.description}`;
  });
}

function collect(environment: Environment, errors: string[]): Values {
  const file = environment["RM_CONFIG"] ? readYaml(environment["RM_CONFIG"], errors) : {};
  const known = new Set<string>(SETTINGS.map((s) => s.name));
  for (const name of Object.keys(file)) if (!known.has(name)) errors.push(`RM_CONFIG: "${name}" is not a setting.`);
  const entries = SETTINGS.map((s) => [s.name, environment[s.name] || file[s.name] || s.default] as const);
  return Object.fromEntries(entries) as Values;
}

function readYaml(path: string, errors: string[]): Record<string, string> {
  try {
    const parsed: unknown = Bun.YAML.parse(readFileSync(path, "utf8"));
    if (parsed === null || typeof parsed !== "object" || Array.isArray(parsed))
      throw new Error("it is not a list of NAME: value");
    return Object.fromEntries(Object.entries(parsed).map(([name, value]) => [name, String(value)]));
  } catch (error) {
    errors.push(`RM_CONFIG: ${path} cannot be read: ${error instanceof Error ? error.message : error}.`);
    return {};
  }
}

function pushUnlessAllowed(setting: Setting, value: string | null, errors: string[]): void {
  if (typeof setting.kind === "string" || value === null || setting.kind.includes(value)) return;
  errors.push(`${setting.name}: "${value}" is not valid. Use one of ${setting.kind.join(", ")}.`);
}

/** A whole number of at least 1. Anything else is reported among the errors. */
function countOf(name: SettingName, values: Values, errors: string[]): number {
  const text = values[name] ?? "";
  if (!/^[1-9]\d{0,5}$/.test(text)) errors.push(`${name}: "${text}" is not a whole number of at least 1.`);
  return Number(text);
}

function parseListen(text: string): Config["listen"] | null {
  const match = /^(.*):(\d{1,5})$/.exec(text);
  const port = match ? Number(match[2]) : Number.NaN;
  if (!match || port > 65_535) return null;
  const hostname = (match[1] ?? "").replace(/^\[(.*)\]$/, "$1");
  return { hostname: hostname === "" ? "0.0.0.0" : hostname, port };
}

function parseDuration(text: string): number | null {
  const match = /^(\d+)(s|m|h|d)$/.exec(text);
  if (!match) return null;
  return Number(match[1]) * { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }[match[2] as "s" | "m" | "h" | "d"];
}

function parseCidrs(text: string | null): Cidr[] | null {
  const parts = (text ?? "")
    .split(",")
    .map((part) => part.trim())
    .filter(Boolean);
  const cidrs = parts.map(parseCidr);
  return cidrs.every((cidr) => cidr !== null) ? cidrs : null;
}

function parseBaseUrl(text: string): string | undefined {
  if (!URL.canParse(text)) return undefined;
  const url = new URL(text);
  const plain =
    (url.protocol === "http:" || url.protocol === "https:") && url.pathname === "/" && !url.search && !url.username;
  return plain ? url.origin : undefined;
}

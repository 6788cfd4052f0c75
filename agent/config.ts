/** The agent's configuration: environment variables (read nowhere else) and `agent.yaml`. */
import { chmodSync, existsSync, mkdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { PLATFORM } from "./machine/platform.ts";
import { replaceFile } from "./machine/replace-file.ts";

export type AgentEnvironment = {
  configFolder: string;
  stateFolder: string;
  cacheFolder: string;
  /** The operating system's usual folders: this is the machine's own agent, not one in a test. */
  standardFolders: boolean;
  /** Folder of downloaded programs. */
  binFolder: string;
  /** One-time enrolment token. */
  token: string | null;
  /** `TZ` */
  timezone: string | null;
  /** `RM_UNIT_VERSION`: the version that the systemd unit declares. */
  unitVersion: string | null;
  proxy: { https: string | null; http: string | null; none: string[] };
  /** Environment of every child process: only what programs need to work, without restic's variables or secrets. */
  childBase: Record<string, string>;
};

const LINUX_NAMES = ["PATH", "HOME", "TMPDIR", "LANG", "SSH_AUTH_SOCK"];
const WINDOWS_NAMES = ["Path", "SystemRoot", "SystemDrive", "windir", "TEMP", "TMP", "USERPROFILE", "ProgramData"];
const SHARED_NAMES = ["SSL_CERT_FILE", "SSL_CERT_DIR", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"];
const LOWER_PROXY_NAMES = ["http_proxy", "https_proxy", "no_proxy"];

/** Reads what the agent needs from its environment; nothing else reads it. */
export function readEnvironment(env: Record<string, string | undefined> = process.env): AgentEnvironment {
  const usual = usualFolders(env);
  const state = env.RM_AGENT_STATE || usual.state;
  const moved = Boolean(env.RM_AGENT_STATE || env.RM_AGENT_CONFIG);
  return {
    configFolder: env.RM_AGENT_CONFIG || usual.config,
    stateFolder: state,
    cacheFolder: moved ? join(state, "cache") : usual.cache,
    binFolder: moved ? join(state, "bin") : usual.bin,
    standardFolders: !moved,
    token: env.RM_TOKEN?.trim() || null,
    timezone: env.TZ || null,
    unitVersion: env.RM_UNIT_VERSION || null,
    proxy: {
      https: env.HTTPS_PROXY || env.https_proxy || null,
      http: env.HTTP_PROXY || env.http_proxy || null,
      none: (env.NO_PROXY || env.no_proxy || "").split(",").flatMap((name) => name.trim() || []),
    },
    childBase: childBase(env),
  };
}

function usualFolders(env: Record<string, string | undefined>) {
  if (PLATFORM.os === "windows") {
    const data = join(env.ProgramData ?? "C:\\ProgramData", "restic-manager");
    const programs = join(env.ProgramFiles ?? "C:\\Program Files", "restic-manager");
    return { config: data, state: data, cache: join(data, "cache"), bin: programs };
  }
  const state = "/var/lib/restic-manager";
  return { config: "/etc/restic-manager", state, cache: "/var/cache/restic-manager", bin: join(state, "bin") };
}

function childBase(env: Record<string, string | undefined>): Record<string, string> {
  const names = [...(PLATFORM.os === "windows" ? WINDOWS_NAMES : LINUX_NAMES), ...SHARED_NAMES, ...LOWER_PROXY_NAMES];
  const base: Record<string, string> = {};
  for (const name of names) {
    const value = env[name];
    if (value) base[name] = value;
  }
  if (PLATFORM.os === "linux") base.PATH ??= "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
  return base;
}

const switches = {
  allow_hooks: v.optional(v.boolean(), true),
  allow_restore_in_place: v.optional(v.boolean(), true),
  allow_update: v.optional(v.boolean(), true),
  /** Hooks and local repositories may run outside the service's sandbox. */
  allow_outside: v.optional(v.boolean(), true),
  /** Environment variables that a repo may set beyond the usual ones of its kind. */
  allow_env: v.optional(v.array(v.string()), []),
  restic_path: v.optional(v.nullable(v.string()), null),
  /** KiB/s; overrides the server's limit */
  max_upload_kbps: v.optional(v.nullable(v.pipe(v.number(), v.minValue(1))), null),
  low_priority: v.optional(v.boolean(), true),
};

const configSchema = v.looseObject({
  server: v.pipe(v.string(), v.regex(/^https?:\/\//)),
  /** Empty until enrolment succeeds. */
  host_id: v.optional(v.string(), ""),
  host_name: v.optional(v.string(), ""),
  agent_token: v.string(),
  secrets_key: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/)),
  machine_id: v.string(),
  trust: v.object({
    /** `sha256//…` of the server's public key */
    pin: v.nullable(v.string()),
    ca_file: v.nullable(v.string()),
    insecure: v.boolean(),
  }),
  update_keys: v.optional(v.array(v.string()), []),
  ...switches,
});
export type AgentConfig = v.InferOutput<typeof configSchema>;

export type FoundConfig =
  | { found: "ok"; config: AgentConfig }
  | { found: "missing"; path: string }
  | { found: "bad"; path: string; problem: string };

export function configPath(environment: AgentEnvironment): string {
  return join(environment.configFolder, "agent.yaml");
}

/** Reads `agent.yaml`. A file that cannot be parsed is reported, never overwritten. */
export function findConfig(environment: AgentEnvironment): FoundConfig {
  const path = configPath(environment);
  if (!existsSync(path)) return { found: "missing", path };
  try {
    const result = v.safeParse(configSchema, Bun.YAML.parse(readFileSync(path, "utf8")));
    if (result.success) return { found: "ok", config: result.output };
    const issue = result.issues[0];
    return { found: "bad", path, problem: `${v.getDotPath(issue) ?? "the file"}: ${issue.message}` };
  } catch (error) {
    return { found: "bad", path, problem: error instanceof Error ? error.message : String(error) };
  }
}

/** Writes `agent.yaml` with mode 0600, as a whole or not at all. Unknown keys are kept. */
export function saveConfig(environment: AgentEnvironment, config: AgentConfig): void {
  mkdirSync(environment.configFolder, { recursive: true, mode: 0o700 });
  const head = "# restic-manager agent. Holds secrets: readable by root only. Restart the agent after a change.\n";
  replaceFile(configPath(environment), `${head}${Bun.YAML.stringify(config, null, 2)}\n`);
}

/** Whether users other than the owner may read the file; always false on Windows, where folder permissions decide. */
export function isTooOpen(path: string): boolean {
  return PLATFORM.os === "linux" && (statSync(path).mode & 0o077) !== 0;
}

/** Creates the agent's folders, readable by their owner only. */
export function makeFolders(environment: AgentEnvironment): void {
  for (const folder of [environment.stateFolder, environment.cacheFolder]) {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    if (PLATFORM.os === "linux") chmodSync(folder, 0o700);
  }
}

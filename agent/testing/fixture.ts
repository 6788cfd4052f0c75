/** A real agent in this process, with its own folders and short delays; for tests of the agent's code. */
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { newId } from "../../shared/ids.ts";
import { createLog } from "../../shared/log.ts";
import type { Credential } from "../../shared/protocol/fields.ts";
import type { CommandRun, DesiredSourceGroup, DesiredState } from "../../shared/protocol/to-agent.ts";
import { createRedactor } from "../../shared/redact.ts";
import { type Clock, systemClock } from "../../shared/time/clock.ts";
import { type Agent, startAgent } from "../agent.ts";
import { type AgentConfig, type AgentEnvironment, readEnvironment } from "../config.ts";
import { TIMINGS, type Timings } from "../timings.ts";

export const QUICK: Timings = {
  ...TIMINGS,
  heartbeatEveryMs: 200,
  // Not so short that a busy machine looks like a dead one.
  heartbeatAnswerMs: 3000,
  connectMs: 5000,
  welcomeMs: 5000,
  reconnectFirstMs: 20,
  reconnectMaxMs: 100,
  refusedMs: 300,
  replacedMs: [100, 200],
  serverStoppingMs: [20, 60],
  progressEveryMs: 100,
  killAfterMs: 2000,
  reachMs: 2000,
  probeAgainMs: 300,
  lockWait: { firstMs: 100, mostMs: 500, giveUpAfterMs: 60_000 },
  writeAgainMs: 100,
  scheduleEveryMs: 20,
};

export type Fixture = {
  environment: AgentEnvironment;
  config: AgentConfig;
  /** What the agent logged. */
  lines: string[];
  /** @param clock for what the agent calls now; its timers run in real time. */
  start(timings?: Partial<Timings>, clock?: Clock): Promise<Agent>;
};

/** @param folder an own temporary folder. @param resticPath null: nothing is configured. */
export function agentFixture(
  folder: string,
  server: string,
  resticPath: string | null,
  extra: Partial<AgentConfig> = {},
): Fixture {
  const environment = readEnvironment({
    RM_AGENT_CONFIG: join(folder, "config"),
    RM_AGENT_STATE: join(folder, "state"),
    PATH: "/usr/bin:/bin",
    HOME: folder,
  });
  const config: AgentConfig = {
    server,
    host_id: newId(),
    host_name: "web-01",
    agent_token: randomBytes(32).toString("base64url"),
    secrets_key: randomBytes(32).toString("hex"),
    machine_id: "a machine",
    trust: { pin: null, ca_file: null, insecure: false },
    update_keys: [],
    allow_hooks: true,
    allow_restore_in_place: true,
    allow_update: true,
    allow_outside: true,
    allow_env: [],
    restic_path: resticPath,
    max_upload_kbps: null,
    low_priority: false,
    ...extra,
  };
  const lines: string[] = [];
  const start = async (timings: Partial<Timings> = {}, clock: Clock = systemClock) => {
    const redactor = createRedactor();
    redactor.add(config.agent_token, config.secrets_key);
    const log = createLog({
      level: "debug",
      format: "text",
      clock,
      redactor,
      write: (line) => void lines.push(line),
    });
    return await startAgent({
      environment,
      config,
      redactor,
      clock,
      log,
      timings: { ...QUICK, ...timings },
      fatal: (error) => void lines.push(`fatal: ${error}`),
    });
  };
  return { environment, config, lines, start };
}

/** What opens a repository in a folder. */
export function localCredential({ path, password }: { path: string; password: string }): Credential {
  return { url: path, http_username: null, http_password: null, repo_password: password, env: {} };
}

export type StateParts = {
  repoId: string;
  credential: Credential;
  group?: Partial<DesiredSourceGroup>;
  version?: number;
};

/** A desired state with one repo and one source group. */
export function desiredState({ repoId, credential, group = {}, version = 1 }: StateParts): DesiredState {
  return {
    state_version: version,
    digest: `digest-${version}`,
    repos: [{ repo_id: repoId, name: "vault", ...credential, compression: "auto", is_primary: true }],
    source_groups: [
      {
        id: newId(),
        name: "documents",
        tag: "documents",
        includes: [],
        excludes: [],
        options: { exclude_caches: false, one_file_system: false, log_files: false },
        repo_ids: [repoId],
        retry: { max: 3, backoff_seconds: 60 },
        hooks: { pre: null, post: null },
        ...group,
      },
    ],
    schedules: [],
    bandwidth: { up_kbps: null, down_kbps: null },
    hook_shell: null,
    restic_host: "web-01",
    timezone_override: null,
    roaming: false,
    schedules_paused: false,
    update_keys: [],
  };
}

type OrderParts = { [K in CommandRun["kind"]]: Extract<CommandRun, { kind: K }>["args"] };

/** An order for one job, good for an hour. */
export function order<K extends CommandRun["kind"]>(
  kind: K,
  repoId: string,
  args: OrderParts[K],
  extra: { job_id?: string; expires_at?: number; credential?: Credential } = {},
): CommandRun {
  const now = Date.now();
  return {
    job_id: newId(),
    repo_id: repoId,
    actor_kind: "user",
    queued_at: now,
    expires_at: now + 3_600_000,
    ...extra,
    kind,
    args,
  } as CommandRun;
}

/** Real agents, compiled or from source: several on one machine, each with its own folders. */
import { mkdirSync, rmSync, symlinkSync } from "node:fs";
import { join, resolve } from "node:path";
import { collect, exitOf } from "./output.ts";

const REPOSITORY = resolve(import.meta.dir, "../..");

export type AgentOptions = {
  /** A folder for configuration, state and the PATH of this agent. */
  home: string;
  /** What `restic` on its PATH is; null = none. */
  restic: string | null;
  /** A compiled agent; by default the source is run by Bun. */
  binary?: string;
  env?: Record<string, string>;
  /** Heartbeats and reconnects in milliseconds instead of seconds. */
  quick?: boolean;
};

export type Agent = {
  home: string;
  /** Runs a command of the agent to its end. */
  command(args: string[], env?: Record<string, string>): Promise<{ code: number; stdout: string; stderr: string }>;
  /** @throws when it is refused */
  enroll(server: string, token: string): Promise<void>;
  /** Enrols without a token: runs until somebody has decided. */
  announce(server: string): AgentProcess;
  start(): AgentProcess;
};

export type AgentProcess = {
  pid: number;
  log(): string;
  /** SIGTERM and wait. @returns the exit code */
  stop(): Promise<number>;
  kill(signal?: NodeJS.Signals): void;
  exited: Promise<number>;
};

export function agentIn({ home, restic, binary, env = {}, quick = false }: AgentOptions): Agent {
  const bin = join(home, "path");
  mkdirSync(bin, { recursive: true });
  rmSync(join(bin, "restic"), { force: true });
  if (restic) symlinkSync(restic, join(bin, "restic"));
  const argv = binary ? [binary] : [process.execPath, join(REPOSITORY, "agent/main.ts")];
  const own = {
    PATH: `${bin}:/usr/bin:/bin`,
    HOME: home,
    RM_AGENT_CONFIG: join(home, "config"),
    RM_AGENT_STATE: join(home, "state"),
    ...env,
  };
  const command: Agent["command"] = async (args, extra = {}) => {
    const child = Bun.spawn([...argv, ...args], {
      env: { ...own, ...extra },
      stdout: "pipe",
      stderr: "pipe",
      stdin: "ignore",
    });
    const [stdout, stderr, code] = await Promise.all([
      new Response(child.stdout).text(),
      new Response(child.stderr).text(),
      child.exited,
    ]);
    return { code, stdout, stderr };
  };
  return {
    home,
    command,
    async enroll(server, token) {
      const { code, stdout, stderr } = await command(["enroll", "--server", server], { RM_TOKEN: token });
      if (code !== 0) throw new Error(`enroll: exit ${code}\n${stdout}${stderr}`);
    },
    announce: (server) => spawn([...argv, "enroll", "--server", server]),
    start: () => spawn(quick ? [process.execPath, join(import.meta.dir, "quick-agent.ts")] : [...argv, "run"]),
  };

  function spawn(line: string[]): AgentProcess {
    const child = Bun.spawn(line, { env: own, stdout: "pipe", stderr: "pipe", stdin: "ignore" });
    const { said, ended } = collect(child.stdout, child.stderr);
    const exited = exitOf(child, ended);
    return {
      pid: child.pid,
      log: said,
      stop: async () => {
        child.kill("SIGTERM");
        return await exited;
      },
      kill: (signal = "SIGKILL") => child.kill(signal),
      exited,
    };
  }
}

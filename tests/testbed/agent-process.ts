// The real agent in a process of its own, with its own folders: many may run on one machine.
import { mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { type CommandResult, runCommand } from "./command.ts";
import { ensureDist, MACHINE_PLATFORM } from "./dist.ts";
import { collectOutput, type Output } from "./output.ts";

export type AgentOptions = {
  /** Holds `config` and `state`; made when missing. */
  folder: string;
  /** How the agent is started; default: the compiled one of this machine. */
  program?: string[];
  /** Folder of the restic that is on the agent's PATH, or null for none: then it fetches the server's. */
  resticFolder?: string | null;
  env?: Record<string, string>;
};

export type TestAgent = {
  folder: string;
  configFile: string;
  stateFolder: string;
  /** Runs one command of the agent to its end. */
  command(args: string[], env?: Record<string, string>): Promise<CommandResult>;
  /** Enrols by token. @throws with what the agent said when it was refused */
  enroll(server: string, token: string, args?: string[]): Promise<void>;
  /** Starts the loop. One at a time. */
  start(): RunningAgent;
};

export type RunningAgent = {
  pid: number;
  output: Output;
  exited: Promise<number>;
  kill(signal: NodeJS.Signals): void;
  /** Asks it to end (SIGTERM) and waits; returns the exit code. */
  stop(): Promise<number>;
} & AsyncDisposable;

/** The command line of the compiled agent of this machine, built when it is stale. */
export async function compiledAgent(): Promise<string[]> {
  return [(await ensureDist()).agents[MACHINE_PLATFORM]!];
}

/** Prepares an agent's folders; nothing runs yet. */
export async function createAgent(options: AgentOptions): Promise<TestAgent> {
  const program = options.program ?? (await compiledAgent());
  const configFolder = join(options.folder, "config");
  const stateFolder = join(options.folder, "state");
  const home = join(options.folder, "home");
  for (const folder of [configFolder, stateFolder, home]) await mkdir(folder, { recursive: true });
  const path = ["/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"];
  if (options.resticFolder) path.unshift(options.resticFolder);
  const env: Record<string, string> = {
    PATH: path.join(":"),
    HOME: home,
    RM_AGENT_CONFIG: configFolder,
    RM_AGENT_STATE: stateFolder,
    ...options.env,
  };

  const command: TestAgent["command"] = (args, more = {}) =>
    runCommand([...program, ...args], { env: { ...env, ...more }, cleanEnv: true, timeoutMs: 60_000 });

  return {
    folder: options.folder,
    configFile: join(configFolder, "agent.yaml"),
    stateFolder,
    command,
    enroll: async (server, token, args = []) => {
      const result = await command(["enroll", "--server", server, ...args], { RM_TOKEN: token });
      if (result.code !== 0) throw new Error(`enrolment ended with ${result.code}: ${result.stdout}${result.stderr}`);
    },
    start: () => startLoop([...program, "run"], env),
  };
}

/** The folder to put on an agent's PATH for a given restic executable that is called `restic`. */
export const folderOf = (restic: string) => dirname(restic);

function startLoop(argv: string[], env: Record<string, string>): RunningAgent {
  const child = Bun.spawn(argv, { env, stdin: "ignore", stdout: "pipe", stderr: "pipe" });
  const stop = () => {
    child.kill("SIGCONT");
    child.kill("SIGTERM");
    return child.exited;
  };
  return {
    pid: child.pid,
    output: collectOutput([child.stdout, child.stderr]),
    exited: child.exited,
    kill: (signal) => child.kill(signal),
    stop,
    [Symbol.asyncDispose]: async () => {
      await stop();
    },
  };
}

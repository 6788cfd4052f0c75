// The real server in a process of its own, on loopback.
import { resolve } from "node:path";
import { collectOutput, type Output } from "./output.ts";

const REPOSITORY = resolve(import.meta.dir, "../..");

export type ServerOptions = {
  dataDir: string;
  /** The folder of agents and restic copies; `ensureDist().folder` gives one. */
  dist?: string;
  /** A fixed port, for a server that comes back at the same place; any free one by default. */
  port?: number;
  /** More settings, `RM_…`; they win. */
  env?: Record<string, string>;
};

export type ServerProcess = {
  url: string;
  port: number;
  pid: number;
  /** The one-time token for the first admin; null when there is one already. */
  setupToken: string | null;
  output: Output;
  exited: Promise<number>;
  kill(signal: NodeJS.Signals): void;
  /** Asks it to drain (SIGTERM) and waits; returns the exit code. */
  stop(): Promise<number>;
} & AsyncDisposable;

/** Starts the server and resolves once it answers. @throws with its output when it ends instead. */
export async function startServer(options: ServerOptions): Promise<ServerProcess> {
  const child = Bun.spawn([process.execPath, "server/main.ts"], {
    cwd: REPOSITORY,
    env: {
      PATH: process.env.PATH ?? "",
      HOME: options.dataDir,
      RM_LISTEN: `127.0.0.1:${options.port ?? 0}`,
      RM_DATA_DIR: options.dataDir,
      RM_LOG_FORMAT: "json",
      ...(options.dist === undefined ? {} : { RM_DIST_DIR: options.dist }),
      ...options.env,
    },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  const output = collectOutput([child.stdout, child.stderr]);
  const [, url = "", port] = await output.match(/listens on (https?:\/\/\S+?:(\d+))\n[\s\S]*Ctrl-C/);
  const answer = await fetch(`${url}/readyz`, { tls: { rejectUnauthorized: false } });
  if (!answer.ok) throw new Error(`the server is not ready: ${await answer.text()}\n${output.text()}`);
  const stop = () => {
    child.kill("SIGCONT");
    child.kill("SIGTERM");
    return child.exited;
  };
  return {
    url,
    port: Number(port),
    pid: child.pid,
    setupToken: /rm_setup_[\w-]+/.exec(output.text())?.[0] ?? null,
    output,
    exited: child.exited,
    kill: (signal) => child.kill(signal),
    stop,
    [Symbol.asyncDispose]: async () => {
      await stop();
    },
  };
}

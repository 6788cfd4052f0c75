// Runs a program of the test bed until it ends and returns its output.

export type CommandResult = { code: number; stdout: string; stderr: string };

export type CommandOptions = {
  cwd?: string;
  env?: Record<string, string>;
  /** The program gets `env` alone, nothing of ours. */
  cleanEnv?: boolean;
  input?: string | Uint8Array;
  /** Killed with SIGKILL after this time. */
  timeoutMs?: number;
};

/** Runs `argv` without a shell. Never throws for a failing program: look at `code`. */
export async function runCommand(argv: string[], options: CommandOptions = {}): Promise<CommandResult> {
  const child = Bun.spawn(argv, {
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    env: { ...(options.cleanEnv ? {} : process.env), ...options.env },
    stdin: options.input === undefined ? "ignore" : new Blob([options.input as BlobPart]),
    stdout: "pipe",
    stderr: "pipe",
    ...(options.timeoutMs === undefined ? {} : { timeout: options.timeoutMs, killSignal: "SIGKILL" }),
  });
  const [stdout, stderr, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  return { code, stdout, stderr };
}

/** As {@link runCommand}, but a failing program is an error that carries what it printed. Returns stdout. */
export async function mustRun(argv: string[], options: CommandOptions = {}): Promise<string> {
  const result = await runCommand(argv, options);
  if (result.code !== 0) {
    const said = `${result.stderr}\n${result.stdout}`.trim().slice(-2000);
    throw new Error(`${argv.join(" ")} ended with code ${result.code}\n${said}`);
  }
  return result.stdout;
}

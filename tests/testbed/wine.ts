// Runs Windows programs under wine, each session on a disposable copy of a prepared Debian 13.
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { type CommandResult, runCommand } from "./command.ts";
import { tempFolder } from "./temp.ts";
import { ensureTool } from "./tools.ts";
import { wineCommand } from "./wine-chroot.ts";

export type WineSession = {
  /** The folder that Windows programs see as `Z:\work`. */
  folder: string;
  /** Runs a program there (`agent.exe`), or one that wine finds itself (`cmd`), and waits for its end. */
  run(argv: string[], options?: { env?: Record<string, string>; timeoutMs?: number }): Promise<CommandResult>;
  /** Runs a shell script in the work folder; all that it starts (services too) lives until it ends. */
  shell(script: string, options?: { timeoutMs?: number }): Promise<CommandResult>;
  close(): Promise<void>;
} & AsyncDisposable;

/** Why wine cannot run on this machine, or null when it can. */
export function wineObstacle(): string | null {
  if (process.getuid?.() !== 0) return "wine runs in a chroot, which needs root";
  if (process.arch !== "x64") return "wine runs x86 programs only";
  return null;
}

/** Opens a session whose Windows drive lives until `close`. */
export async function openWine(): Promise<WineSession> {
  const root = await ensureTool("wine-root");
  const temp = await tempFolder("rm-wine-");
  const folder = join(temp.path, "work");
  for (const name of ["work", "upper", "overlay", "root"]) await mkdir(join(temp.path, name));
  const layers = `lowerdir=${root},upperdir=${temp.path}/upper,workdir=${temp.path}/overlay`;
  const close = async () => temp[Symbol.asyncDispose]();
  const enter = (program: string[], env: Record<string, string>, timeoutMs: number) => {
    const target = join(temp.path, "root");
    const prepare = [
      `mount -t overlay overlay -o ${layers} ${target}`,
      `mkdir -p ${target}/work`,
      `mount --bind ${folder} ${target}/work`,
    ];
    return runCommand(wineCommand({ root: target, prepare, program, env }), { timeoutMs });
  };
  return {
    folder,
    run: (argv, { env = {}, timeoutMs = 60_000 } = {}) => enter(["wine64", ...argv], env, timeoutMs),
    shell: (script, { timeoutMs = 60_000 } = {}) => enter(["sh", "-c", script], {}, timeoutMs),
    close,
    [Symbol.asyncDispose]: close,
  };
}

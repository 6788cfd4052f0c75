/** `status.json`: the running agent's state, for `status` and `doctor`, which are separate processes. */
import { readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { uptime } from "node:os";
import { join } from "node:path";
import * as v from "valibot";
import { processBirth } from "../restic/run.ts";

const statusSchema = v.object({
  pid: v.number(),
  /** Distinguishes the agent from a later process with the same id; null where the system does not say. */
  birth: v.nullable(v.string()),
  /** Its command line, which distinguishes it from a process of another boot; null where the system does not say. */
  program: v.optional(v.nullable(v.string())),
  connected: v.boolean(),
  /** Why not, in words. */
  problem: v.nullable(v.string()),
  agent_version: v.string(),
  restic_version: v.nullable(v.string()),
  state_version: v.nullable(v.number()),
  /** The post hook of an interrupted job is running, and jobs wait for it. */
  runs_owed_hook: v.optional(v.boolean(), false),
  /** Server's clock minus ours */
  skew_ms: v.number(),
});
export type AgentStatus = v.InferOutput<typeof statusSchema>;

/** Clocks are imprecise: a file may appear this much older than the boot. */
const BOOT_SLACK_MS = 60_000;

/** Identifies the process that writes the file. */
export function ownIdentity(): Pick<AgentStatus, "pid" | "birth" | "program"> {
  return { pid: process.pid, birth: processBirth(process.pid), program: programOf(process.pid) };
}

/** Writes only changes; a failed write is corrected by the next change. */
export function createStatusFile(stateFolder: string) {
  const path = statusPath(stateFolder);
  let written = "";
  return {
    write(status: AgentStatus): void {
      const text = `${JSON.stringify(status)}\n`;
      if (text === written) return;
      try {
        writeFileSync(`${path}.new`, text, { mode: 0o600 });
        renameSync(`${path}.new`, path);
        written = text;
      } catch {
        // A full disk: `status` shows the older state.
      }
    },
    remove: (): void => rmSync(path, { force: true }),
  };
}

/** null when no agent is running on this state folder. */
export function readStatus(stateFolder: string): AgentStatus | null {
  try {
    const path = statusPath(stateFolder);
    const parsed = v.safeParse(statusSchema, JSON.parse(readFileSync(path, "utf8")));
    return parsed.success && isAlive(parsed.output, statSync(path).mtimeMs) ? parsed.output : null;
  } catch {
    return null;
  }
}

function statusPath(stateFolder: string): string {
  return join(stateFolder, "status.json");
}

/**
 * Only the ticks of the start time are compared: in containers a sandboxed service reads another boot id than a shell does.
 * Ticks restart with each boot, so the program must be the same as well.
 */
function isAlive({ pid, birth, program = null }: AgentStatus, writtenAt: number): boolean {
  if (birth !== null) {
    if (ticksOf(processBirth(pid)) !== ticksOf(birth)) return false;
    const found = programOf(pid);
    return program === null || found === null || found === program;
  }
  // Written when the agent starts: a file from before the boot belongs to an agent that is gone, whoever has its process id now.
  if (writtenAt < Date.now() - uptime() * 1000 - BOOT_SLACK_MS) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}

function programOf(pid: number): string | null {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8") || null;
  } catch {
    return null;
  }
}

const ticksOf = (birth: string | null) => birth?.split(" ")[1];

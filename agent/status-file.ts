/** `status.json`: how the running agent fares, for `status` and `doctor`, which are other processes. */
import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { processBirth } from "./restic/run.ts";

const statusSchema = v.object({
  pid: v.number(),
  /** Tells the agent from a later process with the same number; null where the system does not tell. */
  birth: v.nullable(v.string()),
  connected: v.boolean(),
  /** Why not, in words. */
  problem: v.nullable(v.string()),
  agent_version: v.string(),
  restic_version: v.nullable(v.string()),
  state_version: v.nullable(v.number()),
  /** The post hook of an interrupted job runs, and jobs wait for it. */
  runs_owed_hook: v.optional(v.boolean(), false),
  /** Server's clock minus ours */
  skew_ms: v.number(),
});
export type AgentStatus = v.InferOutput<typeof statusSchema>;

/** Writes only what changed; a lost write is made good by the next change. */
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

/** null when no agent runs on this state folder. */
export function readStatus(stateFolder: string): AgentStatus | null {
  try {
    const parsed = v.safeParse(statusSchema, JSON.parse(readFileSync(statusPath(stateFolder), "utf8")));
    return parsed.success && isAlive(parsed.output) ? parsed.output : null;
  } catch {
    return null;
  }
}

function statusPath(stateFolder: string): string {
  return join(stateFolder, "status.json");
}

/** Compares the ticks alone: in containers a sandboxed service reads another boot id than a shell does. */
function isAlive({ pid, birth }: AgentStatus): boolean {
  if (birth !== null) return ticksOf(processBirth(pid)) === ticksOf(birth);
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}

const ticksOf = (birth: string | null) => birth?.split(" ")[1];

/** Runs the agent's commands inside the test, and returns what they print and their exit code. */
import { systemClock } from "../../shared/time/clock.ts";
import { runCli } from "../cli/table.ts";
import type { AgentEnvironment } from "../config.ts";

export async function runAgentCli(environment: AgentEnvironment, ...args: string[]) {
  const out: string[] = [];
  const err: string[] = [];
  const io = {
    environment,
    clock: systemClock,
    out: (line: string) => void out.push(line),
    err: (line: string) => void err.push(line),
  };
  return { code: await runCli(args, io), out: out.join("\n"), err: err.join("\n") };
}

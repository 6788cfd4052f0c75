/** run-outside: what the agent's transient units start. Reads a command and its environment from stdin and runs it. */
import { constants } from "node:os";
import * as v from "valibot";
import { OUTSIDE_PID } from "../restic/outside.ts";
import type { Command } from "./command.ts";

const orderSchema = v.object({
  command: v.pipe(v.array(v.string()), v.minLength(1)),
  env: v.record(v.string(), v.string()),
});

export const runOutsideCommand: Command = {
  name: "run-outside",
  summary: "Run what the agent writes to stdin (started by the agent itself)",
  flags: [],
  async run(_given, io) {
    const { command, env } = v.parse(orderSchema, JSON.parse(await Bun.stdin.text()));
    let child: ReturnType<typeof start>;
    try {
      child = start(command, env);
    } catch (error) {
      io.err(error instanceof Error ? error.message : String(error));
      return 127;
    }
    // The unit's signals reach the child too; we end when it does.
    for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) process.on(signal, () => {});
    io.err(`${OUTSIDE_PID}${child.pid}`);
    await child.exited;
    if (child.signalCode === null) return child.exitCode ?? 1;
    return 128 + (constants.signals[child.signalCode as keyof typeof constants.signals] ?? 0);
  },
};

function start(command: string[], env: Record<string, string>) {
  return Bun.spawn(command, { env, stdin: "ignore", stdout: "inherit", stderr: "inherit" });
}

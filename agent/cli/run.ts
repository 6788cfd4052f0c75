/** run: the agent itself, until it is told to stop. */
import { createLog } from "../../shared/log.ts";
import { createRedactor } from "../../shared/redact.ts";
import { startAgent } from "../agent.ts";
import { findConfig } from "../config.ts";
import { readStatus } from "../state/status-file.ts";
import type { Command } from "./command.ts";

export const runCommand: Command = {
  name: "run",
  summary: "Run the agent (what the service starts)",
  flags: [],
  async run(_given, io) {
    const found = findConfig(io.environment);
    if (found.found === "missing") {
      io.err("This machine is not enrolled: run restic-manager-agent enroll first");
      return 1;
    }
    if (found.found === "bad") {
      io.err(`${found.path} cannot be used: ${found.problem}`);
      return 1;
    }
    const other = readStatus(io.environment.stateFolder);
    if (other && other.pid !== process.pid) {
      io.err(`Another agent is already running on ${io.environment.stateFolder} (process ${other.pid})`);
      return 1;
    }
    const redactor = createRedactor();
    redactor.add(found.config.agent_token, found.config.secrets_key);
    const log = createLog({ level: "info", format: "text", clock: io.clock, redactor, write: io.out });
    process.on("unhandledRejection", (reason) =>
      log.error("A background task of the agent failed", {
        reason: reason instanceof Error ? (reason.stack ?? reason.message) : String(reason),
      }),
    );
    process.on("uncaughtException", (error) => {
      log.error("The agent crashed", { error: error.stack ?? error.message });
      process.exit(1);
    });
    const stopped = untilToldToStop();
    const agent = await startAgent({
      environment: io.environment,
      config: found.config,
      redactor,
      clock: io.clock,
      log,
      fatal: () => process.exit(1),
    });
    const signal = await stopped;
    log.info("Stopping", { signal });
    await agent.stop();
    return 0;
  },
};

/** A second signal ends the agent at once. */
function untilToldToStop(): Promise<string> {
  return new Promise((resolve) => {
    let told = false;
    for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) {
      process.on(signal, () => {
        if (told) process.exit(1);
        told = true;
        resolve(signal);
      });
    }
  });
}

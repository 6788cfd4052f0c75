/** The agent's `run` with short delays, as a process, for tests that reconnect hundreds of times. */
import { startAgent } from "../../agent/agent.ts";
import { findConfig, readEnvironment } from "../../agent/config.ts";
import { QUICK } from "../../agent/testing/fixture.ts";
import { createLog } from "../../shared/log.ts";
import { createRedactor } from "../../shared/redact.ts";
import { systemClock } from "../../shared/time/clock.ts";

const environment = readEnvironment();
const found = findConfig(environment);
if (found.found !== "ok") throw new Error(`no configuration: ${found.found}`);
const redactor = createRedactor();
const log = createLog({
  level: "debug",
  format: "text",
  clock: systemClock,
  redactor,
  write: (line) => void process.stdout.write(`${line}\n`),
});
const agent = await startAgent({
  environment,
  config: found.config,
  redactor,
  clock: systemClock,
  log,
  timings: QUICK,
  fatal: () => process.exit(1),
});
process.once("SIGTERM", () => void agent.stop().then(() => process.exit(0)));

/** Entry point of the agent's executable: environment, terminal, command. */
import { systemClock } from "../shared/time/clock.ts";
import { runCli } from "./cli/table.ts";
import { readEnvironment } from "./config.ts";

const code = await runCli(process.argv.slice(2), {
  environment: readEnvironment(),
  clock: systemClock,
  out: (line) => void process.stdout.write(`${line}\n`),
  err: (line) => void process.stderr.write(`${line}\n`),
});
process.exit(code);

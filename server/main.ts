/** The server's programme: command line → config → database → wiring → listen → drain. */
import { runCommand } from "./cli.ts";

process.exitCode = await runCommand(process.argv.slice(2));

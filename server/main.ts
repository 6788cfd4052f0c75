/** The server's entry point: runs a command. `serve` goes config → database → wiring → listen → drain. */
import { runCommand } from "./cli.ts";

process.exitCode = await runCommand(process.argv.slice(2));

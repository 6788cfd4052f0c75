/** Every command of the agent, and the usage text generated from that table. */
import { type Command, type Io, readArguments } from "./command.ts";
import { doctorCommand } from "./doctor.ts";
import { enrollCommand } from "./enroll.ts";
import { runCommand } from "./run.ts";
import { runOutsideCommand } from "./run-outside.ts";
import { statusCommand } from "./status.ts";
import { uninstallCommand } from "./uninstall.ts";
import { versionCommand } from "./version.ts";

export const COMMANDS: Command[] = [
  runCommand,
  enrollCommand,
  statusCommand,
  doctorCommand,
  uninstallCommand,
  versionCommand,
];

/** For the agent's own use: not in the usage text. */
const HIDDEN: Command[] = [runOutsideCommand];

const USAGE_ERROR = 2;
const PROGRAM = "restic-manager-agent";

/** Finds and runs the command that the arguments name. @returns the exit code */
export async function runCli(args: string[], io: Io): Promise<number> {
  const [name, ...rest] = args;
  if (name === "--help" || name === "-h" || name === "help") {
    io.out(usage());
    return 0;
  }
  const command = [...COMMANDS, ...HIDDEN].find((one) => one.name === (name === "--version" ? "version" : name));
  if (!command) {
    io.err(name === undefined ? "No command given" : `Unknown command: ${name}`);
    io.err(usage());
    return USAGE_ERROR;
  }
  if (rest.includes("--help")) {
    io.out(usageOf(command));
    return 0;
  }
  const read = readArguments(command.flags, rest);
  if (!read.ok) {
    io.err(read.problem);
    io.err(usageOf(command));
    return USAGE_ERROR;
  }
  return await command.run(read.given, io);
}

function usage(): string {
  const lines = COMMANDS.map((command) => `  ${command.name.padEnd(10)} ${command.summary}`);
  return [`Usage: ${PROGRAM} COMMAND [FLAGS]`, "", ...lines, "", `${PROGRAM} COMMAND --help shows its flags.`].join(
    "\n",
  );
}

function usageOf(command: Command): string {
  const flags = command.flags.map((flag) => {
    const form = flag.value === undefined ? flag.name : `${flag.name} ${flag.value}`;
    return `  ${form.padEnd(24)} ${flag.help}`;
  });
  return [`Usage: ${PROGRAM} ${command.name}${flags.length > 0 ? " [FLAGS]" : ""}`, command.summary, ...flags].join(
    "\n",
  );
}

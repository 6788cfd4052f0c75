/** The server's commands, in one table. */
import { ROLES } from "../db/schema/users.ts";
import { PROTOCOL_VERSION } from "../shared/protocol/version.ts";
import { addUser, resetPassword } from "./commands/accounts.ts";
import { backup, recoverySheet, restore, rotate } from "./commands/keeping.ts";
import { fail } from "./commands/outcome.ts";
import { describeConfig, readConfig } from "./runtime/config.ts";
import { SERVER_VERSION } from "./runtime/version.ts";
import { serve } from "./serve.ts";

type Command = { usage: string; does: string; operands: number; run(operands: string[]): number | Promise<number> };

const COMMANDS: Record<string, Command> = {
  serve: { usage: "serve", does: "run the server (default)", operands: 0, run: () => serve() },
  config: { usage: "config", does: "show the settings with secrets masked", operands: 0, run: showConfig },
  backup: {
    usage: "backup FILE",
    does: "copy the database to FILE; the server may be running",
    operands: 1,
    run: ([file = ""]) => backup(file),
  },
  restore: {
    usage: "restore FILE",
    does: "restore the database from a copy; the server must be stopped",
    operands: 1,
    run: ([file = ""]) => restore(file),
  },
  "rotate-key": {
    usage: "rotate-key",
    does: "create a new server key and re-encrypt all secrets; the server must be stopped",
    operands: 0,
    run: rotate,
  },
  "recovery-sheet": {
    usage: "recovery-sheet FILE",
    does: "write the credentials of every repository and the restic commands to FILE",
    operands: 1,
    run: ([file = ""]) => recoverySheet(file),
  },
  "add-user": {
    usage: "add-user NAME viewer|operator|admin",
    does: "create a user and print a link to set the password (valid 1 h)",
    operands: 2,
    run: ([name = "", role = ""]) => {
      const known = ROLES.find((one) => one === role);
      return known ? addUser(name, known) : fail(`"${role}" is not a role. Use ${ROLES.join(", ")}.`);
    },
  },
  "reset-password": {
    usage: "reset-password NAME",
    does: "print a link to set a new password (valid 1 h)",
    operands: 1,
    run: ([name = ""]) => resetPassword(name),
  },
  version: {
    usage: "version",
    does: "print the version",
    operands: 0,
    run: () => {
      console.log(`restic-manager ${SERVER_VERSION} (protocol ${PROTOCOL_VERSION}, Bun ${Bun.version})`);
      return 0;
    },
  },
};

/** @returns the exit code: 0 done, 1 failed, 2 wrong usage */
export async function runCommand(argv: readonly string[]): Promise<number> {
  // For tests only, so it is not listed among the commands.
  if (argv.join(" ") === "serve --check-answers") return await serve({ checkAnswers: true });
  const [name = "serve", ...operands] = argv;
  if (name === "--version") return await runCommand(["version"]);
  if (name === "--help" || name === "-h" || name === "help") {
    console.log(usage());
    return 0;
  }
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (!command || operands.length !== command.operands) {
    console.error(command ? `usage: restic-manager ${command.usage}` : `"${name}" is not a command.\n\n${usage()}`);
    return 2;
  }
  return await command.run(operands);
}

function usage(): string {
  const width = Math.max(...Object.values(COMMANDS).map((command) => command.usage.length));
  const lines = Object.values(COMMANDS).map((command) => `  ${command.usage.padEnd(width)}  ${command.does}`);
  return `usage: restic-manager [COMMAND]\n\n${lines.join("\n")}`;
}

function showConfig(): number {
  for (const line of describeConfig()) console.log(line);
  const outcome = readConfig();
  return outcome.ok ? 0 : fail(...outcome.errors);
}

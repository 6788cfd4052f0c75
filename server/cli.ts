/** The server's commands as one table. */
import { ROLES, type Role } from "../db/schema/users.ts";
import { PROTOCOL_VERSION } from "../shared/protocol/version.ts";
import { PRODUCT_VERSION } from "../shared/version.ts";
import { createSessionStore } from "./auth/sessions.ts";
import { Refusal } from "./http/errors.ts";
import { openData } from "./open-data.ts";
import { describeConfig, readConfig } from "./runtime/config.ts";
import { createFactBus } from "./runtime/facts.ts";
import { serve } from "./serve.ts";
import { type Accounts, createAccounts } from "./users/accounts.ts";
import type { ServerParts } from "./wiring.ts";

type Command = { usage: string; does: string; operands: number; run(operands: string[]): number | Promise<number> };

const COMMANDS: Record<string, Command> = {
  serve: { usage: "serve", does: "run the server (the default)", operands: 0, run: serve },
  config: { usage: "config", does: "show the settings, secrets masked", operands: 0, run: showConfig },
  "add-user": {
    usage: "add-user NAME viewer|operator|admin",
    does: "make a user and print a link to set the password (1 h)",
    operands: 2,
    run: ([name = "", role = ""]) => {
      const known = ROLES.find((one) => one === role);
      if (!known) return fail(`"${role}" is not a role; use ${ROLES.join(", ")}.`);
      return withAccounts((accounts) => accounts.addUser({ kind: "system" }, name, known as Role));
    },
  },
  "reset-password": {
    usage: "reset-password NAME",
    does: "print a link by which the user sets a new password (1 h)",
    operands: 1,
    run: ([name = ""]) => withAccounts((accounts) => accounts.newSetupToken({ kind: "system" }, name)),
  },
  version: {
    usage: "version",
    does: "print the version",
    operands: 0,
    run: () => {
      console.log(`restic-manager ${PRODUCT_VERSION} (protocol ${PROTOCOL_VERSION}, Bun ${Bun.version})`);
      return 0;
    },
  },
};

/** @returns the exit code: 0 done, 1 failed, 2 used wrongly */
export async function runCommand(argv: readonly string[]): Promise<number> {
  const [name = "serve", ...operands] = argv;
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
  if (outcome.ok) return 0;
  for (const problem of outcome.errors) console.error(problem);
  return 1;
}

async function withAccounts(work: (accounts: Accounts) => { setupToken: string }): Promise<number> {
  const opened = await openData({ exclusive: false });
  if (!opened.ok) return fail(...opened.problems);
  try {
    const { setupToken } = work(accountsOf(opened.parts));
    console.log(`Open this link within an hour to set the password:\n${baseUrl(opened.parts)}/setup/${setupToken}`);
    return 0;
  } catch (error) {
    if (error instanceof Refusal) return fail(error.message);
    throw error;
  } finally {
    opened.close();
  }
}

function accountsOf({ db, clock, sealer, log }: ServerParts): Accounts {
  return createAccounts({ db, clock, sessions: createSessionStore({ db, clock, sealer }), bus: createFactBus(log) });
}

/** Where a browser reaches this server, as far as the settings tell. */
function baseUrl({ config }: ServerParts): string {
  const host = config.listen.hostname === "0.0.0.0" ? "localhost" : config.listen.hostname;
  return config.baseUrl ?? `${config.tls ? "https" : "http"}://${host}:${config.listen.port}`;
}

function fail(...problems: string[]): number {
  for (const problem of problems) console.error(problem);
  return 1;
}

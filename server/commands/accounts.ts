/** The commands `add-user` and `reset-password`, which print a setup link. */
import type { Role } from "../../db/schema/users.ts";
import { createPasswordWork } from "../auth/passwords.ts";
import { createSessionStore } from "../auth/sessions.ts";
import { Refusal } from "../http/errors.ts";
import { createFactBus } from "../runtime/facts.ts";
import type { ServerParts } from "../runtime/world.ts";
import { type Accounts, createAccounts } from "../users/accounts.ts";
import { fail, withData } from "./outcome.ts";

export function addUser(name: string, role: Role): Promise<number> {
  return withAccounts((accounts) => accounts.addUser({ kind: "system" }, name, role));
}

export function resetPassword(name: string): Promise<number> {
  return withAccounts((accounts) => accounts.newSetupToken({ kind: "system" }, name));
}

function withAccounts(work: (accounts: Accounts) => { setupToken: string }): Promise<number> {
  return withData(false, (parts) => {
    try {
      const { setupToken } = work(accountsOf(parts));
      console.log(`Open this link within an hour to set the password:\n${baseUrl(parts)}/setup/${setupToken}`);
      return 0;
    } catch (error) {
      if (error instanceof Refusal) return fail(error.message);
      throw error;
    }
  });
}

function accountsOf({ db, clock, sealer, log }: ServerParts): Accounts {
  const sessions = createSessionStore({ db, clock, sealer });
  return createAccounts({ db, clock, sessions, bus: createFactBus(log), passwords: createPasswordWork() });
}

/** This server's address for browsers, as far as the settings tell. */
function baseUrl({ config }: ServerParts): string {
  const host = config.listen.hostname === "0.0.0.0" ? "localhost" : config.listen.hostname;
  return config.baseUrl ?? `${config.tls ? "https" : "http"}://${host}:${config.listen.port}`;
}

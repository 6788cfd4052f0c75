/** The commands that a person runs on a new machine. */
import { installCommand, shellQuote } from "../../shared/install-command.ts";

/** Windows machines have no installer yet. */
export type InstallCommands = { linux: string; windows: null };

/**
 * @param origin `https://backup.example`, already checked against a strict pattern
 * @param pin of the server's self-signed certificate, which the machine then trusts by its key
 * @param isAgain the machine is enrolled already: its installer has to be told to use the token
 */
export function installCommands(
  origin: string,
  token: string,
  { pin, isAgain = false }: { pin: string | null; isAgain?: boolean },
): InstallCommands {
  const environment = `RM_TOKEN=${shellQuote(token)}`;
  const trust = { pin: origin.startsWith("https:") ? pin : null, caFile: null };
  return {
    linux: installCommand(origin, { environment, flags: isAgain ? ["--re-enroll"] : [] }, trust),
    windows: null,
  };
}

/** Builds the command that runs the installer on a machine, with every value quoted for the shell. */
import { isPlainHttpAllowed } from "./server-link.ts";

export type InstallTrust = { pin: string | null; caFile: string | null };

const SYSTEM_TRUST: InstallTrust = { pin: null, caFile: null };

/**
 * @param origin `https://backup.example`, already checked against a strict pattern
 * @param environment `NAME=value`, already quoted
 */
export function installCommand(
  origin: string,
  { environment = null, flags = [] }: { environment?: string | null; flags?: readonly string[] } = {},
  { pin, caFile }: InstallTrust = SYSTEM_TRUST,
): string {
  const curl = [
    ...(pin === null ? ["curl -fsSL"] : [`curl -fsSLk --pinnedpubkey ${shellQuote(pin)}`]),
    ...(caFile === null ? [] : [`--cacert ${shellQuote(caFile)}`]),
  ].join(" ");
  const given = [
    ...(isPlainHttpAllowed(origin, false) ? [] : ["--insecure"]),
    ...(pin === null ? [] : [`--pin ${shellQuote(pin)}`]),
    ...(caFile === null ? [] : [`--ca ${shellQuote(caFile)}`]),
    ...flags,
  ];
  const shell = `${environment === null ? "" : `${environment} `}sh${given.length > 0 ? ` -s -- ${given.join(" ")}` : ""}`;
  return `${curl} ${shellQuote(`${origin}/install.sh`)} | sudo ${shell}`;
}

export function shellQuote(text: string): string {
  return /^[A-Za-z0-9_@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

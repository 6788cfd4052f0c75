/** The commands that a person runs on the machine. Everything that is put in is quoted for the shell that reads it. */

/** Windows machines have no installer yet. */
export type InstallCommands = { linux: string; windows: null };

/** @param origin `https://backup.example`, already checked against a strict pattern */
export function installCommands(origin: string, token: string): InstallCommands {
  const flags = origin.startsWith("http://") && !isLoopback(origin) ? " -s -- --insecure" : "";
  return {
    linux: `curl -fsSL ${shellQuote(`${origin}/install.sh`)} | sudo RM_TOKEN=${shellQuote(token)} sh${flags}`,
    windows: null,
  };
}

export function shellQuote(text: string): string {
  return /^[A-Za-z0-9_@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

export function isLoopback(origin: string): boolean {
  return URL.canParse(origin) && /^(localhost|127(\.\d+){3}|\[::1\])$/.test(new URL(origin).hostname);
}

/** The commands that a person runs on the machine. Everything that is put in is quoted for the shell that reads it. */

/** Windows machines have no installer yet. */
export type InstallCommands = { linux: string; windows: null };

/**
 * @param origin `https://backup.example`, already checked against a strict pattern
 * @param isAgain the machine is enrolled already: its installer has to be told to use the token
 */
export function installCommands(origin: string, token: string, isAgain = false): InstallCommands {
  const isPlain = origin.startsWith("http://") && !isLoopback(origin);
  const given = [...(isPlain ? ["--insecure"] : []), ...(isAgain ? ["--re-enroll"] : [])];
  const flags = given.length > 0 ? ` -s -- ${given.join(" ")}` : "";
  return {
    linux: `curl -fsSL ${shellQuote(`${origin}/install.sh`)} | sudo RM_TOKEN=${shellQuote(token)} sh${flags}`,
    windows: null,
  };
}

export function shellQuote(text: string): string {
  return /^[A-Za-z0-9_@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

function isLoopback(origin: string): boolean {
  return URL.canParse(origin) && /^(localhost|127(\.\d+){3}|\[::1\])$/.test(new URL(origin).hostname);
}

/** Judges a server's address for the machines that use it: unreachable, unencrypted, untrusted. */

/**
 * `loopback`: the address refers to the machine itself. `plain_http`: nothing is encrypted.
 * `self_signed`: no authority has signed the certificate, so the command includes the key's pin.
 */
export type LinkProblem = "loopback" | "plain_http" | "self_signed";

/**
 * @param origin `https://backup.example`, already checked against a strict pattern
 * @param pin of the server's own self-signed certificate; null when it has none
 */
export function problemsOfLink(origin: string, pin: string | null): LinkProblem[] {
  const problems: LinkProblem[] = [];
  if (isLoopback(origin)) problems.push("loopback");
  else if (origin.startsWith("http://")) problems.push("plain_http");
  if (origin.startsWith("https://") && pin !== null) problems.push("self_signed");
  return problems;
}

function isLoopback(origin: string): boolean {
  if (!URL.canParse(origin)) return false;
  const { hostname } = new URL(origin);
  return isOwnMachine(hostname) || hostname.endsWith(".localhost");
}

/** Whether an agent accepts plain `http` to this server: only on its own machine, unless the owner allows more. */
export function isPlainHttpAllowed(server: string, insecure: boolean): boolean {
  const { protocol, hostname } = new URL(server);
  return protocol === "https:" || insecure || isOwnMachine(hostname);
}

function isOwnMachine(hostname: string): boolean {
  return hostname === "localhost" || hostname === "[::1]" || /^127(\.\d{1,3}){3}$/.test(hostname);
}

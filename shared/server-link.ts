/** What a machine will meet when it follows this server's address: reachable at all, encrypted, trusted. */

/**
 * `loopback`: the address means the machine itself. `plain_http`: nothing is encrypted.
 * `self_signed`: no authority vouches for the certificate, so the command carries the key's pin.
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

export function isLoopback(origin: string): boolean {
  if (!URL.canParse(origin)) return false;
  const { hostname } = new URL(origin);
  return /^(localhost|127(\.\d+){3}|\[::1\])$/.test(hostname) || hostname.endsWith(".localhost");
}

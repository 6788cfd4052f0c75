/** Finds problems that a machine will have with this server's address: unreachable, unencrypted, untrusted. */

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

export function isLoopback(origin: string): boolean {
  if (!URL.canParse(origin)) return false;
  const { hostname } = new URL(origin);
  return /^(localhost|127(\.\d+){3}|\[::1\])$/.test(hostname) || hostname.endsWith(".localhost");
}

/** The pin of a certificate that this server made itself: machines have no other way to trust it. */
import { createHash, X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";

/**
 * @param certFile PEM, the server's own certificate first; null without TLS in process
 * @param hasProxy machines then see the proxy's certificate, which we do not know
 * @returns `sha256//…` of the public key, as curl and the agent write it; null when an authority signed it
 */
export function selfSignedPin(certFile: string | null, hasProxy: boolean): string | null {
  if (certFile === null || hasProxy) return null;
  try {
    const certificate = new X509Certificate(readFileSync(certFile));
    if (!certificate.checkIssued(certificate)) return null;
    const key = certificate.publicKey.export({ type: "spki", format: "der" });
    return `sha256//${createHash("sha256").update(key).digest("base64")}`;
  } catch {
    // A file that cannot be read is told by whoever starts to listen with it.
    return null;
  }
}

/** Computes the pin of the server's self-signed certificate, which machines cannot trust in any other way. */
import { createHash, X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";

/**
 * @param certFile PEM, the server's own certificate first; null without TLS in process
 * @param hasProxy machines then see the proxy's certificate, which we do not know
 * @returns `sha256//…` of the public key, in the notation of curl and the agent; null when an authority signed it
 */
export function selfSignedPin(certFile: string | null, hasProxy: boolean): string | null {
  if (certFile === null || hasProxy) return null;
  try {
    const certificate = new X509Certificate(readFileSync(certFile));
    if (!certificate.checkIssued(certificate)) return null;
    const key = certificate.publicKey.export({ type: "spki", format: "der" });
    return `sha256//${createHash("sha256").update(key).digest("base64")}`;
  } catch {
    // The code that listens with this file reports that it cannot be read.
    return null;
  }
}

/** Fingerprints of keys, computed in the same way by agent and server. */
import { createHash } from "node:crypto";

/** The format that ssh prints: SHA-256 of the public key (32 bytes, base64url), in base64 without padding. */
export function fingerprintOf(publicKey: string): string {
  return `SHA256:${createHash("sha256").update(Buffer.from(publicKey, "base64url")).digest("base64").replace(/=+$/, "")}`;
}

/** Groups of four characters, easier to compare by eye. The first element is the hash name with its colon. */
export function fingerprintGroups(fingerprint: string): string[] {
  const [kind, digest = ""] = fingerprint.split(":");
  return [`${kind}:`, ...(digest.match(/.{1,4}/g) ?? [])];
}

/** Fingerprints of keys: computed on the machine and on the server alike, shown on a terminal and on a page alike. */
import { createHash } from "node:crypto";

/** As ssh shows keys: SHA-256 of the public key (32 bytes, base64url), in base64 without padding. */
export function fingerprintOf(publicKey: string): string {
  return `SHA256:${createHash("sha256").update(Buffer.from(publicKey, "base64url")).digest("base64").replace(/=+$/, "")}`;
}

/** Groups of four letters, for people who compare by eye; the first is the kind with its colon. */
export function fingerprintGroups(fingerprint: string): string[] {
  const [kind, digest = ""] = fingerprint.split(":");
  return [`${kind}:`, ...(digest.match(/.{1,4}/g) ?? [])];
}

/** Random tokens and their hashes: the plain token is shown once and stored nowhere. */
import { createHash, randomBytes } from "node:crypto";

/** 256 random bits, URL-safe, behind a prefix that tells what it is (`rm_enr_`, …). */
export function newToken(prefix = ""): string {
  return prefix + randomBytes(32).toString("base64url");
}

export function hashToken(token: string): string {
  return createHash("sha256").update(token).digest("hex");
}

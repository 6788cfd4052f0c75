/** User names, new users, and random tokens with their hashes. */
import { createHash, randomBytes } from "node:crypto";
import type { Role, UserRow } from "../../db/schema/users.ts";
import { newId } from "../../shared/ids.ts";

const USERNAME = /^[a-z0-9][a-z0-9._@-]{0,63}$/;
const USERNAME_RULE = "Use letters, digits, dots, dashes and underscores. Start with a letter or digit.";

/** What is wrong with a lower-case user name, in one sentence. null when it is valid. */
export function usernameProblem(username: string): string | null {
  if (username === "") return "Enter a user name.";
  return USERNAME.test(username) ? null : USERNAME_RULE;
}

/** @param passwordHash null until the user has followed the setup link */
export function newUser(of: { username: string; role: Role; passwordHash: string | null }, now: number): UserRow {
  return {
    id: newId(),
    ...of,
    email: null,
    authSource: "local",
    oidcIssuer: null,
    oidcSubject: null,
    disabledAt: null,
    lastLoginAt: null,
    createdAt: now,
    updatedAt: now,
  };
}

/** 256 random bits, URL-safe, with a prefix that identifies the kind of token (`rm_enr_`, …). */
export function newToken(prefix = ""): string {
  return prefix + randomBytes(32).toString("base64url");
}

export function hashToken(token: string): string {
  return createHash("sha256").update(token).digest("hex");
}

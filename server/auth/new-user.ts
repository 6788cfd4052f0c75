/** A local user as a fresh row. */
import type { Role, UserRow } from "../../db/schema/users.ts";
import { newId } from "../../shared/ids.ts";

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

/** Queries for users and their one-time links. */
import { and, count, eq, gt, isNull, ne } from "drizzle-orm";
import type { Db } from "../open.ts";
import { type Role, type UserRow, userSetupTokens, users } from "../schema/users.ts";

export function countUsers(db: Db): number {
  return db.select({ n: count() }).from(users).get()?.n ?? 0;
}

export function findUserByName(db: Db, username: string): UserRow | null {
  return db.select().from(users).where(eq(users.username, username.toLowerCase())).get() ?? null;
}

export function findUser(db: Db, id: string): UserRow | null {
  return db.select().from(users).where(eq(users.id, id)).get() ?? null;
}

export function insertUser(db: Db, row: UserRow): void {
  db.insert(users).values(row).run();
}

export function setPassword(db: Db, id: string, passwordHash: string, now: number): void {
  db.update(users).set({ passwordHash, updatedAt: now }).where(eq(users.id, id)).run();
}

export function touchLogin(db: Db, id: string, now: number): void {
  db.update(users).set({ lastLoginAt: now }).where(eq(users.id, id)).run();
}

export function setRole(db: Db, id: string, role: Role, now: number): void {
  db.update(users).set({ role, updatedAt: now }).where(eq(users.id, id)).run();
}

export function setDisabled(db: Db, id: string, disabledAt: number | null, now: number): void {
  db.update(users).set({ disabledAt, updatedAt: now }).where(eq(users.id, id)).run();
}

/** Number of other active admins. Zero means that this user is the last one. */
export function countOtherAdmins(db: Db, id: string): number {
  const others = and(eq(users.role, "admin"), isNull(users.disabledAt), ne(users.id, id));
  return db.select({ n: count() }).from(users).where(others).get()?.n ?? 0;
}

/** One link per user. A new link replaces the old one. */
export function putSetupToken(db: Db, row: typeof userSetupTokens.$inferInsert): void {
  db.delete(userSetupTokens).where(eq(userSetupTokens.userId, row.userId)).run();
  db.insert(userSetupTokens).values(row).run();
}

export function findUserBySetupToken(db: Db, tokenHash: string, now: number): UserRow | null {
  const row = db
    .select({ user: users })
    .from(userSetupTokens)
    .innerJoin(users, eq(users.id, userSetupTokens.userId))
    .where(and(eq(userSetupTokens.tokenHash, tokenHash), gt(userSetupTokens.expiresAt, now), isNull(users.disabledAt)))
    .get();
  return row?.user ?? null;
}

export function deleteSetupToken(db: Db, userId: string): void {
  db.delete(userSetupTokens).where(eq(userSetupTokens.userId, userId)).run();
}

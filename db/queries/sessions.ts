/** Queries for sessions. Only hashes of session tokens are stored. */
import { and, desc, eq, gt, lt, ne, or, sql } from "drizzle-orm";
import type { Db } from "../open.ts";
import { prepared } from "../prepared.ts";
import { type SessionRow, sessions, type UserRow, users } from "../schema/users.ts";

export function insertSession(db: Db, row: SessionRow): void {
  db.insert(sessions).values(row).run();
}

const sessionByToken = prepared((db) =>
  db
    .select({ session: sessions, user: users })
    .from(sessions)
    .innerJoin(users, eq(users.id, sessions.userId))
    .where(eq(sessions.tokenHash, sql.placeholder("tokenHash")))
    .prepare(),
);

export function findSessionByToken(db: Db, tokenHash: string): { session: SessionRow; user: UserRow } | null {
  return sessionByToken(db).get({ tokenHash }) ?? null;
}

export function touchSession(db: Db, id: string, now: number, ip: string): void {
  db.update(sessions).set({ lastUsedAt: now, ip }).where(eq(sessions.id, id)).run();
}

export function listSessionsOfUser(db: Db, userId: string, now: number, idleSince: number): SessionRow[] {
  return db
    .select()
    .from(sessions)
    .where(and(eq(sessions.userId, userId), gt(sessions.expiresAt, now), gt(sessions.lastUsedAt, idleSince)))
    .orderBy(desc(sessions.lastUsedAt))
    .all();
}

export function deleteSession(db: Db, id: string): void {
  db.delete(sessions).where(eq(sessions.id, id)).run();
}

/** @returns ids of the ended sessions. `except` is kept */
export function deleteSessionsOfUser(db: Db, userId: string, except: string | null): string[] {
  const where = and(eq(sessions.userId, userId), except ? ne(sessions.id, except) : undefined);
  return db
    .delete(sessions)
    .where(where)
    .returning({ id: sessions.id })
    .all()
    .map((row) => row.id);
}

export function deleteExpiredSessions(db: Db, now: number, idleSince: number): string[] {
  const where = or(lt(sessions.expiresAt, now), lt(sessions.lastUsedAt, idleSince));
  return db
    .delete(sessions)
    .where(where)
    .returning({ id: sessions.id })
    .all()
    .map((row) => row.id);
}

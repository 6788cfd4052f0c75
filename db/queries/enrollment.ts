/** Queries for the one-time tokens that enrol machines. */
import { and, desc, eq, gt, isNull } from "drizzle-orm";
import type { Db } from "../open.ts";
import { type EnrollmentTokenRow, enrollmentTokens } from "../schema/enrollment.ts";
import { users } from "../schema/users.ts";

export function insertEnrollmentToken(db: Db, row: typeof enrollmentTokens.$inferInsert): void {
  db.insert(enrollmentTokens).values(row).run();
}

export function findEnrollmentToken(db: Db, id: string): EnrollmentTokenRow | null {
  return db.select().from(enrollmentTokens).where(eq(enrollmentTokens.id, id)).get() ?? null;
}

export function findEnrollmentTokenByHash(db: Db, tokenHash: string): EnrollmentTokenRow | null {
  return db.select().from(enrollmentTokens).where(eq(enrollmentTokens.tokenHash, tokenHash)).get() ?? null;
}

export function updateEnrollmentToken(
  db: Db,
  id: string,
  changes: Partial<typeof enrollmentTokens.$inferInsert>,
): void {
  db.update(enrollmentTokens).set(changes).where(eq(enrollmentTokens.id, id)).run();
}

/** Does nothing once the token has been used. @returns whether it was still unused */
export function consumeEnrollmentToken(
  db: Db,
  id: string,
  changes: { consumedAt: number; consumedKey: string; enrolledHostId: string },
): boolean {
  const free = and(
    eq(enrollmentTokens.id, id),
    isNull(enrollmentTokens.consumedAt),
    isNull(enrollmentTokens.revokedAt),
  );
  const used = { ...changes, sealed: null };
  return db.update(enrollmentTokens).set(used).where(free).returning({ id: enrollmentTokens.id }).all().length > 0;
}

export type OutstandingToken = EnrollmentTokenRow & { createdByName: string | null };

/** Tokens that are not used, revoked or expired, newest first. */
export function listOutstandingTokens(db: Db, now: number): OutstandingToken[] {
  return db
    .select({ token: enrollmentTokens, createdByName: users.username })
    .from(enrollmentTokens)
    .leftJoin(users, eq(users.id, enrollmentTokens.createdBy))
    .where(
      and(isNull(enrollmentTokens.consumedAt), isNull(enrollmentTokens.revokedAt), gt(enrollmentTokens.expiresAt, now)),
    )
    .orderBy(desc(enrollmentTokens.createdAt))
    .all()
    .map(({ token, createdByName }) => ({ ...token, createdByName }));
}

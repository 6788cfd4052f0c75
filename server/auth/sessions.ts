/** Sessions: created at sign-in, re-read with the user at every request, ended at once when rights change. */
import { deleteCookie, getCookie, setCookie } from "hono/cookie";
import type { Db } from "../../db/open.ts";
import { deleteExpiredSessions, findSessionByToken, insertSession, touchSession } from "../../db/queries/sessions.ts";
import { newId } from "../../shared/ids.ts";
import { isUnwritable } from "../../shared/sqlite-errors.ts";
import { type Clock, DAY_MS, MINUTE_MS } from "../../shared/time/clock.ts";
import type { AppContext, Origin, Session } from "../http/routes.ts";
import type { FactBus } from "../runtime/facts.ts";
import type { Sealer } from "../runtime/seal.ts";
import type { Tick } from "../runtime/ticker.ts";
import { hashToken, newToken } from "./identity.ts";

const SESSION_COOKIE = "rm_session";
/** Browsers accept this name only over HTTPS and only from this exact host, so no neighbouring host can set it. */
const SECURE_SESSION_COOKIE = "__Host-rm_session";
export const SESSION_IDLE_MS = 7 * DAY_MS;
const SESSION_LIFETIME_MS = 30 * DAY_MS;
/** `last_used_at` is written at most this often. */
const TOUCH_EVERY_MS = 5 * MINUTE_MS;

export type SessionStore = {
  /** Creates a session and sets its cookie. Call inside the sign-in's transaction. */
  start(c: AppContext, userId: string, from: Origin): { sessionId: string; csrfToken: string };
  find(c: AppContext, from: Origin): Session | null;
  clearCookie(c: AppContext, from: Origin): void;
};

/** Deletes expired sessions. */
export function sessionTicks({ db, clock, bus }: { db: Db; clock: Clock; bus: FactBus }): Tick[] {
  const run = () => {
    const now = clock.now();
    bus.publish("session.ended", { sessionIds: deleteExpiredSessions(db, now, now - SESSION_IDLE_MS) });
  };
  return [{ name: "sessions", everyMs: 10 * MINUTE_MS, run }];
}

export function createSessionStore({ db, clock, sealer }: { db: Db; clock: Clock; sealer: Sealer }): SessionStore {
  const csrfOf = (tokenHash: string) => sealer.digest("csrf", tokenHash);
  /** Tolerates a full disk: signed-in people must still see the page that reports it. */
  const touch = (id: string, now: number, ip: string) => {
    try {
      touchSession(db, id, now, ip);
    } catch (error) {
      if (!isUnwritable(error)) throw error;
    }
  };
  return {
    start(c, userId, from) {
      const token = newToken();
      const now = clock.now();
      const id = newId();
      const tokenHash = hashToken(token);
      insertSession(db, {
        id,
        tokenHash,
        userId,
        expiresAt: now + SESSION_LIFETIME_MS,
        lastUsedAt: now,
        ip: from.ip,
        userAgent: c.req.header("user-agent")?.slice(0, 300) ?? null,
        idToken: null,
        createdAt: now,
      });
      setCookie(c, nameFor(from), token, {
        httpOnly: true,
        sameSite: "Lax",
        path: "/",
        secure: from.secure,
        maxAge: SESSION_LIFETIME_MS / 1000,
      });
      if (from.secure) deleteCookie(c, SESSION_COOKIE, { path: "/" });
      return { sessionId: id, csrfToken: csrfOf(tokenHash) };
    },
    find(c, from) {
      const token = getCookie(c, nameFor(from));
      if (!token) return null;
      const found = findSessionByToken(db, hashToken(token));
      const now = clock.now();
      if (!found || found.user.disabledAt !== null) return null;
      const { session, user } = found;
      if (now >= session.expiresAt || now - session.lastUsedAt >= SESSION_IDLE_MS) return null;
      if (now - session.lastUsedAt >= TOUCH_EVERY_MS) touch(session.id, now, from.ip);
      return {
        sessionId: session.id,
        userId: user.id,
        username: user.username,
        role: user.role,
        csrfToken: csrfOf(session.tokenHash),
      };
    },
    clearCookie(c, { secure }) {
      if (secure) deleteCookie(c, SECURE_SESSION_COOKIE, { path: "/", secure });
      deleteCookie(c, SESSION_COOKIE, { path: "/" });
    },
  };
}

function nameFor({ secure }: Origin): string {
  return secure ? SECURE_SESSION_COOKIE : SESSION_COOKIE;
}

/** Signing in and out: equal time and answer for an unknown user and a wrong password; guessing is slowed, nobody is locked out. */
import type { Db } from "../../db/open.ts";
import { deleteSession } from "../../db/queries/sessions.ts";
import { findUserByName, setPassword, touchLogin } from "../../db/queries/users.ts";
import type { UserRow } from "../../db/schema/users.ts";
import { inTransaction } from "../../db/transaction.ts";
import { type Clock, MINUTE_MS } from "../../shared/clock.ts";
import type { Log } from "../../shared/log.ts";
import { Refusal } from "../http/errors.ts";
import { createRateLimit } from "../http/rate-limit.ts";
import type { AppContext, Origin, Session } from "../http/routes.ts";
import { writeAudit } from "../runtime/audit.ts";
import type { FactBus } from "../runtime/facts.ts";
import { hashPassword, needsRehash, verifyPassword } from "./passwords.ts";
import type { SessionStore } from "./sessions.ts";

const WINDOW_MS = 15 * MINUTE_MS;
const FAILURES_PER_USER_AND_ADDRESS = 5;
const FAILURES_PER_USER = 50;
const SLOW_DOWN_MS = 1000;

export type SignIn = {
  /** @throws Refusal 401 `bad_credentials`, 429 `too_many_attempts` */
  signIn(
    c: AppContext,
    from: Origin,
    username: string,
    password: string,
  ): Promise<{ user: UserRow; csrfToken: string }>;
  signOut(c: AppContext, session: Session, from: Origin): void;
};

export type SignInDeps = { db: Db; clock: Clock; sessions: SessionStore; bus: FactBus; log: Log };

export function createSignIn({ db, clock, sessions, bus, log }: SignInDeps): SignIn {
  const perAddress = createRateLimit({ limit: FAILURES_PER_USER_AND_ADDRESS, windowMs: WINDOW_MS, clock });
  const perUser = createRateLimit({ limit: FAILURES_PER_USER, windowMs: WINDOW_MS, clock });
  /** Verified when the user does not exist, so that the answer takes as long. */
  const decoy = hashPassword("a password that nobody has");

  const check = async (username: string, password: string): Promise<UserRow | null> => {
    const user = findUserByName(db, username);
    const usable = user && user.disabledAt === null && user.authSource === "local" ? user.passwordHash : null;
    const right = await verifyPassword(usable ?? (await decoy), password);
    return right && usable ? user : null;
  };

  return {
    async signIn(c, from, username, password) {
      const name = username.trim().toLowerCase().slice(0, 64);
      const key = `${name}\n${from.ip}`;
      const wait = perAddress.blockedFor(key);
      if (wait !== null) throw tooMany(wait);
      if (perUser.blockedFor(name) !== null) await Bun.sleep(SLOW_DOWN_MS);
      const user = await check(name, password.slice(0, 1024));
      if (!user) {
        perUser.hit(name);
        perAddress.hit(key);
        log.warn("a sign-in was refused", { ip: from.ip });
        throw new Refusal(401, "bad_credentials", "User name or password is wrong.");
      }
      perAddress.forget(key);
      const passwordHash = needsRehash(user.passwordHash ?? "") ? await hashPassword(password) : null;
      const csrfToken = inTransaction(db, () => {
        const now = clock.now();
        if (passwordHash) setPassword(db, user.id, passwordHash, now);
        touchLogin(db, user.id, now);
        const actor = { kind: "user", userId: user.id, username: user.username, ip: from.ip } as const;
        writeAudit(db, now, {
          actor,
          action: "user.signed_in",
          target: { kind: "user", id: user.id, name: user.username },
        });
        return sessions.start(c, user.id, from).csrfToken;
      });
      return { user, csrfToken };
    },
    signOut(c, session, from) {
      inTransaction(db, () => {
        deleteSession(db, session.sessionId);
        const actor = { kind: "user", userId: session.userId, username: session.username, ip: from.ip } as const;
        const target = { kind: "user", id: session.userId, name: session.username };
        writeAudit(db, clock.now(), { actor, action: "user.signed_out", target });
      });
      sessions.clearCookie(c);
      bus.tell("session.ended", { sessionIds: [session.sessionId] });
    },
  };
}

function tooMany(seconds: number): Refusal {
  const minutes = Math.max(1, Math.ceil(seconds / 60));
  const message = `Too many failed attempts from here. Wait ${minutes === 1 ? "a minute" : `${minutes} minutes`}, then try again.`;
  return new Refusal(429, "too_many_attempts", message, {}, seconds);
}

/** Signing in and out. Unknown users and wrong passwords get the same answer in the same time. Guessing is slowed, but nobody is locked out. */
import type { Db } from "../../db/open.ts";
import { deleteSession } from "../../db/queries/sessions.ts";
import { findUser, findUserByName, setPassword, touchLogin } from "../../db/queries/users.ts";
import type { UserRow } from "../../db/schema/users.ts";
import { inTransaction } from "../../db/transaction.ts";
import type { Log } from "../../shared/log.ts";
import { type Clock, MINUTE_MS } from "../../shared/time/clock.ts";
import { Refusal } from "../http/errors.ts";
import { createRateLimit } from "../http/rate-limit.ts";
import type { AppContext, Origin, Session } from "../http/routes.ts";
import { writeAudit } from "../runtime/audit.ts";
import type { FactBus } from "../runtime/facts.ts";
import type { FailedSignIns } from "./failed-sign-ins.ts";
import { hashPassword, needsRehash, type PasswordWork } from "./passwords.ts";
import type { SessionStore } from "./sessions.ts";

const WINDOW_MS = 15 * MINUTE_MS;
const FAILURES_PER_USER_AND_ADDRESS = 5;
/** Across all user names, so that trying many names does not help. */
const FAILURES_PER_ADDRESS = 30;
const FAILURES_PER_USER = 50;
const SLOW_DOWN_MS = 1000;

export type SignIn = {
  /** @throws Refusal 401 `bad_credentials`, 429 `too_many_attempts`, 503 `busy` */
  signIn(
    c: AppContext,
    from: Origin,
    username: string,
    password: string,
  ): Promise<{ user: UserRow; csrfToken: string }>;
  signOut(c: AppContext, session: Session, from: Origin): void;
};

export type SignInDeps = {
  db: Db;
  clock: Clock;
  sessions: SessionStore;
  bus: FactBus;
  log: Log;
  passwords: PasswordWork;
  failed: Pick<FailedSignIns, "note">;
};

export function createSignIn({ db, clock, sessions, bus, log, passwords, failed }: SignInDeps): SignIn {
  const perPair = createRateLimit({ limit: FAILURES_PER_USER_AND_ADDRESS, windowMs: WINDOW_MS, clock });
  const perAddress = createRateLimit({ limit: FAILURES_PER_ADDRESS, windowMs: WINDOW_MS, clock });
  const perUser = createRateLimit({ limit: FAILURES_PER_USER, windowMs: WINDOW_MS, clock });
  /** Verified when the user does not exist, so that the answer takes equally long. */
  const decoy = hashPassword("a password that nobody has");

  const check = async (username: string, password: string, from: Origin): Promise<UserRow | null> => {
    const user = findUserByName(db, username);
    const usable = user && user.disabledAt === null && user.authSource === "local" ? user.passwordHash : null;
    const right = await passwords.verify(usable ?? (await decoy), password, from.network);
    return right && usable ? user : null;
  };

  /** Counts a failure before the password is checked, so that parallel attempts are counted too. @throws Refusal 429 */
  const spend = (name: string, { network }: Origin) => {
    const address = perAddress.take(network);
    if (!address.ok) throw tooMany(address.wait);
    const pair = perPair.take(pairKey(name, network));
    if (!pair.ok) {
      address.giveBack();
      throw tooMany(pair.wait);
    }
    const user = perUser.take(name);
    return {
      isSlowed: !user.ok,
      giveBack() {
        address.giveBack();
        pair.giveBack();
        if (user.ok) user.giveBack();
      },
    };
  };

  const verified = async (name: string, password: string, from: Origin): Promise<UserRow | null> => {
    const attempt = spend(name, from);
    try {
      if (attempt.isSlowed) await Bun.sleep(SLOW_DOWN_MS);
      const user = await check(name, password, from);
      if (user) attempt.giveBack();
      return user;
    } catch (error) {
      attempt.giveBack();
      throw error;
    }
  };

  return {
    async signIn(c, from, username, password) {
      const name = username.trim().toLowerCase().slice(0, 64);
      const user = await verified(name, password.slice(0, 1024), from).catch((error: unknown) => {
        if (error instanceof Refusal && error.status === 429) failed.note(findUserByName(db, name), from);
        throw error;
      });
      if (!user) {
        failed.note(findUserByName(db, name), from);
        log.warn("a sign-in failed: unknown or disabled user, or wrong password", { ip: from.ip });
        throw badCredentials();
      }
      perPair.forget(pairKey(name, from.network));
      const passwordHash = needsRehash(user.passwordHash ?? "") ? await passwords.hash(password, from.network) : null;
      const csrfToken = inTransaction(db, () => {
        const now = clock.now();
        // Both may have changed while the password was being checked.
        const current = findUser(db, user.id);
        if (current?.passwordHash !== user.passwordHash || current.disabledAt !== null) throw badCredentials();
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
      sessions.clearCookie(c, from);
      bus.publish("session.ended", { sessionIds: [session.sessionId] });
    },
  };
}

function badCredentials(): Refusal {
  return new Refusal(401, "bad_credentials", "The user name or password is wrong.");
}

function pairKey(name: string, network: string): string {
  return `${name}\n${network}`;
}

function tooMany(seconds: number): Refusal {
  const minutes = Math.max(1, Math.ceil(seconds / 60));
  const message = `Too many failed attempts from your network. Wait ${minutes === 1 ? "a minute" : `${minutes} minutes`}, then try again.`;
  return new Refusal(429, "too_many_attempts", message, {}, seconds);
}

/** Users: created by an admin or on the command line, with a setup link through which they set their own password. */
import type { Db } from "../../db/open.ts";
import { deleteSession, deleteSessionsOfUser, listSessionsOfUser } from "../../db/queries/sessions.ts";
import {
  countUsers,
  deleteSetupToken,
  findUser,
  findUserByName,
  findUserBySetupToken,
  insertUser,
  putSetupToken,
  setPassword,
} from "../../db/queries/users.ts";
import type { Role, SessionRow, UserRow } from "../../db/schema/users.ts";
import { inTransaction } from "../../db/transaction.ts";
import { newId } from "../../shared/ids.ts";
import { type Clock, HOUR_MS, MINUTE_MS } from "../../shared/time/clock.ts";
import { hashToken, newToken, newUser, usernameProblem } from "../auth/identity.ts";
import { type PasswordWork, passwordProblem } from "../auth/passwords.ts";
import { SESSION_IDLE_MS, type SessionStore } from "../auth/sessions.ts";
import { badInput, notFound, Refusal } from "../http/errors.ts";
import { createRateLimit } from "../http/rate-limit.ts";
import type { AppContext, Origin, Session } from "../http/routes.ts";
import { type Actor, writeAudit } from "../runtime/audit.ts";
import type { FactBus } from "../runtime/facts.ts";

const SETUP_LINK_MS = HOUR_MS;
const WRONG_PASSWORDS = 5;
const WRONG_PASSWORDS_WINDOW_MS = 15 * MINUTE_MS;

export type Accounts = {
  /** @returns the setup link's token, shown once. @throws Refusal 400, 409 `name_taken` */
  addUser(actor: Actor, username: string, role: Role): { user: UserRow; setupToken: string };
  /** @returns a fresh setup link's token. @throws Refusal 404 */
  newSetupToken(actor: Actor, username: string): { user: UserRow; setupToken: string };
  findBySetupToken(token: string): UserRow | null;
  /** Sets the password and signs in. All other sessions of the user end. @throws Refusal 410, 400 */
  finishSetup(c: AppContext, from: Origin, token: string, password: string): Promise<UserRow>;
  /** Confirms the password before an action that a stolen session must not be able to do. @throws Refusal 400 with `current`, 429 after five wrong ones in this session */
  confirmPassword(session: Session, from: Origin, password: string): Promise<UserRow & { passwordHash: string }>;
  /** All other sessions end. @throws Refusal 400 with fields */
  changePassword(session: Session, from: Origin, input: { current: string; password: string }): Promise<void>;
  listSessions(userId: string): SessionRow[];
  endSession(session: Session, from: Origin, id: string): void;
};

export type AccountDeps = { db: Db; clock: Clock; sessions: SessionStore; bus: FactBus; passwords: PasswordWork };

export function createAccounts({ db, clock, sessions, bus, passwords }: AccountDeps): Accounts {
  const audit = (actor: Actor, action: string, user: UserRow, payload: Record<string, unknown> = {}) =>
    writeAudit(db, clock.now(), { actor, action, target: { kind: "user", id: user.id, name: user.username }, payload });

  const issueLink = (user: UserRow): string => {
    const setupToken = newToken("rm_set_");
    const now = clock.now();
    const expiresAt = now + SETUP_LINK_MS;
    putSetupToken(db, { id: newId(), userId: user.id, tokenHash: hashToken(setupToken), expiresAt, createdAt: now });
    return setupToken;
  };

  const wrongPasswords = createRateLimit({ limit: WRONG_PASSWORDS, windowMs: WRONG_PASSWORDS_WINDOW_MS, clock });
  /** Counted per session, so that a thief who guesses in one session does not block the owner in another. */
  const confirmPassword: Accounts["confirmPassword"] = async (session, from, password) => {
    const { passwordHash, ...user } = findUser(db, session.userId) ?? { passwordHash: null };
    if (!passwordHash || !("id" in user)) throw notFound("user");
    const attempt = wrongPasswords.take(session.sessionId);
    if (!attempt.ok)
      throw new Refusal(429, "too_many_attempts", "Too many wrong passwords. Try again later.", {}, attempt.wait);
    const isRight = await passwords.verify(passwordHash, password.slice(0, 1024), from.network).catch((error) => {
      attempt.giveBack();
      throw error;
    });
    if (!isRight) {
      audit(actorOf(session, from), "user.password_refused", { ...user, passwordHash });
      throw badInput({ current: "This is not your current password." });
    }
    attempt.giveBack();
    return { ...user, passwordHash };
  };

  return {
    confirmPassword,
    addUser(actor, rawName, role) {
      const username = rawName.trim().toLowerCase();
      const problem = usernameProblem(username);
      if (problem) throw badInput({ username: problem });
      return inTransaction(db, () => {
        if (countUsers(db) === 0 && role !== "admin") {
          throw new Refusal(409, "first_user", "The first user must be an admin, so that someone can add others.");
        }
        if (findUserByName(db, username)) {
          throw new Refusal(409, "name_taken", `There is already a user named ${username}.`, {
            username: "This name is taken.",
          });
        }
        const user = newUser({ username, role, passwordHash: null }, clock.now());
        insertUser(db, user);
        const setupToken = issueLink(user);
        audit(actor, "user.created", user, { role });
        return { user, setupToken };
      });
    },
    newSetupToken(actor, rawName) {
      return inTransaction(db, () => {
        const user = findUserByName(db, rawName.trim());
        if (user?.authSource !== "local") throw notFound("user");
        const setupToken = issueLink(user);
        audit(actor, "user.setup_link_made", user);
        return { user, setupToken };
      });
    },
    findBySetupToken: (token) => findUserBySetupToken(db, hashToken(token), clock.now()),
    async finishSetup(c, from, token, password) {
      const user = findUserBySetupToken(db, hashToken(token), clock.now());
      if (!user) throw linkIsSpent();
      const problem = passwordProblem(password, user.username);
      if (problem) throw badInput({ password: problem });
      const passwordHash = await passwords.hash(password, from.network);
      const ended = inTransaction(db, () => {
        if (!findUserBySetupToken(db, hashToken(token), clock.now())) throw linkIsSpent();
        deleteSetupToken(db, user.id);
        setPassword(db, user.id, passwordHash, clock.now());
        const sessionIds = deleteSessionsOfUser(db, user.id, null);
        audit({ kind: "user", userId: user.id, username: user.username, ip: from.ip }, "user.password_set", user);
        sessions.start(c, user.id, from);
        return sessionIds;
      });
      bus.publish("session.ended", { sessionIds: ended });
      return user;
    },
    async changePassword(session, from, { current, password }) {
      const user = await confirmPassword(session, from, current);
      const problem = passwordProblem(password, user.username);
      if (problem) throw badInput({ password: problem });
      const passwordHash = await passwords.hash(password, from.network);
      const ended = inTransaction(db, () => {
        const isStill = findUser(db, user.id)?.passwordHash === user.passwordHash;
        if (!isStill)
          throw new Refusal(409, "password_changed", "Your password has just been changed. Sign in with the new one.");
        setPassword(db, user.id, passwordHash, clock.now());
        deleteSetupToken(db, user.id);
        const sessionIds = deleteSessionsOfUser(db, user.id, session.sessionId);
        audit(actorOf(session, from), "user.password_changed", user);
        return sessionIds;
      });
      bus.publish("session.ended", { sessionIds: ended });
    },
    listSessions: (userId) => listSessionsOfUser(db, userId, clock.now(), clock.now() - SESSION_IDLE_MS),
    endSession(session, from, id) {
      inTransaction(db, () => {
        const mine = listSessionsOfUser(db, session.userId, 0, 0).some((row) => row.id === id);
        const user = findUser(db, session.userId);
        if (!mine || !user) throw notFound("session");
        deleteSession(db, id);
        audit(actorOf(session, from), "session.ended", user);
      });
      bus.publish("session.ended", { sessionIds: [id] });
    },
  };
}

function actorOf({ userId, username }: Session, { ip }: Origin): Actor {
  return { kind: "user", userId, username, ip };
}

function linkIsSpent(): Refusal {
  return new Refusal(410, "link_spent", "This link has been used or has expired. Ask an admin for a new one.");
}

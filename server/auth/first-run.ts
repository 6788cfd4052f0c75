/** First run: a one-time setup token, printed with a link, creates the first admin. After that it no longer works. */
import { timingSafeEqual } from "node:crypto";
import type { Db } from "../../db/open.ts";
import { countUsers, insertUser } from "../../db/queries/users.ts";
import type { UserRow } from "../../db/schema/users.ts";
import { inTransaction } from "../../db/transaction.ts";
import { type Clock, MINUTE_MS } from "../../shared/time/clock.ts";
import { badInput, Refusal } from "../http/errors.ts";
import { createRateLimit } from "../http/rate-limit.ts";
import type { AppContext, Origin } from "../http/routes.ts";
import { writeAudit } from "../runtime/audit.ts";
import { hashToken, newToken, newUser, usernameProblem } from "./identity.ts";
import { type PasswordWork, passwordProblem } from "./passwords.ts";
import type { SessionStore } from "./sessions.ts";

export type FirstRun = {
  isOpen(): boolean;
  /** The token to print. null once a user exists. */
  token(): string | null;
  /** @throws Refusal 410 `already_set_up`, 403 `bad_setup_token`, 400 with fields */
  createAdmin(
    c: AppContext,
    from: Origin,
    input: { token: string; username: string; password: string },
  ): Promise<{ user: UserRow; csrfToken: string }>;
};

export type FirstRunDeps = { db: Db; clock: Clock; sessions: SessionStore; passwords: PasswordWork };

export function createFirstRun({ db, clock, sessions, passwords }: FirstRunDeps): FirstRun {
  let isOpen = countUsers(db) === 0;
  const token = newToken("rm_setup_");
  const attempts = createRateLimit({ limit: 20, windowMs: 15 * MINUTE_MS, clock });
  const stillOpen = () => {
    if (isOpen && countUsers(db) > 0) isOpen = false;
    return isOpen;
  };
  return {
    isOpen: stillOpen,
    token: () => (stillOpen() ? token : null),
    async createAdmin(c, from, input) {
      if (!stillOpen()) throw alreadySetUp();
      const wait = attempts.hit(from.network);
      if (wait !== null)
        throw new Refusal(429, "too_many_attempts", "Too many attempts. Wait a few minutes, then try again.", {}, wait);
      const given = Buffer.from(hashToken(input.token.trim()));
      if (!timingSafeEqual(given, Buffer.from(hashToken(token)))) {
        const message = "This setup token is not valid. Open the link that the server printed when it started.";
        throw new Refusal(403, "bad_setup_token", message, { token: message });
      }
      const username = input.username.trim().toLowerCase();
      const fields = problemFields(username, input.password);
      if (Object.keys(fields).length > 0) throw badInput(fields);
      const passwordHash = await passwords.hash(input.password, from.network);
      const user = newUser({ username, role: "admin", passwordHash }, clock.now());
      const csrfToken = inTransaction(db, () => {
        if (countUsers(db) > 0) throw alreadySetUp();
        insertUser(db, user);
        const actor = { kind: "user", userId: user.id, username, ip: from.ip } as const;
        writeAudit(db, clock.now(), {
          actor,
          action: "user.bootstrapped",
          target: { kind: "user", id: user.id, name: username },
          payload: { role: "admin" },
        });
        return sessions.start(c, user.id, from).csrfToken;
      });
      isOpen = false;
      return { user, csrfToken };
    },
  };
}

function problemFields(username: string, password: string): Record<string, string> {
  const fields: Record<string, string> = {};
  const nameProblem = usernameProblem(username);
  if (nameProblem) fields["username"] = nameProblem;
  const problem = passwordProblem(password, username);
  if (problem) fields["password"] = problem;
  return fields;
}

function alreadySetUp(): Refusal {
  return new Refusal(410, "already_set_up", "This server already has its first admin. Sign in instead.");
}

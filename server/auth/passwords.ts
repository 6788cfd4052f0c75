/** Passwords of people: argon2id, 12 to 256 characters, and no well-known passwords. */
import { availableParallelism } from "node:os";
import { hash, verify } from "@node-rs/argon2";
import { dictionary } from "@zxcvbn-ts/language-common";
import { Refusal } from "../http/errors.ts";
import { createFairGate, TurnedAway } from "./fair-gate.ts";

const MIN_PASSWORD_LENGTH = 12;
const MAX_PASSWORD_LENGTH = 256;
export const PASSWORD_RULE = `At least ${MIN_PASSWORD_LENGTH} characters. A few unrelated words are best.`;

/** argon2id is the library's default algorithm. Memory in KiB. */
const PARAMETERS = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };
const common = new Set(dictionary["passwords-common"] as string[]);

/** What is wrong with a new password, in one sentence. null when it is good enough. */
export function passwordProblem(password: string, username: string): string | null {
  if (password.length < MIN_PASSWORD_LENGTH) return `Too short. Use at least ${MIN_PASSWORD_LENGTH} characters.`;
  if (password.length > MAX_PASSWORD_LENGTH) return `Too long. Use at most ${MAX_PASSWORD_LENGTH} characters.`;
  const plain = password.toLowerCase();
  if (username && plain.includes(username.toLowerCase()) && plain.length < username.length + 8) {
    return "Too similar to the user name. Choose another password.";
  }
  const stem = plain.replace(/[^a-z]+$/, "");
  if (common.has(plain) || (stem.length >= 4 && common.has(stem)) || repeats(plain)) {
    return "Too common. It is one of the first passwords that an attacker tries.";
  }
  return null;
}

/** Whether the text is one short piece repeated. */
function repeats(text: string): boolean {
  return /^(.{1,8})\1+$/.test(text);
}

export function hashPassword(password: string): Promise<string> {
  return hash(password, PARAMETERS);
}

async function verifyPassword(passwordHash: string, password: string): Promise<boolean> {
  try {
    return await verify(passwordHash, password);
  } catch {
    return false;
  }
}

/** Whether it was hashed with weaker parameters than today's. If so, it is hashed again at sign-in. */
export function needsRehash(passwordHash: string): boolean {
  const { memoryCost, timeCost, parallelism } = PARAMETERS;
  return !passwordHash.startsWith(`$argon2id$v=19$m=${memoryCost},t=${timeCost},p=${parallelism}$`);
}

/** Hashes passwords of visitors, a few at a time: each takes 19 MiB and tens of milliseconds of CPU time. */
export type PasswordWork = {
  /** @param from the requesting network; networks take turns. @throws Refusal 503 `busy` */
  hash(password: string, from: string): Promise<string>;
  /** @throws Refusal 503 `busy` */
  verify(passwordHash: string, password: string, from: string): Promise<boolean>;
};

const MOST_WAITING = 200;
const BUSY_RETRY_SECONDS = 5;

export function createPasswordWork(): PasswordWork {
  const gate = createFairGate({ parallel: Math.max(1, availableParallelism() - 1), mostWaiting: MOST_WAITING });
  const run = async <T>(from: string, work: () => Promise<T>): Promise<T> => {
    try {
      return await gate.run(from, work);
    } catch (error) {
      if (!(error instanceof TurnedAway)) throw error;
      const message = "The server is checking too many passwords at the moment. Try again in a few seconds.";
      throw new Refusal(503, "busy", message, {}, BUSY_RETRY_SECONDS);
    }
  };
  return {
    hash: (password, from) => run(from, () => hashPassword(password)),
    verify: (passwordHash, password, from) => run(from, () => verifyPassword(passwordHash, password)),
  };
}

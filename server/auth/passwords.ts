/** Passwords of people: argon2id, length 12 to 256, none of the well-known ones. */
import { availableParallelism } from "node:os";
import { hash, verify } from "@node-rs/argon2";
import { dictionary } from "@zxcvbn-ts/language-common";
import { Refusal } from "../http/errors.ts";
import { createFairGate, TurnedAway } from "./fair-gate.ts";

const MIN_PASSWORD_LENGTH = 12;
const MAX_PASSWORD_LENGTH = 256;
export const PASSWORD_RULE = `At least ${MIN_PASSWORD_LENGTH} characters; a few unrelated words are best.`;

/** argon2id is the library's default algorithm; memory in KiB. */
const PARAMETERS = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };
const common = new Set(dictionary["passwords-common"] as string[]);

/** What is wrong with a new password, in one sentence; null when it will do. */
export function passwordProblem(password: string, username: string): string | null {
  if (password.length < MIN_PASSWORD_LENGTH) return `Too short: at least ${MIN_PASSWORD_LENGTH} characters.`;
  if (password.length > MAX_PASSWORD_LENGTH) return `Too long: at most ${MAX_PASSWORD_LENGTH} characters.`;
  const plain = password.toLowerCase();
  if (username && plain.includes(username.toLowerCase()) && plain.length < username.length + 8) {
    return "Too close to the user name.";
  }
  const stem = plain.replace(/[^a-z]+$/, "");
  if (common.has(plain) || (stem.length >= 4 && common.has(stem)) || repeats(plain)) {
    return "Too well known: it is among the first that an attacker tries.";
  }
  return null;
}

/** The same short piece over and over. */
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

/** Was it made with weaker parameters than today's? Then it is hashed anew at sign-in. */
export function needsRehash(passwordHash: string): boolean {
  const { memoryCost, timeCost, parallelism } = PARAMETERS;
  return !passwordHash.startsWith(`$argon2id$v=19$m=${memoryCost},t=${timeCost},p=${parallelism}$`);
}

/** Hashing for visitors: each takes 19 MiB and some tens of milliseconds of a core, so only a few run at once. */
export type PasswordWork = {
  /** @param from the network that asks; networks take turns. @throws Refusal 503 `busy` */
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

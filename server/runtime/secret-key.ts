/** Loads the server key from the environment or from a file created on first start, and checks it against the database. */
import { randomBytes } from "node:crypto";
import {
  closeSync,
  copyFileSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { dirname } from "node:path";
import type { Db } from "../../db/open.ts";
import { findSetting, putSetting } from "../../db/queries/settings.ts";
import type { Config } from "./config.ts";
import { syncPath } from "./data-files.ts";
import { createSealer, type Sealer } from "./seal.ts";
import { CHECK_PLACE, SEAL_FORM } from "./seal-form.ts";

export type KeyOutcome = { ok: true; key: Buffer; made: boolean } | { ok: false; message: string };

/** @param mayMake nothing has been sealed with another key yet */
export function loadSecretKey(config: Pick<Config, "secretKey" | "secretKeyFile">, mayMake: boolean): KeyOutcome {
  if (config.secretKey) return { ok: true, key: Buffer.from(config.secretKey, "hex"), made: false };
  const path = config.secretKeyFile;
  if (!existsSync(path)) {
    if (!mayMake) return { ok: false, message: missingKey(path) };
    const key = randomBytes(32);
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    writeKeyFile(path, key);
    return { ok: true, key, made: true };
  }
  try {
    const text = readFileSync(path, "utf8").trim();
    if (!/^[0-9a-f]{64}$/i.test(text))
      return { ok: false, message: `${path} does not contain a server key (64 hex digits). Put the right file back.` };
    if ((statSync(path).mode & 0o077) !== 0) {
      return { ok: false, message: `${path} can be read by other users. Run: chmod 600 ${path}` };
    }
    return { ok: true, key: Buffer.from(text, "hex"), made: false };
  } catch (error) {
    return { ok: false, message: `${path} cannot be read: ${error instanceof Error ? error.message : error}` };
  }
}

function missingKey(path: string): string {
  return `The server key ${path} is missing. Put secret.key back from your copy of it (RM_SECRET_KEY_FILE or RM_SECRET_KEY). A new key was not created, because it could not decrypt the stored credentials.`;
}

/** A sentence when the database was sealed with another key. null when the key is right. */
export function checkSecretKey(db: Db, sealer: Sealer): string | null {
  const blob = findSetting(db, "key_check");
  if (blob === null) {
    putSetting(db, "key_check", sealer.seal(CHECK_PLACE, SEAL_FORM));
    return null;
  }
  try {
    sealer.unseal(CHECK_PLACE, blob);
    return null;
  } catch {
    return `The server key (id ${sealer.keyId}) is not the one that this database was encrypted with. Put the right secret.key back (RM_SECRET_KEY_FILE or RM_SECRET_KEY).`;
  }
}

/** Where a rotation keeps the new key until the database is sealed with it. */
export function nextKeyPath(keyFile: string): string {
  return `${keyFile}.next`;
}

/** Completes an interrupted key rotation, or discards it if it had changed nothing. @returns the matching sealer */
export function finishRotation(db: Db, keyFile: string, sealer: Sealer): Sealer {
  const path = nextKeyPath(keyFile);
  if (!existsSync(path)) return sealer;
  const text = readFileSync(path, "utf8").trim();
  const next = /^[0-9a-f]{64}$/i.test(text) ? createSealer(Buffer.from(text, "hex")) : null;
  if (checkSecretKey(db, sealer) !== null && next && checkSecretKey(db, next) === null) {
    takeNextKey(keyFile, sealer.keyId);
    return next;
  }
  rmSync(path);
  return sealer;
}

/** Puts `FILE.next` in place of the key file. @returns where the old key is kept */
export function takeNextKey(keyFile: string, oldKeyId: string): string {
  const retired = `${keyFile}.retired-${oldKeyId}`;
  copyFileSync(keyFile, retired);
  syncPath(retired);
  renameSync(nextKeyPath(keyFile), keyFile);
  syncPath(dirname(keyFile));
  return retired;
}

/** Writes a file that only its owner can read, and syncs it to disk before it returns. */
export function writeKeyFile(path: string, key: Buffer): void {
  const file = openSync(path, "w", 0o600);
  try {
    writeSync(file, `${key.toString("hex")}\n`);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  syncPath(dirname(path));
}

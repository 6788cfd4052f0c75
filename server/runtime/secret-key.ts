/** The server key: from the environment or a file that is made on first start; checked against the database before anything is served. */
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

/** @param mayMake there is nothing yet that another key has sealed */
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
      return { ok: false, message: `${path} does not hold a server key (64 hex digits).` };
    if ((statSync(path).mode & 0o077) !== 0) {
      return { ok: false, message: `${path} can be read by other users; run: chmod 600 ${path}` };
    }
    return { ok: true, key: Buffer.from(text, "hex"), made: false };
  } catch (error) {
    return { ok: false, message: `${path} cannot be read: ${error instanceof Error ? error.message : error}` };
  }
}

function missingKey(path: string): string {
  return `The server key ${path} is missing. Put secret.key back from where you keep its copy (RM_SECRET_KEY_FILE or RM_SECRET_KEY): the stored credentials open with no other key, so none is made.`;
}

/** A sentence when this key is not the one that the database's secrets were sealed with; null when all is well. */
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
    return `The server key (id ${sealer.keyId}) is not the one that this database was sealed with. Put the right secret.key back (RM_SECRET_KEY_FILE or RM_SECRET_KEY).`;
  }
}

/** Where a rotation keeps the new key until the database is sealed with it. */
export function nextKeyPath(keyFile: string): string {
  return `${keyFile}.next`;
}

/** A rotation that was cut off is brought to its end, or forgotten if it had changed nothing. @returns the sealer that fits */
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

/** Puts `FILE.next` in place of the key file. @returns where the old key lies now */
export function takeNextKey(keyFile: string, oldKeyId: string): string {
  const retired = `${keyFile}.retired-${oldKeyId}`;
  copyFileSync(keyFile, retired);
  syncPath(retired);
  renameSync(nextKeyPath(keyFile), keyFile);
  syncPath(dirname(keyFile));
  return retired;
}

/** Readable by its owner only, and on the disk when this returns. */
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

/** The commands `backup`, `restore`, `rotate-key` and `recovery-sheet`, which keep the server's own data safe. */
import { closeSync, existsSync, openSync, writeSync } from "node:fs";
import { join, resolve } from "node:path";
import { putSetting } from "../../db/queries/settings.ts";
import { inTransaction } from "../../db/transaction.ts";
import { systemClock } from "../../shared/time/clock.ts";
import { openDataFolder } from "../open-data.ts";
import { createCredentials } from "../repos/credentials.ts";
import { writeAudit } from "../runtime/audit.ts";
import { DATABASE_FILE, SIGNING_KEY_FILE } from "../runtime/data-files.ts";
import { createFactBus } from "../runtime/facts.ts";
import type { ServerParts } from "../runtime/world.ts";
import { makeCopy } from "../upkeep/copies.ts";
import { readSheet, SHEET_SETTING, sheetText } from "../upkeep/recovery-sheet.ts";
import { restoreCopy } from "../upkeep/restore.ts";
import { type Rotated, RotationStopped, rotateKey } from "../upkeep/rotate-key.ts";
import { fail, withData } from "./outcome.ts";

const partsOf = ({ config, sealer }: Pick<ServerParts, "config" | "sealer">) => ({
  databasePath: join(config.dataDir, DATABASE_FILE),
  signingKeyPath: join(config.dataDir, SIGNING_KEY_FILE),
  sealer,
});

export function backup(file: string): Promise<number> {
  const path = resolve(file);
  if (existsSync(path)) return Promise.resolve(fail(`${path} already exists. Choose another name.`));
  return withData(false, async (parts) => {
    try {
      const copy = await makeCopy(partsOf(parts), path);
      console.log(
        `${copy.path}: ${copy.bytes} bytes. It does not contain the server key: keep a copy of ${keyPlace(parts)} somewhere else.`,
      );
      return 0;
    } catch (error) {
      return fail(`The database could not be copied: ${error instanceof Error ? error.message : error}`);
    }
  });
}

/** Does not open the existing database, which may be damaged. */
export async function restore(file: string): Promise<number> {
  const opened = openDataFolder({ exclusive: true, mayMakeKey: false });
  if (!opened.ok) return fail(...opened.problems);
  try {
    const outcome = await restoreCopy({ ...partsOf(opened), clock: systemClock }, resolve(file));
    if (!outcome.ok) return fail(outcome.problem);
    console.log("Restored. Start the server. Agents will send again what this copy does not contain.");
    if (outcome.before) console.log(`The previous database was kept as ${outcome.before}`);
    if (outcome.isSigningKeyLost)
      console.error(
        "The signing key in the copy cannot be decrypted. signing.key in the data folder was left unchanged.",
      );
    if (outcome.signingKeyBefore) console.log(`The previous signing key was kept as ${outcome.signingKeyBefore}`);
    return 0;
  } finally {
    opened.release();
  }
}

export function rotate(): Promise<number> {
  return withData(true, (parts) => {
    const { config } = parts;
    if (config.secretKey !== null)
      return fail(
        "The server key comes from RM_SECRET_KEY, which this command cannot change.",
        `Write the key to a file (chmod 600), set RM_SECRET_KEY_FILE to that file, unset RM_SECRET_KEY, then run this command again.`,
      );
    const rotated = rotateOrReason(parts);
    if (typeof rotated === "string") return fail(`The server key was not changed. ${rotated}`);
    const { sealed, keyId, retired } = rotated;
    console.log(`${sealed} secrets are now encrypted with the new key ${keyId} (${config.secretKeyFile}).`);
    console.log(
      `Old copies of the database still need the old key, which was kept as ${retired}. Keep a copy of the new key somewhere else.`,
    );
    return 0;
  });
}

function rotateOrReason(parts: ServerParts): Rotated | string {
  try {
    return rotateKey(parts, parts.config.secretKeyFile);
  } catch (error) {
    if (error instanceof RotationStopped) return error.message;
    throw error;
  }
}

export function recoverySheet(file: string): Promise<number> {
  const path = resolve(file);
  if (existsSync(path)) return Promise.resolve(fail(`${path} already exists. Choose another name.`));
  return withData(false, ({ db, clock, sealer, redactor, log }) => {
    const credentials = createCredentials({ db, clock, sealer, redactor, bus: createFactBus(log) });
    const entries = readSheet(db, credentials);
    const handle = openSync(path, "wx", 0o600);
    try {
      writeSync(handle, sheetText(entries, clock.now()));
    } finally {
      closeSync(handle);
    }
    inTransaction(db, () => {
      putSetting(db, SHEET_SETTING, String(clock.now()));
      const payload = { form: "text_file", repos: entries.length };
      writeAudit(db, clock.now(), { actor: { kind: "system" }, action: "recovery_sheet.made", payload });
    });
    console.log(
      `${path}: ${entries.length} repositories. Anyone who reads this file can read every backup. Print it, then delete it.`,
    );
    return 0;
  });
}

function keyPlace({ config }: ServerParts): string {
  return config.secretKey === null ? config.secretKeyFile : "RM_SECRET_KEY";
}

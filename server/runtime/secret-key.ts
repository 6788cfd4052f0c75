/** The server key: from the environment or a file that is made on first start; checked against the database before anything is served. */
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import type { Db } from "../../db/open.ts";
import { findSetting, putSetting } from "../../db/queries/settings.ts";
import type { Config } from "./config.ts";
import type { Sealer } from "./seal.ts";

export type KeyOutcome = { ok: true; key: Buffer; made: boolean } | { ok: false; message: string };

export function loadSecretKey(config: Pick<Config, "secretKey" | "secretKeyFile">): KeyOutcome {
  if (config.secretKey) return { ok: true, key: Buffer.from(config.secretKey, "hex"), made: false };
  const path = config.secretKeyFile;
  if (!existsSync(path)) {
    const key = randomBytes(32);
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    writeFileSync(path, `${key.toString("hex")}\n`, { mode: 0o600, flag: "wx" });
    return { ok: true, key, made: true };
  }
  const text = readFileSync(path, "utf8").trim();
  if (!/^[0-9a-f]{64}$/i.test(text))
    return { ok: false, message: `${path} does not hold a server key (64 hex digits).` };
  if ((statSync(path).mode & 0o077) !== 0) {
    return { ok: false, message: `${path} can be read by other users; run: chmod 600 ${path}` };
  }
  return { ok: true, key: Buffer.from(text, "hex"), made: false };
}

const CHECK_PLACE = { table: "settings", column: "value", id: "key_check" };

/** A sentence when this key is not the one that the database's secrets were sealed with; null when all is well. */
export function checkSecretKey(db: Db, sealer: Sealer): string | null {
  const blob = findSetting(db, "key_check");
  if (blob === null) {
    putSetting(db, "key_check", sealer.seal(CHECK_PLACE, "restic-manager"));
    return null;
  }
  try {
    sealer.unseal(CHECK_PLACE, blob);
    return null;
  } catch {
    return `The server key (id ${sealer.keyId}) is not the one that this database was sealed with. Put the right secret.key back (RM_SECRET_KEY_FILE or RM_SECRET_KEY).`;
  }
}

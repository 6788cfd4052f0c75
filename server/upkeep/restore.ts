/** Restores the database from a copy, and keeps the files that were there before. */
import { copyFileSync, existsSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { databaseProblem } from "../../db/copy.ts";
import { migrate } from "../../db/migrate.ts";
import { migrations } from "../../db/migrations.ts";
import { asDrizzle, keepPrivate, openSqlite } from "../../db/open.ts";
import { deleteSetting, findSetting, putSetting } from "../../db/queries/settings.ts";
import { newId } from "../../shared/ids.ts";
import type { Clock } from "../../shared/time/clock.ts";
import { writeAudit } from "../runtime/audit.ts";
import { stampOf } from "../runtime/data-files.ts";
import type { Sealer } from "../runtime/seal.ts";
import { checkSecretKey } from "../runtime/secret-key.ts";
import { type CopyParts, SIGNING_KEY_PLACE } from "./copies.ts";

export type Restored =
  | {
      ok: true;
      /** Path of the previous database. null when there was none. */
      before: string | null;
      /** The copy's signing key for agents is damaged, so the one in the data folder stays. */
      isSigningKeyLost: boolean;
      /** Path of the previous signing key, if the copy's key has replaced it. */
      signingKeyBefore: string | null;
    }
  | { ok: false; problem: string };

/** The server must not be running. The copy itself is not changed. */
export async function restoreCopy(parts: CopyParts & { clock: Clock }, copyPath: string): Promise<Restored> {
  const { databasePath, signingKeyPath, sealer, clock } = parts;
  if (!existsSync(copyPath)) return { ok: false, problem: `There is no file ${copyPath}. Check the path.` };
  const problem = databaseProblem(copyPath);
  if (problem) return { ok: false, problem: `${copyPath} cannot be restored: ${problem}.` };
  const draft = `${databasePath}.restoring`;
  clear(draft);
  copyFileSync(copyPath, draft);
  const sqlite = openSqlite(draft);
  let signingKey: string | null;
  let isSigningKeyLost = false;
  try {
    const migrated = await migrate(sqlite, null, migrations);
    if (!migrated.ok) return { ok: false, problem: migrated.message };
    const db = asDrizzle(sqlite);
    const wrongKey = checkSecretKey(db, sealer);
    if (wrongKey) return { ok: false, problem: wrongKey };
    const sealed = findSetting(db, SIGNING_KEY_PLACE.id);
    signingKey = sealed === null ? null : openedSigningKey(sealer, sealed);
    isSigningKeyLost = sealed !== null && signingKey === null;
    deleteSetting(db, SIGNING_KEY_PLACE.id);
    // Agents that see a different id send again what this copy does not contain.
    putSetting(db, "server_state_id", newId());
    writeAudit(db, clock.now(), {
      actor: { kind: "system" },
      action: "database.restored",
      payload: { from: copyPath },
    });
    sqlite.run("PRAGMA wal_checkpoint(TRUNCATE)");
  } finally {
    sqlite.close();
    clear(draft, { sidecarsOnly: true });
  }
  const stamp = stampOf(clock.now());
  const before = setAside(databasePath, `${databasePath}.before-restore-${stamp}`);
  if (before !== null) keepPrivate(before);
  renameSync(draft, databasePath);
  return { ok: true, before, isSigningKeyLost, signingKeyBefore: putSigningKey(signingKeyPath, signingKey, stamp) };
}

/** null when it cannot be decrypted: the database is worth more than this key. */
function openedSigningKey(sealer: Sealer, sealed: string): string | null {
  try {
    return sealer.unseal(SIGNING_KEY_PLACE, sealed);
  } catch {
    return null;
  }
}

/** @returns the path of the previous key, when it was a different one */
function putSigningKey(path: string, key: string | null, stamp: string): string | null {
  if (key === null || (existsSync(path) && readFileSync(path, "utf8") === key)) return null;
  const before = setAside(path, `${path}.before-restore-${stamp}`);
  writeFileSync(path, key, { mode: 0o600 });
  return before;
}

function setAside(path: string, aside: string): string | null {
  for (const suffix of ["-wal", "-shm"]) if (existsSync(path + suffix)) renameSync(path + suffix, aside + suffix);
  if (!existsSync(path)) return null;
  renameSync(path, aside);
  return aside;
}

function clear(path: string, { sidecarsOnly = false } = {}): void {
  for (const suffix of sidecarsOnly ? ["-wal", "-shm"] : ["", "-wal", "-shm"]) rmSync(path + suffix, { force: true });
}

/** Opens what every command of the server needs: config, data folder, migrated database and the right key. */
import { Database, SQLiteError } from "bun:sqlite";
import { accessSync, constants, mkdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { migrate } from "../db/migrate.ts";
import { migrations } from "../db/migrations.ts";
import { asDrizzle, keepPrivate, openSqlite } from "../db/open.ts";
import { createLog } from "../shared/log.ts";
import { createRedactor } from "../shared/redact.ts";
import { systemClock } from "../shared/time/clock.ts";
import { readConfig } from "./runtime/config.ts";
import { DATABASE_FILE } from "./runtime/data-files.ts";
import { createSealer } from "./runtime/seal.ts";
import { bindSeals } from "./runtime/seal-form.ts";
import { checkSecretKey, finishRotation, loadSecretKey } from "./runtime/secret-key.ts";
import type { ServerParts } from "./runtime/world.ts";

export type OpenOutcome = { ok: true; parts: ServerParts; close(): void } | { ok: false; problems: string[] };

/** Settings, log and key. The database is not opened. */
export type FolderOutcome =
  | ({ ok: true; isKeyNew: boolean; release(): void } & Omit<ServerParts, "db">)
  | { ok: false; problems: string[] };

/**
 * @param exclusive only one server per data folder: a second one is refused while the first is running
 * @param mayMakeKey creates a server key if there is none, and no database that was sealed with another key
 */
export function openDataFolder({ exclusive, mayMakeKey }: { exclusive: boolean; mayMakeKey: boolean }): FolderOutcome {
  const read = readConfig();
  if (!read.ok) return { ok: false, problems: read.errors };
  const { config } = read;
  const unusable = prepareFolder(config.dataDir);
  if (unusable) return { ok: false, problems: [unusable] };
  const redactor = createRedactor();
  redactor.add(config.secretKey);
  const log = createLog({
    level: config.logLevel,
    format: config.logFormat,
    clock: systemClock,
    redactor,
    write: (line) => process.stderr.write(`${line}\n`),
  });
  const lock: LockOutcome = exclusive ? takeLock(config.dataDir) : { ok: true, release: () => undefined };
  if (!lock.ok) return { ok: false, problems: [lock.problem] };
  const { release } = lock;
  const key = loadSecretKey(config, mayMakeKey && !holdsSomething(join(config.dataDir, DATABASE_FILE)));
  if (!key.ok) {
    release();
    return { ok: false, problems: [key.message] };
  }
  redactor.add(key.key.toString("hex"));
  return {
    ok: true,
    isKeyNew: key.made,
    release,
    config,
    clock: systemClock,
    log,
    redactor,
    sealer: createSealer(key.key),
  };
}

export async function openData({ exclusive }: { exclusive: boolean }): Promise<OpenOutcome> {
  const opened = openDataFolder({ exclusive, mayMakeKey: true });
  if (!opened.ok) return opened;
  const { config, log, clock, redactor, isKeyNew, release } = opened;
  const path = join(config.dataDir, DATABASE_FILE);
  let sqlite: Database | null = null;
  const failed = (problem: string): OpenOutcome => {
    sqlite?.close();
    release();
    return { ok: false, problems: [problem] };
  };
  try {
    sqlite = openSqlite(path);
    const migrated = await migrate(sqlite, path, migrations);
    if (!migrated.ok) return failed(migrated.message);
    if (migrated.copy) log.info("the database was copied before its upgrade", { copy: migrated.copy });
    const db = asDrizzle(sqlite);
    const canRotate = exclusive && config.secretKey === null;
    const sealer = canRotate ? finishRotation(db, config.secretKeyFile, opened.sealer) : opened.sealer;
    const wrongKey = checkSecretKey(db, sealer);
    if (wrongKey) return failed(wrongKey);
    for (const where of bindSeals(db, sealer).unreadable)
      log.warn("a stored secret cannot be decrypted; enter it again on its page", { where });
    if (isKeyNew)
      log.info("a new server key was created; keep a copy of it somewhere else", { file: config.secretKeyFile });
    const open = sqlite;
    return {
      ok: true,
      parts: { db, config, clock, log, sealer, redactor },
      close() {
        open.run("PRAGMA wal_checkpoint(TRUNCATE)");
        open.close();
        release();
      },
    };
  } catch (error) {
    if (error instanceof SQLiteError) return failed(databaseSentence(path, error));
    release();
    throw error;
  }
}

function databaseSentence(path: string, { code, message }: SQLiteError): string {
  const isDamaged = code === "SQLITE_NOTADB" || code?.startsWith("SQLITE_CORRUPT");
  const help = isDamaged ? " Restore a copy with the restore command (docs/operations.md)." : "";
  return `The database ${path} cannot be opened: ${message}.${help}`;
}

/** A first start that was interrupted leaves an empty file. */
function holdsSomething(path: string): boolean {
  return (statSync(path, { throwIfNoEntry: false })?.size ?? 0) > 0;
}

/** A sentence when the folder cannot be created or written. null when everything is fine. */
function prepareFolder(path: string): string | null {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
    accessSync(path, constants.W_OK | constants.X_OK);
    return null;
  } catch (error) {
    return `The data folder ${path} cannot be used (RM_DATA_DIR): ${error instanceof Error ? error.message : error}`;
  }
}

type LockOutcome = { ok: true; release(): void } | { ok: false; problem: string };

/** A lock that the operating system releases with the process, however it ends: an exclusive SQLite transaction on a separate file. */
function takeLock(dataDir: string): LockOutcome {
  const path = join(dataDir, "server.lock");
  let lock: Database | null = null;
  try {
    keepPrivate(path);
    lock = new Database(path, { create: true });
    lock.run("PRAGMA locking_mode = EXCLUSIVE");
    lock.run("BEGIN EXCLUSIVE");
    const held = lock;
    return { ok: true, release: () => held.close() };
  } catch (error) {
    lock?.close();
    if (!(error instanceof SQLiteError)) throw error;
    const problem =
      error.code === "SQLITE_BUSY"
        ? `A restic-manager server is using ${dataDir}. Stop it, or choose another RM_DATA_DIR.`
        : `The lock ${path} cannot be taken: ${error.message}. The file holds no data. Remove it if no server is running.`;
    return { ok: false, problem };
  }
}

/** What every command of the server begins with: config, data folder, database at its newest schema, the right key. */
import { Database } from "bun:sqlite";
import { accessSync, constants, mkdirSync } from "node:fs";
import { join } from "node:path";
import { migrate } from "../db/migrate.ts";
import { migrations } from "../db/migrations.ts";
import { asDrizzle, openSqlite } from "../db/open.ts";
import { systemClock } from "../shared/clock.ts";
import { createLog } from "../shared/log.ts";
import { createRedactor } from "../shared/redact.ts";
import { readConfig } from "./runtime/config.ts";
import { DATABASE_FILE } from "./runtime/data-files.ts";
import { createSealer } from "./runtime/seal.ts";
import { checkSecretKey, finishRotation, loadSecretKey } from "./runtime/secret-key.ts";
import type { ServerParts } from "./wiring.ts";

export type OpenOutcome = { ok: true; parts: ServerParts; close(): void } | { ok: false; problems: string[] };

/** Settings, log and key; the database is not touched. */
export type FolderOutcome =
  | ({ ok: true; isKeyNew: boolean; release(): void } & Omit<ServerParts, "db">)
  | { ok: false; problems: string[] };

/** @param exclusive one server a data folder: a second one is refused while the first lives */
export function openDataFolder({ exclusive }: { exclusive: boolean }): FolderOutcome {
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
  const release = exclusive ? takeLock(join(config.dataDir, "server.lock")) : () => undefined;
  if (!release)
    return {
      ok: false,
      problems: [`A restic-manager server is using ${config.dataDir}. Stop it, or choose another RM_DATA_DIR.`],
    };
  const key = loadSecretKey(config);
  if (!key.ok) return { ok: false, problems: [key.message] };
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
  const opened = openDataFolder({ exclusive });
  if (!opened.ok) return opened;
  const { config, log, clock, redactor, isKeyNew, release } = opened;
  const path = join(config.dataDir, DATABASE_FILE);
  const sqlite = openSqlite(path);
  const migrated = await migrate(sqlite, path, migrations);
  if (!migrated.ok) return { ok: false, problems: [migrated.message] };
  if (migrated.copy) log.info("the database was copied before it was upgraded", { copy: migrated.copy });
  const db = asDrizzle(sqlite);
  const canRotate = exclusive && config.secretKey === null;
  const sealer = canRotate ? finishRotation(db, config.secretKeyFile, opened.sealer) : opened.sealer;
  const wrongKey = checkSecretKey(db, sealer);
  if (wrongKey) return { ok: false, problems: [wrongKey] };
  if (isKeyNew) log.info("a new server key was made; keep a copy of it elsewhere", { file: config.secretKeyFile });
  return {
    ok: true,
    parts: { db, config, clock, log, sealer, redactor },
    close() {
      sqlite.run("PRAGMA wal_checkpoint(TRUNCATE)");
      sqlite.close();
      release();
    },
  };
}

/** A sentence when the folder cannot be made or written; null when all is well. */
function prepareFolder(path: string): string | null {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
    accessSync(path, constants.W_OK | constants.X_OK);
    return null;
  } catch (error) {
    return `The data folder ${path} cannot be used (RM_DATA_DIR): ${error instanceof Error ? error.message : error}`;
  }
}

/** A lock that the operating system drops with the process, however it ends: an exclusive SQLite transaction on a file of its own. */
function takeLock(path: string): (() => void) | null {
  const lock = new Database(path, { create: true });
  try {
    lock.run("PRAGMA locking_mode = EXCLUSIVE");
    lock.run("BEGIN EXCLUSIVE");
    return () => lock.close();
  } catch {
    lock.close();
    return null;
  }
}

/** Opens the database with the settings that our durability guarantees need. */
import { Database } from "bun:sqlite";
import { chmodSync, closeSync, existsSync, openSync } from "node:fs";
import { type BunSQLiteDatabase, drizzle } from "drizzle-orm/bun-sqlite";

export type Db = BunSQLiteDatabase & { $client: Database };

/** Keeps all our statements compiled. Bun's default limit is 20. */
Database.MAX_QUERY_CACHE_SIZE = 500;

/** An acknowledged message must survive a power loss, so FULL syncs the disk at every commit. */
export function openSqlite(path: string): Database {
  keepPrivate(path);
  const sqlite = new Database(path, { create: true, strict: true });
  sqlite.run("PRAGMA journal_mode = WAL");
  sqlite.run("PRAGMA synchronous = FULL");
  sqlite.run("PRAGMA busy_timeout = 5000");
  sqlite.run("PRAGMA foreign_keys = ON");
  sqlite.run("PRAGMA temp_store = MEMORY");
  sqlite.run("PRAGMA cache_size = -16384");
  return sqlite;
}

/** Makes the database files readable by their owner only, whatever the folder and umask allow. A new file is created with that mode. */
export function keepPrivate(path: string): void {
  if (path === ":memory:" || path === "") return;
  try {
    // Opening and closing a file that SQLite has open would drop SQLite's locks on it, so this is only for a new file.
    if (!existsSync(path)) closeSync(openSync(path, "ax", 0o600));
    for (const file of [path, `${path}-wal`, `${path}-shm`]) if (existsSync(file)) chmodSync(file, 0o600);
  } catch {
    // SQLite will report what is wrong with the file. A file system without modes cannot be made more private.
  }
}

/** The path of the database file. */
export function databasePath(db: Db): string {
  return db.$client.filename;
}

export function asDrizzle(sqlite: Database): Db {
  return drizzle(sqlite);
}

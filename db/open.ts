/** Opens the database with the settings that our promises rest on. */
import { Database } from "bun:sqlite";
import { chmodSync, closeSync, existsSync, openSync } from "node:fs";
import { type BunSQLiteDatabase, drizzle } from "drizzle-orm/bun-sqlite";

export type Db = BunSQLiteDatabase & { $client: Database };

/** All our statements stay compiled; Bun's own limit is 20. */
Database.MAX_QUERY_CACHE_SIZE = 500;

/** An acknowledgement is a promise: FULL syncs the disk at every commit. */
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

/** A database's files are for their owner's eyes, whatever the folder and the umask allow; it is made here so from its first moment. */
export function keepPrivate(path: string): void {
  if (path === ":memory:" || path === "") return;
  try {
    // A file that is open already is not opened and closed once more: that would drop SQLite's locks on it.
    if (!existsSync(path)) closeSync(openSync(path, "ax", 0o600));
    for (const file of [path, `${path}-wal`, `${path}-shm`]) if (existsSync(file)) chmodSync(file, 0o600);
  } catch {
    // SQLite says what is wrong with the file; a file system without modes is as private as it can be.
  }
}

/** The file that the database lies in. */
export function databasePath(db: Db): string {
  return db.$client.filename;
}

export function asDrizzle(sqlite: Database): Db {
  return drizzle(sqlite);
}

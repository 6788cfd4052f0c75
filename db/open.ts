/** Opens the database with the settings that our promises rest on. */
import { Database } from "bun:sqlite";
import { type BunSQLiteDatabase, drizzle } from "drizzle-orm/bun-sqlite";

export type Db = BunSQLiteDatabase & { $client: Database };

/** All our statements stay compiled; Bun's own limit is 20. */
Database.MAX_QUERY_CACHE_SIZE = 500;

/** An acknowledgement is a promise: FULL syncs the disk at every commit. */
export function openSqlite(path: string): Database {
  const sqlite = new Database(path, { create: true, strict: true });
  sqlite.run("PRAGMA journal_mode = WAL");
  sqlite.run("PRAGMA synchronous = FULL");
  sqlite.run("PRAGMA busy_timeout = 5000");
  sqlite.run("PRAGMA foreign_keys = ON");
  sqlite.run("PRAGMA temp_store = MEMORY");
  sqlite.run("PRAGMA cache_size = -32768");
  return sqlite;
}

/** The file that the database lies in. */
export function databasePath(db: Db): string {
  return db.$client.filename;
}

export function asDrizzle(sqlite: Database): Db {
  return drizzle(sqlite);
}

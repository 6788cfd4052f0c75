/**
 * Migrates a database to this program's schema. We do not use drizzle's migrator: it cannot turn foreign keys off
 * around a table rebuild, and then silently deletes child rows.
 */
import type { Database } from "bun:sqlite";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { chmod, copyFile } from "node:fs/promises";
import type { Migration } from "./migrations.ts";

export type MigrationOutcome =
  | { ok: true; applied: string[]; copy: string | null }
  | { ok: false; reason: "newer" | "changed"; message: string };

const STATEMENT_BREAK = "--> statement-breakpoint";

/**
 * Applies missing migrations in one transaction. Before it changes a database that holds data, it copies the file to
 * `PATH.before-NAME`. Refuses a database written by a newer program or with a different history.
 * @param path the database file, or null for an in-memory database, which is not copied
 */
export async function migrate(
  sqlite: Database,
  path: string | null,
  migrations: readonly Migration[],
): Promise<MigrationOutcome> {
  sqlite.run(
    "CREATE TABLE IF NOT EXISTS migrations (position INTEGER PRIMARY KEY, name TEXT NOT NULL, checksum TEXT NOT NULL, applied_at INTEGER NOT NULL) STRICT",
  );
  const done = sqlite
    .query<{ position: number; name: string; checksum: string }, []>(
      "SELECT position, name, checksum FROM migrations ORDER BY position",
    )
    .all();
  const refusal = compareHistory(done, migrations);
  if (refusal) return refusal;
  const missing = migrations.slice(done.length);
  const first = missing[0];
  if (!first) return { ok: true, applied: [], copy: null };
  const copy = path && done.length > 0 ? await copyBefore(sqlite, path, first.name) : null;
  applyAll(sqlite, missing, done.length);
  return { ok: true, applied: missing.map((m) => m.name), copy };
}

export function checksum(sql: string): string {
  return createHash("sha256").update(sql.replaceAll("\r\n", "\n")).digest("hex");
}

function compareHistory(
  done: { name: string; checksum: string }[],
  migrations: readonly Migration[],
): MigrationOutcome | null {
  for (const [index, row] of done.entries()) {
    const ours = migrations[index];
    if (!ours) {
      return {
        ok: false,
        reason: "newer",
        message: `The database was written by a newer version of restic-manager (migration ${row.name}). Start that version, or restore a copy made before the upgrade.`,
      };
    }
    if (ours.name !== row.name || checksum(ours.sql) !== row.checksum) {
      return {
        ok: false,
        reason: "changed",
        message: `The database's migration history differs from this program's at ${row.name}, so it does not belong to this version of restic-manager. Check RM_DATA_DIR, or restore a copy.`,
      };
    }
  }
  return null;
}

async function copyBefore(sqlite: Database, path: string, name: string): Promise<string> {
  sqlite.run("PRAGMA wal_checkpoint(TRUNCATE)");
  let copy = `${path}.before-${name}`;
  for (let n = 2; existsSync(copy); n++) copy = `${path}.before-${name}.${n}`;
  await copyFile(path, copy);
  await chmod(copy, 0o600);
  return copy;
}

function applyAll(sqlite: Database, missing: readonly Migration[], from: number): void {
  // A rebuild drops and renames tables. With foreign keys on, dropping the parent would delete its children.
  sqlite.run("PRAGMA foreign_keys = OFF");
  sqlite.run("BEGIN IMMEDIATE");
  try {
    for (const [index, migration] of missing.entries()) {
      for (const statement of migration.sql.split(STATEMENT_BREAK)) if (statement.trim()) sqlite.run(statement);
      sqlite
        .query("INSERT INTO migrations (position, name, checksum, applied_at) VALUES (?, ?, ?, ?)")
        .run(from + index, migration.name, checksum(migration.sql), Date.now());
    }
    const broken = sqlite.query("PRAGMA foreign_key_check").all();
    if (broken.length > 0) throw new Error(`migration leaves ${broken.length} broken references`);
    sqlite.run("COMMIT");
  } catch (error) {
    sqlite.run("ROLLBACK");
    throw error;
  } finally {
    sqlite.run("PRAGMA foreign_keys = ON");
  }
}

/** Opens `agent.db`: pragmas and schema. A damaged file is moved aside rather than overwritten. */
import { Database } from "bun:sqlite";
import { existsSync, renameSync } from "node:fs";
import { join } from "node:path";

/** One entry per version, in order; an entry is never changed once released. */
const SCHEMA = [
  `
  CREATE TABLE outbox (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    type TEXT NOT NULL,
    ts INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    job_id TEXT,
    first_line INTEGER,
    last_line INTEGER,
    replace_key TEXT,
    report_id TEXT,
    payload TEXT NOT NULL
  ) STRICT;
  CREATE INDEX outbox_by_type ON outbox (type, seq);
  CREATE INDEX outbox_by_job ON outbox (job_id);
  CREATE TABLE jobs (
    job_id TEXT PRIMARY KEY,
    arrival INTEGER NOT NULL UNIQUE,
    status TEXT NOT NULL CHECK (status IN ('queued', 'running', 'succeeded', 'failed', 'cancelled')),
    repo_id TEXT,
    fields TEXT NOT NULL,
    job_order TEXT,
    expires_at INTEGER,
    started_at INTEGER,
    finished_at INTEGER,
    finished TEXT,
    last_line INTEGER NOT NULL DEFAULT 0,
    child_pid INTEGER,
    child_birth TEXT
  ) STRICT;
  CREATE INDEX jobs_by_status ON jobs (status);
  CREATE INDEX jobs_by_end ON jobs (finished_at);
  CREATE TABLE cancelled (job_id TEXT PRIMARY KEY, cancelled_at INTEGER NOT NULL) STRICT;
  CREATE TABLE notes (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
  `,
  `
  CREATE TABLE schedule_rules (schedule_id TEXT PRIMARY KEY, rule TEXT NOT NULL, since INTEGER NOT NULL) STRICT;
  CREATE TABLE fires (
    schedule_id TEXT NOT NULL,
    due_at INTEGER NOT NULL,
    source_group_id TEXT NOT NULL,
    repo_id TEXT NOT NULL,
    job_id TEXT,
    PRIMARY KEY (schedule_id, due_at, source_group_id, repo_id)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE retries (
    source_group_id TEXT NOT NULL,
    repo_id TEXT NOT NULL,
    schedule_id TEXT NOT NULL,
    due_at INTEGER NOT NULL,
    attempt INTEGER NOT NULL,
    retry_at INTEGER NOT NULL,
    PRIMARY KEY (source_group_id, repo_id)
  ) STRICT, WITHOUT ROWID;
  `,
];

export type OpenedDb = { db: Database; setAside: string | null };

export function agentDbPath(stateFolder: string): string {
  return join(stateFolder, "agent.db");
}

/**
 * Opens or creates the agent's database; every commit is on disk when it returns.
 * @param now Unix ms, for the name under which a damaged file is kept.
 * @throws when the disk is full, the folder is missing, or a newer agent wrote the file.
 */
export function openAgentDb(stateFolder: string, now: number): OpenedDb {
  const path = agentDbPath(stateFolder);
  try {
    return { db: openAt(path), setAside: null };
  } catch (error) {
    if (!isDamage(error)) throw error;
    const setAside = `${path}.damaged-${now}`;
    for (const suffix of ["", "-wal", "-shm"]) {
      if (existsSync(path + suffix)) renameSync(path + suffix, setAside + suffix);
    }
    return { db: openAt(path), setAside };
  }
}

/** For `status` and `doctor` beside a running agent; null when there is none. */
export function openAgentDbReadonly(stateFolder: string): Database | null {
  const path = agentDbPath(stateFolder);
  if (!existsSync(path)) return null;
  try {
    const db = new Database(path, { readonly: true, strict: true });
    db.run("PRAGMA busy_timeout = 2000");
    const isOurs = db.query<{ user_version: number }, []>("PRAGMA user_version").get()?.user_version === SCHEMA.length;
    if (isOurs) return db;
    // An agent of another version is still running there.
    db.close();
    return null;
  } catch {
    return null;
  }
}

function openAt(path: string): Database {
  const db = new Database(path, { create: true, strict: true });
  try {
    db.run("PRAGMA journal_mode = WAL");
    db.run("PRAGMA synchronous = FULL");
    db.run("PRAGMA busy_timeout = 5000");
    db.run("PRAGMA cache_size = -2000");
    const check = db.query<{ quick_check: string }, []>("PRAGMA quick_check(1)").get();
    if (check?.quick_check !== "ok") throw new DamagedDb(check?.quick_check ?? "no answer");
    migrate(db);
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

function migrate(db: Database): void {
  const found = db.query<{ user_version: number }, []>("PRAGMA user_version").get()?.user_version ?? 0;
  if (found > SCHEMA.length) {
    throw new Error(
      `agent.db has schema ${found}, this program supports up to ${SCHEMA.length}: install the newer agent again`,
    );
  }
  db.transaction(() => {
    for (const step of SCHEMA.slice(found)) db.run(step);
    db.run(`PRAGMA user_version = ${SCHEMA.length}`);
  })();
}

class DamagedDb extends Error {}

function isDamage(error: unknown): boolean {
  const code = codeOf(error);
  return error instanceof DamagedDb || code.startsWith("SQLITE_CORRUPT") || code === "SQLITE_NOTADB";
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}

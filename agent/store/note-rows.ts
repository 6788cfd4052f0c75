/** Small facts that must survive a restart, by key; and the ids of jobs that were cancelled before they arrived. */
import type { Database } from "bun:sqlite";

/** A key, or a key followed by a repo's id. */
export type NoteKey =
  | "desired_state"
  | "server_state_id"
  /** The server's clock minus ours at the last contact, ms. */
  | "server_skew_ms"
  /** The server has revoked this agent: schedules stop until a server welcomes it again. */
  | "revoked"
  /** By job: its pre hook was started, and its post hook has not ended yet. */
  | `post_hook_due:${string}`
  | `unlock_first:${string}`
  | `snapshots_due:${string}`
  | `stats_due:${string}`
  | `status_due:${string}`
  | `told_failed:${string}`
  | `reported_at:${string}`
  | `measured:${string}`
  /** By group and repo: which paths contained files when they were last backed up there. */
  | `held_files:${string}:${string}`;

export function createNoteRows(db: Database) {
  const get = db.query<{ value: string }, [string]>("SELECT value FROM notes WHERE key = ?1");
  const set = db.query<null, [string, string]>(
    "INSERT INTO notes (key, value) VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
  );
  const drop = db.query<null, [string]>("DELETE FROM notes WHERE key = ?1");
  const like = db.query<{ key: string; value: string }, [string]>(
    "SELECT key, value FROM notes WHERE substr(key, 1, length(?1)) = ?1 ORDER BY key",
  );
  const cancel = db.query<null, [string, number]>(
    "INSERT INTO cancelled (job_id, cancelled_at) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
  );
  const cancelled = db.query<{ job_id: string }, [string]>("SELECT job_id FROM cancelled WHERE job_id = ?1");
  const forget = db.query<null, [number]>("DELETE FROM cancelled WHERE cancelled_at < ?1");
  return {
    find: (key: NoteKey): string | null => get.get(key)?.value ?? null,
    set: (key: NoteKey, value: string): void => void set.run(key, value),
    delete: (key: NoteKey): void => void drop.run(key),
    /** What follows `prefix` in each key, with its value. */
    listByPrefix: (prefix: `${string}:`): { id: string; value: string }[] =>
      like.all(prefix).map((row) => ({ id: row.key.slice(prefix.length), value: row.value })),
    cancel: (jobId: string, now: number): void => void cancel.run(jobId, now),
    isCancelled: (jobId: string): boolean => cancelled.get(jobId) !== null,
    forgetCancelledBefore: (time: number): void => void forget.run(time),
  };
}

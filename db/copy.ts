/** Copies a database file that is in use, and checks whether a file is one of our databases. */
import { Database } from "bun:sqlite";
import type { CopyAnswer, CopyOrder } from "./copy-worker.ts";

/**
 * Copies into `to`, which must be missing or empty, in its own thread, so that writers can continue.
 * @throws when the disk is full or the folder is not writable
 */
export async function copyDatabase(from: string, to: string): Promise<void> {
  const worker = new Worker(new URL("./copy-worker.ts", import.meta.url).href);
  try {
    await new Promise<void>((resolve, reject) => {
      worker.onmessage = ({ data }: MessageEvent<CopyAnswer>) => {
        if (data.ok) resolve();
        else reject(new Error(data.problem));
      };
      worker.onerror = (event) => reject(new Error(event.message));
      worker.postMessage({ from, to } satisfies CopyOrder);
    });
  } finally {
    worker.terminate();
  }
}

/** Sets one value in the `settings` table of a database that nobody has open. */
export function writeSettingOf(path: string, key: string, value: string): void {
  const database = new Database(path, { strict: true });
  try {
    database
      .query("INSERT INTO settings (key, value) VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET value = ?2")
      .run(key, value);
  } finally {
    database.close();
  }
}

/** Why the file is not a complete database of this program. null when it is one. */
export function databaseProblem(path: string): string | null {
  try {
    const database = new Database(path, { readonly: true });
    try {
      const tables = database.query("SELECT name FROM sqlite_schema WHERE name IN ('migrations', 'settings')").all();
      if (tables.length < 2) return "it is a database, but not a restic-manager one";
      const [first] = database.query<{ integrity_check: string }, []>("PRAGMA integrity_check(1)").all();
      return first?.integrity_check === "ok" ? null : `it is damaged: ${first?.integrity_check}`;
    } finally {
      database.close();
    }
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

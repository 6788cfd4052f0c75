/** The agent's store: its tables, and transactions that are on disk when they return. */
import type { Database } from "bun:sqlite";
import { createFireRows } from "./fire-rows.ts";
import { createJobRows } from "./job-rows.ts";
import { createNoteRows } from "./note-rows.ts";
import { createOutboxRows } from "./outbox-rows.ts";
import { createRetryRows } from "./retry-rows.ts";

export type Store = ReturnType<typeof createStore>;

export function createStore(db: Database) {
  return {
    outbox: createOutboxRows(db),
    jobs: createJobRows(db),
    notes: createNoteRows(db),
    fires: createFireRows(db),
    retries: createRetryRows(db),
    /** All or nothing. @throws what SQLite throws, a full disk included ({@link isDiskTrouble}). */
    transaction: <T>(work: () => T): T => db.transaction(work)(),
    close: (): void => db.close(),
  };
}

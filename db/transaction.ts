/** Runs work in a database transaction. There is one connection and statements are synchronous, so everything in the callback is part of it. */
import type { Db } from "./open.ts";

/** Runs `work` in an immediate transaction, or in a savepoint when inside another one. The callback must be synchronous. */
export function inTransaction<T>(db: Db, work: () => T extends Promise<unknown> ? never : T): T {
  return db.$client.transaction(work as () => T).immediate();
}

/** Transactions. One connection and synchronous statements: whatever runs inside the callback is inside the transaction. */
import type { Db } from "./open.ts";

/** Runs `work` in an immediate transaction; inside another one it becomes a savepoint. The callback must be synchronous. */
export function inTransaction<T>(db: Db, work: () => T extends Promise<unknown> ? never : T): T {
  return db.$client.transaction(work as () => T).immediate();
}

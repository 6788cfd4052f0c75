/** Frequent statements, built and compiled once per connection. Unprepared, drizzle takes ten times as long as SQLite. */
import type { Db } from "./open.ts";

/** @param make builds and prepares the statement, with parameters as `sql.placeholder(…)` */
export function prepared<Statement>(make: (db: Db) => Statement): (db: Db) => Statement {
  const byConnection = new WeakMap<Db, Statement>();
  return (db) => {
    const known = byConnection.get(db);
    if (known) return known;
    const made = make(db);
    byConnection.set(db, made);
    return made;
  };
}

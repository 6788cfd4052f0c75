/** Lists every column that holds a sealed blob, and finds blobs by key. Plain SQL, because table and column names come from a list. */
import type { Db } from "../open.ts";

export type SealedColumn = { table: string; column: string; key: string; owner?: string; where?: string };

/** `key` = the column whose value binds a blob to its row. `owner` = an SQL expression for what else it is bound to. */
export const SEALED_COLUMNS: readonly SealedColumn[] = [
  { table: "settings", column: "value", key: "key", where: "key = 'key_check'" },
  { table: "enrollment_tokens", column: "sealed", key: "id" },
  { table: "credentials", column: "sealed", key: "id", owner: "repo_id || '/' || slot" },
  { table: "credentials", column: "previous_sealed", key: "id", owner: "repo_id || '/' || slot" },
  { table: "source_groups", column: "pre_hook", key: "id" },
  { table: "source_groups", column: "post_hook", key: "id" },
  { table: "hosts", column: "pre_hook_default", key: "id" },
  { table: "hosts", column: "post_hook_default", key: "id" },
  { table: "sessions", column: "id_token", key: "id" },
];

/** Replaces each blob with the result of `reseal`, in the caller's transaction. @returns how many were replaced */
export function replaceSealed(
  db: Db,
  { table, column, key, owner, where }: SealedColumn,
  reseal: (row: { id: string; owner: string | null }, blob: string) => string,
): number {
  const rows = db.$client
    .query<{ id: string; owner: string | null; blob: string }, []>(
      `SELECT ${key} AS id, ${owner ?? "NULL"} AS owner, ${column} AS blob FROM ${table} WHERE ${column} IS NOT NULL${where ? ` AND ${where}` : ""}`,
    )
    .all();
  for (const { id, owner: whose, blob } of rows)
    db.$client.query(`UPDATE ${table} SET ${column} = ? WHERE ${key} = ?`).run(reseal({ id, owner: whose }, blob), id);
  return rows.length;
}

/** All columns, in any table, with a text that starts with the prefix. A key rotation uses it to find columns that the list lacks. */
export function findColumnsWithPrefix(db: Db, prefix: string): string[] {
  const columns = db.$client
    .query<{ tab: string; col: string }, []>(
      `SELECT t.name AS tab, c.name AS col FROM sqlite_schema t JOIN pragma_table_info(t.name) c
         WHERE t.type = 'table' AND c.type = 'TEXT'`,
    )
    .all();
  return columns
    .filter(
      ({ tab, col }) =>
        db.$client
          .query(`SELECT 1 FROM "${tab}" WHERE substr("${col}", 1, ?) = ? LIMIT 1`)
          .get(prefix.length, prefix) !== null,
    )
    .map(({ tab, col }) => `${tab}.${col}`);
}

// A real, migrated database in its own folder, for tests of code that reads and writes it.
import { join } from "node:path";
import { migrate } from "../../db/migrate.ts";
import { migrations } from "../../db/migrations.ts";
import { asDrizzle, type Db, openSqlite } from "../../db/open.ts";
import type { Cleanup } from "./temp.ts";

/** @param folder where it lies; by default a new one. It is closed by `cleanup`. */
export async function openTestDb(cleanup: Cleanup, folder: string | null = null): Promise<Db> {
  const path = join(folder ?? (await cleanup.tempFolder()), "test.db");
  const sqlite = openSqlite(path);
  cleanup.add(() => sqlite.close());
  await migrate(sqlite, path, migrations);
  return asDrizzle(sqlite);
}

import { afterEach, expect, test } from "bun:test";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { migrate } from "./migrate.ts";
import { migrations } from "./migrations.ts";
import { openSqlite } from "./open.ts";

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

function newFile(): string {
  const folder = mkdtempSync(join(tmpdir(), "rm-migrate-"));
  folders.push(folder);
  return join(folder, "test.db");
}

const two = [
  {
    name: "0000_start",
    sql: `CREATE TABLE parent (id TEXT PRIMARY KEY, kind TEXT NOT NULL CHECK (kind in ('a'))) STRICT;
--> statement-breakpoint
CREATE TABLE child (id TEXT PRIMARY KEY, parent_id TEXT NOT NULL REFERENCES parent(id) ON DELETE CASCADE) STRICT;`,
  },
  {
    name: "0001_allow_b",
    sql: `CREATE TABLE new_parent (id TEXT PRIMARY KEY, kind TEXT NOT NULL CHECK (kind in ('a', 'b'))) STRICT;
--> statement-breakpoint
INSERT INTO new_parent SELECT id, kind FROM parent;
--> statement-breakpoint
DROP TABLE parent;
--> statement-breakpoint
ALTER TABLE new_parent RENAME TO parent;`,
  },
];

test("the product's own migrations run, and running them again changes nothing", async () => {
  const path = newFile();
  const sqlite = openSqlite(path);
  const first = await migrate(sqlite, path, migrations);
  expect(first).toMatchObject({ ok: true, applied: migrations.map((m) => m.name), copy: null });
  expect(await migrate(sqlite, path, migrations)).toEqual({ ok: true, applied: [], copy: null });
  const loose = sqlite.query(
    "SELECT name FROM pragma_table_list WHERE schema = 'main' AND strict = 0 AND name NOT LIKE 'sqlite_%'",
  );
  expect(loose.all()).toEqual([]);
  sqlite.close();
});

test("a table rebuild loses no child rows, and the file is copied first", async () => {
  const path = newFile();
  const sqlite = openSqlite(path);
  await migrate(sqlite, path, two.slice(0, 1));
  sqlite.run("INSERT INTO parent VALUES ('p', 'a')");
  sqlite.run("INSERT INTO child VALUES ('c', 'p')");
  const outcome = await migrate(sqlite, path, two);
  expect(outcome).toMatchObject({ ok: true, applied: ["0001_allow_b"] });
  expect(sqlite.query("SELECT count(*) AS n FROM child").get()).toEqual({ n: 1 });
  expect(existsSync(`${path}.before-0001_allow_b`)).toBe(true);
  expect(() => sqlite.run("INSERT INTO child VALUES ('x', 'nobody')")).toThrow("FOREIGN KEY");
  sqlite.close();
});

test("a migration that breaks references is rolled back completely", async () => {
  const path = newFile();
  const sqlite = openSqlite(path);
  await migrate(sqlite, path, two.slice(0, 1));
  sqlite.run("INSERT INTO parent VALUES ('p', 'a')");
  sqlite.run("INSERT INTO child VALUES ('c', 'p')");
  const bad = [...two.slice(0, 1), { name: "0001_bad", sql: "DELETE FROM parent" }];
  expect(migrate(sqlite, path, bad)).rejects.toThrow("broken references");
  expect(sqlite.query("SELECT count(*) AS n FROM parent").get()).toEqual({ n: 1 });
  sqlite.close();
});

test("a newer database and a different history are refused with a message", async () => {
  const path = newFile();
  const sqlite = openSqlite(path);
  await migrate(sqlite, path, two);
  expect(await migrate(sqlite, path, two.slice(0, 1))).toMatchObject({ ok: false, reason: "newer" });
  const changed = [{ name: "0000_start", sql: "SELECT 1" }, ...two.slice(1)];
  expect(await migrate(sqlite, path, changed)).toMatchObject({ ok: false, reason: "changed" });
  sqlite.close();
});

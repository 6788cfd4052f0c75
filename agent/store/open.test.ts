/** Opening agent.db: new, damaged, too new. */
import { Database } from "bun:sqlite";
import { afterAll, expect, test } from "bun:test";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createCleanup } from "../../tests/testbed/temp.ts";
import { openAgentDb, openAgentDbReadonly } from "./open.ts";
import { createStore } from "./store.ts";

const cleanup = createCleanup();
afterAll(() => cleanup.run());

test("every commit is on the disk: WAL with full sync", async () => {
  const { db } = openAgentDb(await cleanup.tempFolder(), 0);
  expect(db.query("PRAGMA synchronous").get()).toEqual({ synchronous: 2 });
  expect(db.query("PRAGMA journal_mode").get()).toEqual({ journal_mode: "wal" });
});

test("a damaged file is moved aside and a new one created", async () => {
  const folder = await cleanup.tempFolder();
  writeFileSync(join(folder, "agent.db"), "this is no database, but long enough to be looked at ".repeat(100));
  const opened = openAgentDb(folder, 42);
  expect(opened.setAside).toBe(join(folder, "agent.db.damaged-42"));
  expect(existsSync(join(folder, "agent.db.damaged-42"))).toBe(true);
  expect(createStore(opened.db).outbox.totals().rows).toBe(0);
});

test("a file of a newer agent is refused, not changed", async () => {
  const folder = await cleanup.tempFolder();
  const newer = new Database(join(folder, "agent.db"), { create: true });
  newer.run("PRAGMA user_version = 99");
  newer.close();
  expect(() => openAgentDb(folder, 0)).toThrow("schema 99");
});

test("others can read beside the agent", async () => {
  const folder = await cleanup.tempFolder();
  expect(openAgentDbReadonly(folder)).toBeNull();
  const { db } = openAgentDb(folder, 0);
  createStore(db).notes.set("server_state_id", "x");
  const reader = openAgentDbReadonly(folder);
  expect(reader && createStore(reader).notes.find("server_state_id")).toBe("x");
});

test("notes are found by what stands before the colon", async () => {
  const { notes } = createStore(openAgentDb(await cleanup.tempFolder(), 0).db);
  notes.set("stats_due:a", "1");
  notes.set("snapshots_due:a", "all");
  notes.set("snapshots_due:b_%", "x");
  expect(notes.listByPrefix("snapshots_due:")).toEqual([
    { id: "a", value: "all" },
    { id: "b_%", value: "x" },
  ]);
});

test("a file of the first version opens with everything that it holds, and takes fires and retries", async () => {
  const folder = await cleanup.tempFolder();
  const { db } = openAgentDb(folder, 0);
  createStore(db).notes.set("server_state_id", "kept");
  for (const table of ["schedule_rules", "fires", "retries"]) db.run(`DROP TABLE ${table}`);
  db.run("PRAGMA user_version = 1");
  db.close();
  const { db: again, setAside } = openAgentDb(folder, 0);
  const store = createStore(again);
  expect(setAside).toBeNull();
  expect(store.notes.find("server_state_id")).toBe("kept");
  store.fires.insert({ schedule_id: "s", due_at: 5, source_group_id: "g", repo_id: "r", job_id: null });
  expect(store.fires.newestDueAt("s", 4)).toBeNull();
  expect(store.fires.newestDueAt("s", 5)).toBe(5);
  expect(store.retries.list()).toEqual([]);
});

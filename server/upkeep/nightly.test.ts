/** When the nightly copy is due, what is kept, and what a failed one leaves behind. */
import { afterEach, describe, expect, test } from "bun:test";
import { mkdirSync, readdirSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openSqlite } from "../../db/open.ts";
import { silentLog } from "../../shared/log.ts";
import { DAY_MS, HOUR_MS } from "../../shared/time/clock.ts";
import { createCleanup } from "../../tests/testbed/temp.ts";
import { createSealer } from "../runtime/seal.ts";
import { copyName, listCopies } from "./copies.ts";
import { createCopies, isCopyDue } from "./nightly.ts";

const cleanup = createCleanup();
afterEach(cleanup.run);

const at = (text: string) => Date.parse(`${text}Z`);

describe("is due", () => {
  test.each([
    ["2026-11-21T02:59:00", "2026-11-20T03:10:00", false],
    ["2026-11-21T03:00:00", "2026-11-20T03:10:00", true],
    ["2026-11-21T03:10:00", "2026-11-21T03:00:00", false],
    ["2026-11-21T14:00:00", "2026-11-20T14:00:00", true],
    ["2026-11-21T01:00:00", "2026-11-20T02:00:00", true],
  ])("at %s after one at %s: %p", (now, newest, due) => {
    expect(isCopyDue(at(now), at(newest))).toBe(due);
  });

  test("at once when there is none", () => {
    expect(isCopyDue(at("2026-11-21T00:00:00"), null)).toBe(true);
  });

  test("once in each 24 hours from 03:00 on, at any time of checking", () => {
    let newest: number | null = null;
    let made = 0;
    for (let now = at("2026-01-01T00:00:00"); now < at("2026-02-01T00:00:00"); now += HOUR_MS / 6) {
      if (!isCopyDue(now, newest)) continue;
      newest = now;
      made++;
    }
    expect(made).toBe(32);
  });
});

async function scene(now = at("2026-11-21T04:00:00")) {
  const dataDir = await cleanup.tempFolder();
  const databasePath = join(dataDir, "restic-manager.db");
  const sqlite = openSqlite(databasePath);
  sqlite.run("CREATE TABLE settings (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT");
  cleanup.add(async () => sqlite.close());
  const folder = join(dataDir, "backups");
  const parts = {
    databasePath,
    signingKeyPath: join(dataDir, "signing.key"),
    sealer: createSealer(Buffer.alloc(32, 1)),
  };
  const copies = createCopies({ parts, folder, keep: 3, dataDir, clock: { now: () => now }, log: silentLog });
  return { copies, folder };
}

test("the oldest copies beyond the limit are deleted, and other files in the folder stay", async () => {
  const { copies, folder } = await scene();
  mkdirSync(folder);
  for (let day = 10; day < 15; day++) {
    const path = join(folder, copyName(at(`2026-11-${day}T03:00:00`), true));
    writeFileSync(path, "an older copy");
    utimesSync(path, new Date(day * DAY_MS), new Date(day * DAY_MS));
  }
  writeFileSync(join(folder, "notes.db"), "mine");
  const made = await copies.makeNow();
  expect(listCopies(folder).map((copy) => copy.path)).toEqual([
    made.path,
    join(folder, "restic-manager-2026-11-14.db"),
    join(folder, "restic-manager-2026-11-13.db"),
  ]);
  expect(readdirSync(folder)).toContain("notes.db");
});

test("two simultaneous requests get one copy", async () => {
  const { copies, folder } = await scene();
  const [one, two] = await Promise.all([copies.makeNow(), copies.makeNow()]);
  expect(one).toBe(two);
  expect(readdirSync(folder)).toHaveLength(1);
});

test("a failed copy says why and leaves nothing behind", async () => {
  const { copies, folder } = await scene();
  writeFileSync(folder, "a file where the folder should be");
  expect(copies.copyIfDue()).rejects.toThrow();
  await copies.copyIfDue().catch(() => undefined);
  expect(copies.problem()).toMatch(/EEXIST|ENOTDIR|not a directory/);
});

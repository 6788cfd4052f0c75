/** The arguments of every restic command, against a golden file. */
import { expect, test } from "bun:test";
import { join } from "node:path";
import { DEFAULT_RETENTION } from "../../shared/retention.ts";
import { argvOf, type BackupOrder, type ResticOrder, timeZoneOf } from "./argv.ts";

const backup: BackupOrder = {
  do: "backup",
  tag: "documents",
  host: "web-01",
  includesFile: "/state/tmp/job/includes",
  excludesFile: "/state/tmp/job/excludes",
  excludeCaches: false,
  oneFileSystem: false,
  logFiles: false,
  compression: "auto",
  timeZone: null,
  uploadLimit: null,
  downloadLimit: null,
  os: "linux",
};

const FREE = { uploadLimit: null, downloadLimit: null };

const CASES: Record<string, ResticOrder> = {
  backup,
  "backup with everything": {
    ...backup,
    excludeCaches: true,
    oneFileSystem: true,
    logFiles: true,
    compression: "max",
    uploadLimit: 511.5,
    downloadLimit: 1024,
  },
  "backup on Windows": { ...backup, os: "windows", oneFileSystem: true },
  "cat config": { do: "cat_config" },
  init: { do: "init" },
  snapshots: { do: "snapshots", snapshotId: null },
  "one snapshot": { do: "snapshots", snapshotId: "f565dd94" },
  stats: { do: "stats" },
  unlock: { do: "unlock" },
  "preview of forget": { do: "preview_forget", tag: "documents", host: "web-01", retention: DEFAULT_RETENTION },
  "preview of forget with counts": {
    do: "preview_forget",
    tag: "db",
    host: "db-01",
    retention: {
      ...{ keep_last: 3, keep_daily: 7, keep_weekly: 4, keep_monthly: 12, keep_yearly: 2 },
      keep_within_hourly: "2d",
    },
  },
  forget: { do: "forget", snapshotIds: ["a".repeat(64), "b".repeat(64)] },
  prune: { do: "prune", ...FREE },
  "prune with limits": { do: "prune", uploadLimit: 512, downloadLimit: 1024 },
  check: { do: "check", subset: null, ...FREE },
  "check of a part": { do: "check", subset: { part: 3, parts: 12 }, ...FREE },
  "check with limits": { do: "check", subset: null, uploadLimit: null, downloadLimit: 1024 },
  "list locks": { do: "list_locks" },
  "cat lock": { do: "cat_lock", lockId: "5438b46d" },
  ls: { do: "ls", snapshotId: "f565dd94", path: "--help" },
};

test("every argument list is the agreed one", async () => {
  const golden: unknown = await Bun.file(join(import.meta.dir, "testdata/argv.json")).json();
  const made = Object.fromEntries(Object.entries(CASES).map(([name, order]) => [name, argvOf(order)]));
  expect(made).toEqual(golden as typeof made);
});

test("a forget names whole snapshots, never a policy, and does not prune; a preview changes nothing", () => {
  expect(() => argvOf({ do: "preview_forget", tag: "t", host: "h", retention: {} })).toThrow("without a policy");
  expect(() => argvOf({ do: "forget", snapshotIds: [] })).toThrow("whole snapshot ids");
  expect(() => argvOf({ do: "forget", snapshotIds: ["abcd1234"] })).toThrow("whole snapshot ids");
  expect(argvOf(CASES.forget!).join(" ")).not.toMatch(/--prune|--keep/);
  expect(argvOf(CASES["preview of forget"]!)).toContain("--dry-run");
});

test("a preview of forget works in UTC, a backup by the clock of its schedule, the rest by the machine's own", () => {
  expect(timeZoneOf(CASES["preview of forget"]!)).toBe("UTC");
  expect(timeZoneOf({ ...backup, timeZone: "Asia/Tokyo" })).toBe("Asia/Tokyo");
  expect([timeZoneOf(backup), timeZoneOf(CASES.forget!)]).toEqual([null, null]);
});

test("whatever a person or a server typed stands behind -- or after its own flag", () => {
  const ls = argvOf(CASES.ls!);
  expect(ls.indexOf("--")).toBeLessThan(ls.indexOf("--help"));
});

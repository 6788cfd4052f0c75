import { expect, test } from "bun:test";
import { join } from "node:path";
import { DEFAULT_RETENTION } from "../../shared/retention.ts";
import { argvOf, type BackupOrder, type ResticOrder } from "./argv.ts";

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
  forget: { do: "forget", tag: "documents", host: "web-01", keep: DEFAULT_RETENTION },
  "forget with counts": {
    do: "forget",
    tag: "db",
    host: "db-01",
    keep: { keep_last: 3, keep_daily: 7, keep_weekly: 4, keep_monthly: 12, keep_yearly: 2, keep_within_hourly: "2d" },
  },
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

test("a forget without a policy is never asked for, and no forget prunes", () => {
  expect(() => argvOf({ do: "forget", tag: "t", host: "h", keep: {} })).toThrow("without a policy");
  expect(argvOf(CASES.forget!)).not.toContain("--prune");
});

test("whatever a person or a server typed stands behind -- or after its own flag", () => {
  const ls = argvOf(CASES.ls!);
  expect(ls.indexOf("--")).toBeLessThan(ls.indexOf("--help"));
});

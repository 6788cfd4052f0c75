import { expect, test } from "bun:test";
import { join } from "node:path";
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
  "list locks": { do: "list_locks" },
  "cat lock": { do: "cat_lock", lockId: "5438b46d" },
  ls: { do: "ls", snapshotId: "f565dd94", path: "--help" },
};

test("every argument list is the agreed one", async () => {
  const golden: unknown = await Bun.file(join(import.meta.dir, "testdata/argv.json")).json();
  const made = Object.fromEntries(Object.entries(CASES).map(([name, order]) => [name, argvOf(order)]));
  expect(made).toEqual(golden as typeof made);
});

test("whatever a person or a server typed stands behind -- or after its own flag", () => {
  const ls = argvOf(CASES.ls!);
  expect(ls.indexOf("--")).toBeLessThan(ls.indexOf("--help"));
});

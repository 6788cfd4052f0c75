/** Parsing restic's recorded output, and anything else without throwing. */
import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { config, lock, rawDataStats, restoreSizeStats } from "../../shared/restic/repository.ts";
import { snapshotList } from "../../shared/restic/snapshots.ts";
import { readVersion } from "./binary.ts";
import { cleanText, type ResticLine, readLine, readWhole } from "./output.ts";

/** Recorded output of the real programs. */
function sample(version: string, name: string, stream: "stdout" | "stderr"): string {
  return readFileSync(join(import.meta.dir, "testdata", version, `${name}.${stream}`), "utf8");
}

function linesOf(version: string, name: string, stream: "stdout" | "stderr"): ResticLine[] {
  return sample(version, name, stream)
    .split("\n")
    .filter((line) => line !== "")
    .map(readLine);
}

describe.each(["0.18.0", "0.19.1"])("output of restic %s", (version) => {
  test("a backup prints status and a summary with the snapshot's id", () => {
    const lines = linesOf(version, "backup-first", "stdout");
    const last = lines.at(-1);
    expect(last).toMatchObject({ is: "summary", summary: { files_new: 8, total_bytes_processed: 3000051 } });
    expect(last?.is === "summary" && last.summary.snapshot_id).toMatch(/^[0-9a-f]{64}$/);
    expect(lines.slice(0, -1).every((line) => line.is === "status")).toBe(true);
    expect(lines[0]).toMatchObject({ status: { total_files: 8 } });
  });

  test("unreadable files come as errors, with the reason in words", () => {
    const lines = linesOf(version, "backup-unreadable", "stderr");
    expect(lines.map((line) => line.is)).toEqual(["error", "error", "error", "exit_error"]);
    expect(lines[2]).toMatchObject({
      error: { item: `/testbed/t/r-${version}/u/docs/f2.txt`, during: "archival" },
    });
    expect(lines[2]?.is === "error" && lines[2].error.error.message).toContain("permission denied");
  });

  test("text between JSON stays text, without terminal codes", () => {
    const missing = linesOf(version, "backup-one-missing-source", "stderr");
    expect(missing[0]).toEqual({ is: "text", text: `/testbed/t/r-${version}/nonexistent does not exist, skipping` });
    const interrupted = linesOf(version, "intr-backup-term", "stderr");
    expect(interrupted[0]).toEqual({ is: "text", text: "signal terminated received, cleaning up" });
    expect(interrupted[1]).toMatchObject({ is: "exit_error" });
  });

  test("with --verbose=2 every file is listed", () => {
    const lines = linesOf(version, "backup-verbose2", "stdout");
    const files = lines.flatMap((line) => (line.is === "file" ? [line.file] : []));
    expect(files.some((file) => file.action === "scan_finished" && file.total_files >= 8)).toBe(true);
    expect(files.some((file) => file.action === "modified" && file.item.endsWith("f1.txt"))).toBe(true);
  });

  test("a directory listing: the snapshot first, then nodes", () => {
    const [snapshot, ...nodes] = linesOf(version, "ls-path", "stdout");
    expect(snapshot?.is).toBe("other");
    expect(nodes.length).toBeGreaterThan(3);
    expect(nodes[0]).toMatchObject({ is: "node", node: { type: "dir" } });
    expect(nodes[1]).toMatchObject({ is: "node", node: { name: "bad\ufffdname", size: 16, mode: 0o644 } });
  });

  test("snapshots, config, locks, sizes and the version", () => {
    const snapshots = readWhole(snapshotList, sample(version, "snapshots", "stdout"));
    expect(snapshots?.[0]).toMatchObject({ hostname: "h1", tags: ["t1", "t2", "t3"] });
    expect(snapshots?.[0]?.summary?.total_bytes_processed).toBe(3000051);
    expect(readWhole(snapshotList, sample(version, "snapshots-empty", "stdout"))).toEqual([]);
    expect(readWhole(config, sample(version, "cat-config", "stdout"))).toMatchObject({ version: 2 });
    expect(readWhole(lock, sample(version, "stale-cat-lock", "stdout"))).toMatchObject({
      hostname: "vm",
      exclusive: false,
    });
    expect(readWhole(rawDataStats, sample(version, "stats-raw-data", "stdout"))).toMatchObject({ snapshots_count: 9 });
    expect(readWhole(restoreSizeStats, sample(version, "stats-restore-size", "stdout"))).toMatchObject({
      total_size: 5,
    });
    expect(readVersion(sample(version, "version-json", "stdout"))).toBe(version);
  });

  test("no line of any recorded run is lost or makes the reader fail", () => {
    const glob = new Bun.Glob(`${version}/*.std*`);
    let count = 0;
    for (const file of glob.scanSync(join(import.meta.dir, "testdata"))) {
      for (const line of readFileSync(join(import.meta.dir, "testdata", file), "utf8").split("\n")) {
        expect(readLine(line).is).toBeString();
        count += 1;
      }
    }
    expect(count).toBeGreaterThan(200);
  });
});

test("the version of a restic that is too old is still read", () => {
  expect(readVersion(sample("0.14.0", "version-json", "stdout"))).toBe("0.14.0");
});

test.each([
  "{",
  '{"message_type":"status"',
  "null",
  "[1]",
  '{"message_type":"summary","files_new":"many"}',
  "",
  "\u0000{",
])("%p is a line like any other", (line) => {
  expect(["text", "other"]).toContain(readLine(line).is);
});

test("unknown fields are dropped", () => {
  const line = readLine('{"message_type":"exit_error","code":10,"message":"no","new_in_0.25":true}');
  expect(line).toEqual({ is: "exit_error", exitError: { message_type: "exit_error", code: 10, message: "no" } });
});

test("restic clears the terminal's line even where there is none", () => {
  expect(cleanText("\u001b[2Ksignal interrupt received, cleaning up ")).toBe("signal interrupt received, cleaning up");
});

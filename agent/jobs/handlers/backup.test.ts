/** The parts of a backup that need no repository: its sources, and how its output is read. */
import { afterAll, expect, test } from "bun:test";
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createCleanup } from "../../../tests/testbed/temp.ts";
import { cleanText, readLine } from "../../restic/output.ts";
import { desiredState } from "../../testing/fixture.ts";
import { createBackupReport } from "./backup-report.ts";
import { sourcesOf, writeSourceFiles } from "./backup-sources.ts";

const cleanup = createCleanup();
afterAll(() => cleanup.run());

const credential = { url: "/x", http_username: null, http_password: null, repo_password: "p", env: {} };

function group(includes: string[], excludes: string[] = []) {
  return desiredState({ repoId: "r", credential, group: { includes, excludes } }).source_groups[0]!;
}

test("sources: what exists, what is refused, and the files that restic reads", async () => {
  const folder = await cleanup.tempFolder();
  mkdirSync(join(folder, "here"));
  const sources = sourcesOf(group([`${folder}/here/`, `${folder}/gone`, "relative"], ["*.tmp", "#x", "$A"]), "linux");
  expect(sources.includes).toEqual([`${folder}/here`, `${folder}/gone`]);
  expect(sources.refusedIncludes.map(({ text }) => text)).toEqual(["relative"]);
  expect(sources.refusedExcludes.map(({ text }) => text)).toEqual(["#x"]);
  const files = writeSourceFiles(folder, "job", sources, ["/own"], "linux");
  expect(readFileSync(files.includesFile, "utf8")).toBe(`${folder}/here\n${folder}/gone\n`);
  expect(readFileSync(files.excludesFile, "utf8")).toBe("*.tmp\n$$A\n/own\n");
  files.remove();
  expect(sourcesOf(group(["/"]), "linux")).toMatchObject({ wholeMachine: true, includes: ["/"] });
});

function replay(version: string, name: string) {
  const lines: string[] = [];
  const write = (stream: string) => (text: string) => void lines.push(`${stream}: ${text}`);
  const progress: number[] = [];
  const report = createBackupReport(
    { event: write("event"), stdout: write("stdout"), stderr: write("stderr"), flush: () => {} },
    { phase: () => {}, backup: (status) => void progress.push(status.percent_done) },
  );
  for (const stream of ["stderr", "stdout"] as const) {
    const text = readFileSync(join(import.meta.dir, "../../restic/testdata", version, `${name}.${stream}`), "utf8");
    for (const line of text.split("\n").filter((one) => cleanText(one) !== "")) report.line(readLine(line), stream);
  }
  return { lines, progress, report };
}

test.each(["0.18.0", "0.19.1"])("restic %s: the log tells what matters in words", (version) => {
  const { lines, progress, report } = replay(version, "backup-unreadable");
  expect(report.causes()).toEqual([
    {
      code: "unreadable",
      count: 2,
      paths: [`/testbed/t/r-${version}/u/closed`, `/testbed/t/r-${version}/u/docs/f2.txt`],
    },
  ]);
  expect(report.stats()).toMatchObject({
    files_new: 6,
    unreadable_paths: [`/testbed/t/r-${version}/u/closed`, `/testbed/t/r-${version}/u/docs/f2.txt`],
  });
  expect(lines[0]).toContain("stderr: error: openfile for readdirnames failed");
  expect(lines[1]).toBe("event: 1 path could not be read. The backup continues and will end with warnings");
  expect(lines.at(-1)).toMatch(
    /^event: Snapshot [0-9a-f]{8} saved: 6 files \(6 new, 0 changed\), 49 B read, 3\.58 KiB stored/,
  );
  expect(lines).toHaveLength(4);
  expect(progress.length).toBeLessThanOrEqual(1);
});

test.each(["0.18.0", "0.19.1"])("restic %s: per-file lines only for files that changed", (version) => {
  const { lines } = replay(version, "backup-verbose2");
  expect(lines.some((line) => line.startsWith("stdout: scan finished: "))).toBe(true);
  expect(lines.some((line) => /^stdout: modified {2}\/testbed.*f1\.txt, saved in/.test(line))).toBe(true);
  expect(lines.some((line) => line.includes("unchanged"))).toBe(false);
});

test.each(["0.18.0", "0.19.1"])("restic %s: a missing source counts once", (version) => {
  const { report, lines } = replay(version, "backup-one-missing-source");
  expect(report.causes()).toEqual([{ code: "path_missing", count: 1, paths: [`/testbed/t/r-${version}/nonexistent`] }]);
  expect(report.stats()?.unreadable_paths).toEqual([]);
  expect(lines.filter((line) => line.startsWith("stderr:"))).toHaveLength(1);
});

test("a hundred thousand unreadable paths do not fill the log", () => {
  const lines: string[] = [];
  const log = {
    event: (text: string) => void lines.push(text),
    stdout: () => {},
    stderr: (text: string) => void lines.push(text),
    flush: () => {},
  };
  const report = createBackupReport(log, { phase: () => {}, backup: () => {} });
  for (let i = 0; i < 100_000; i++) {
    report.line(
      readLine(JSON.stringify({ message_type: "error", error: { message: "no" }, during: "archival", item: `/f${i}` })),
      "stderr",
    );
  }
  expect(report.causes()).toMatchObject([{ code: "unreadable", count: 100_000 }]);
  expect(report.causes()[0]?.paths).toHaveLength(100);
  expect(lines.length).toBeLessThan(1010);
});

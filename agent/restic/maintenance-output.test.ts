/** Parsing the output of forget, prune and check, recorded from both versions. */
import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { checkError, checkSummary, forgetOutput } from "../../shared/restic/maintenance.ts";
import { damageAdvice } from "./damage.ts";
import { readLine, readWhole } from "./output.ts";
import { createPruneReport } from "./prune-output.ts";

describe.each(["0.18.0", "0.19.1"])("restic %s", (version) => {
  const read = (name: string, stream: "stdout" | "stderr") =>
    readFileSync(join(import.meta.dir, "testdata", version, `${name}.${stream}`), "utf8");

  test("forget: what is kept, why, and what is removed", () => {
    const output = readWhole(forgetOutput, read("forget", "stdout"))!;
    const group = output.find((one) => (one.remove ?? []).length > 0)!;
    expect(group.keep).toHaveLength(2);
    const newest = group.keep![0]!.id;
    expect(group.reasons!.find(({ snapshot }) => snapshot.id === newest)!.matches).toEqual(["last snapshot"]);
  });

  test("prune: its figures between lines of progress", () => {
    const report = createPruneReport();
    const kinds = read("rest-prune-appendonly", "stdout")
      .split("\n")
      .map((line) => report.line(line).is);
    expect(kinds).toContain("progress");
    expect(kinds).toContain("phase");
    const freed = Number(report.stats().freed_bytes);
    expect(freed).toBeGreaterThan(3 * 2 ** 20);
    expect(report.stats().remaining_bytes).toBe(Math.round(Number(version === "0.18.0" ? 7.632 : 7.631) * 2 ** 20));
  });

  test.each([
    ["check-bitflip-readdata-json", /restic repair packs [0-9a-f]{64}, then restic repair snapshots/],
    ["check-truncated-pack-json", /restic repair packs/],
    ["check-missing-pack-json", /restic repair index, then a backup/],
    ["check-missing-index-json", /restic repair index, then a backup/],
    ["check-missing-tree-json", /restic repair index, then a backup/],
    ["check-bad-snapshot-json", /snapshots folder on the repo server/],
  ])("%s leads to what to do", (name, words) => {
    const summary = readWhole(checkSummary, read(name, "stdout").trim())!;
    const findings = read(name, "stderr")
      .split("\n")
      .flatMap((text) => {
        const line = readLine(text);
        return line.is === "other" ? [readWhole(checkError, line.text)!.message] : [];
      });
    expect(findings.length).toBeGreaterThan(0);
    expect(summary.num_errors).toBeGreaterThan(0);
    expect(damageAdvice(findings.join("\n"), summary)).toMatch(words);
  });

  test("a whole repository needs no advice, only perhaps a prune", () => {
    expect(readWhole(checkSummary, read("check-json", "stdout").trim())).toMatchObject({ num_errors: 0 });
    expect(readWhole(checkSummary, read("check-orphan-pack-json", "stdout").trim())!.suggest_prune).toBe(true);
  });
});

/** Our reading of exclude patterns, compared with what restic saved of a tree full of odd names. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { mustRun } from "../../tests/testbed/command.ts";
import { copyRepoTemplate } from "../../tests/testbed/repo-template.ts";
import { createCleanup } from "../../tests/testbed/temp.ts";
import { ensureTools } from "../../tests/testbed/tools.ts";
import { createExcludes } from "./excludes.ts";
import { excludesFile } from "./source-files.ts";

const cleanup = createCleanup();
afterAll(() => cleanup.run(), 60_000);

let restics: string[];
beforeAll(async () => {
  restics = Object.values(await ensureTools(["restic-0.18", "restic-0.19"]));
}, 180_000);

const FILES = [
  "a.jpg",
  "b.JPG",
  "x/a.jpg",
  "x/y/c.tmp",
  "x/y/z/d",
  "x/yy/e",
  "q/[1]/f",
  "q/star*/g",
  "q/$HOME/h",
  "q/#i",
  "q/-j",
  "q/k l",
  "q/back\\slash",
  "q/ü",
  "cache/deep/cache/m",
];
const PATTERNS = [
  ["*.jpg"],
  ["x"],
  ["x/y"],
  ["y/*"],
  ["x/**/d"],
  ["**/z"],
  ["x/**"],
  ["ROOT/x/*/c.tmp"],
  ["ROOT/**/e"],
  ["ROOT/q/"],
  ["/x"],
  ["ROOT"],
  ["q/[[]1]"],
  ["q/[$#\\-]*"],
  ["q/[^$#]*"],
  ["q/star\\*"],
  ["?"],
  ["$HOME"],
  ["cache"],
  ["cache/**/cache"],
  ["ROOT/*/deep/"],
  ["back\\\\slash", "ü"],
  ["[a-b].*"],
];

test("excludes mean to us what they mean to restic", async () => {
  const folder = await cleanup.tempFolder();
  const root = join(folder, "tree");
  for (const file of FILES) {
    mkdirSync(join(root, file, ".."), { recursive: true });
    writeFileSync(join(root, file), file);
  }
  const literal = [join(root, "q/[1]")];
  for (const [at, restic] of restics.entries()) {
    const repo = await copyRepoTemplate(join(folder, `repo-${at}`));
    const env = { ...repo.env, RESTIC_CACHE_DIR: join(folder, "cache"), HOME: "/nowhere" };
    for (const patterns of PATTERNS.map((list) => list.map((one) => one.replace("ROOT", root)))) {
      const list = join(folder, "excludes");
      writeFileSync(list, excludesFile(patterns, literal, "linux"));
      const command = [restic, "--repo", repo.path, "backup", "--json", "--exclude-file", list, root];
      const output = await mustRun(command, { env });
      const id = /"snapshot_id":"([0-9a-f]+)"/.exec(output)?.[1] ?? "";
      const listed = await mustRun([restic, "--repo", repo.path, "ls", "--json", id], { env });
      const saved = listed
        .split("\n")
        .filter((line) => line.includes('"type":"file"'))
        .map((line) => (JSON.parse(line) as { path: string }).path);
      const isExcluded = createExcludes(patterns, literal, "linux");
      const expected = FILES.map((file) => join(root, file)).filter((path) => !isExcluded(path));
      expect([patterns, expected.sort()]).toEqual([patterns, saved.sort()]);
    }
  }
}, 120_000);

test("on Windows letters' case does not matter, and a backslash parts folders", () => {
  const isExcluded = createExcludes(["C:\\Users\\*\\AppData", "*.TMP"], ["C:\\ProgramData\\agent [1]"], "windows");
  expect(isExcluded("c:\\users\\mara\\appdata\\x")).toBe(true);
  expect(isExcluded("C:\\Users\\mara\\Documents\\a.tmp")).toBe(true);
  expect(isExcluded("C:\\Users\\mara\\Documents\\a.txt")).toBe(false);
  expect(isExcluded("C:\\ProgramData\\Agent [1]\\state")).toBe(true);
});

/** Versions of builds: counted from a tag, marked when changed, and sane without git. */
import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { developmentVersion, readCheckout, versionOfBuild } from "./version.ts";

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

function folderWith(version: string): string {
  const folder = mkdtempSync(join(tmpdir(), "rm-version-"));
  folders.push(folder);
  writeFileSync(join(folder, "package.json"), JSON.stringify({ version }));
  return folder;
}

test("a build counts the commits, since the newest release where there is one, and names the last", () => {
  const folder = folderWith("1.4.0");
  const git = (...args: string[]) => {
    const who = ["-c", "user.name=test", "-c", "user.email=test@example.com", "-c", "commit.gpgsign=false"];
    const run = Bun.spawnSync(["git", "-C", folder, ...who, ...args], { stderr: "pipe" });
    if (run.exitCode !== 0) throw new Error(run.stderr.toString());
  };
  git("init", "-q");
  git("add", ".");
  git("commit", "-qm", "one");
  const [, first] = /^1\.4\.0-dev\.1\+([0-9a-f]{7})$/.exec(versionOfBuild(folder)) ?? [];
  expect(first).toBe(readCheckout(folder)?.commit);
  git("tag", "v1.3.0");
  git("commit", "-q", "--allow-empty", "-m", "two");
  git("commit", "-q", "--allow-empty", "-m", "three");
  expect(versionOfBuild(folder)).toMatch(/^1\.4\.0-dev\.2\+[0-9a-f]{7}$/);
  writeFileSync(join(folder, "package.json"), JSON.stringify({ version: "1.4.0", changed: true }));
  expect(versionOfBuild(folder)).toMatch(/^1\.4\.0-dev\.2\+[0-9a-f]{7}\.changed$/);
  expect(versionOfBuild(folder, { release: true })).toBe("1.4.0");
  const shallow = join(folderWith("1.4.0"), "clone");
  Bun.spawnSync(["git", "clone", "-q", "--depth=1", `file://${folder}`, shallow]);
  expect(versionOfBuild(shallow)).toMatch(/^1\.4\.0-dev\+[0-9a-f]{7}$/);
});

test("outside of a checkout a build is under development, without a number", () => {
  const folder = folderWith("1.4.0");
  expect(versionOfBuild(folder)).toBe("1.4.0-dev");
});

test("versions order as releases do", () => {
  const at = (commits: number) => developmentVersion("1.4.0", { commits, commit: "0000000", isChanged: false });
  const ordered = ["1.3.9", at(9), at(10), "1.4.0"];
  expect([...ordered].reverse().sort(Bun.semver.order)).toEqual(ordered);
});

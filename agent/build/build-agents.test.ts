/** Building the agents with the real compiler: what is built, reused and refused. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { cp, mkdir, mkdtemp, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync, zstdDecompressSync } from "node:zlib";
import { type AgentBuild, buildAgents } from "./build-agents.ts";
import { readIndex } from "./bundle.ts";
import { PLATFORMS } from "./platforms.ts";
import { bundleRestic } from "./restic.ts";
import { lockedPackage } from "./runtime.ts";

const HERE = join(import.meta.dir, "../..");
const linux = PLATFORMS.filter((platform) => platform.os === "linux");
const x64 = PLATFORMS.filter((platform) => platform.id === "linux-x64");
let folder: string;

/** A repository with a tiny agent: compiling it takes as long as compiling ours, and needs no other part. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "rm-build-"));
  await mkdir(join(folder, "agent"));
  await mkdir(join(folder, "shared"));
  for (const file of ["package.json", "bun.lock"]) await cp(join(HERE, file), join(folder, file));
  await symlink(join(HERE, "node_modules"), join(folder, "node_modules"));
  await writeFile(join(folder, "agent/main.ts"), `await Bun.sleep(1); console.log("agent", process.arch);`);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const build = (changes: Partial<AgentBuild>) => {
  const said: string[] = [];
  const options: AgentBuild = {
    repository: folder,
    entry: "agent/main.ts",
    cache: join(HERE, ".cache/build-test"),
    out: join(folder, "dist/agent"),
    platforms: x64,
    effort: "quick",
    version: null,
    ifStale: false,
    say: (line) => said.push(line),
    ...changes,
  };
  return buildAgents(options).then((raw) => ({ raw, said }));
};

describe("building agents", () => {
  test("gives the same bytes twice, compressed copies of them, and an index that tells the truth", async () => {
    const first = join(folder, "first");
    const second = join(folder, "second");
    const { raw } = await build({ out: first, platforms: linux });
    await build({ out: second, platforms: linux });
    const index = (await readIndex(first))!;
    expect(await readIndex(second)).toEqual(index);
    expect(index.files.map((file) => `${file.os}-${file.arch}`)).toEqual(["linux-x64", "linux-arm64"]);
    const file = index.files[0]!;
    const executable = await readFile(raw["linux-x64"]!);
    expect(file).toMatchObject({ size: executable.length, sha256: Bun.SHA256.hash(executable, "hex") });
    const packed = { zst: await readFile(join(first, file.zst)), gz: await readFile(join(first, file.gz)) };
    expect([packed.zst.length, packed.gz.length]).toEqual([file.zst_size, file.gz_size]);
    expect(zstdDecompressSync(packed.zst).equals(executable)).toBe(true);
    expect(gunzipSync(packed.gz).equals(executable)).toBe(true);
    const run = Bun.spawnSync([raw["linux-x64"]!]);
    expect(run.stdout.toString()).toBe(`agent ${process.arch}\n`);
  }, 120_000);

  test("does nothing when nothing changed, and all of it when a source did", async () => {
    await build({ ifStale: true });
    const again = await build({ ifStale: true });
    expect(again.said).toEqual([]);
    await writeFile(join(folder, "shared/new.ts"), "export const x = 1;");
    const changed = await build({ ifStale: true });
    expect(changed.said.length).toBe(2);
    await rm(join(folder, "shared/new.ts"));
  }, 120_000);

  test("stamps the version into the program and the index; a commit alone builds nothing anew where no version is asked for", async () => {
    const out = join(folder, "stamped");
    await writeFile(
      join(folder, "agent/version.ts"),
      `declare const RM_BUILD_VERSION: string; console.log(RM_BUILD_VERSION);`,
    );
    const entry = "agent/version.ts";
    const cache = join(folder, "stamped-cache");
    const one = await build({ out, entry, cache, ifStale: true, version: "0.2.0-dev.1+aaaaaaa" });
    expect(Bun.spawnSync([one.raw["linux-x64"]!]).stdout.toString()).toBe("0.2.0-dev.1+aaaaaaa\n");
    const two = await build({ out, entry, cache, ifStale: true, version: "0.2.0-dev.2+bbbbbbb" });
    expect(two.said.length).toBe(2);
    expect(await readIndex(out)).toMatchObject({
      version: "0.2.0-dev.2+bbbbbbb",
      files: [{ version: "0.2.0-dev.2+bbbbbbb" }],
    });
    expect((await build({ out, entry, cache, ifStale: true })).said).toEqual([]);
    expect((await readIndex(out))?.version).toBe("0.2.0-dev.2+bbbbbbb");
    await build({ out, entry, cache });
    expect((await readIndex(out))?.version).toMatch(/^\d+\.\d+\.\d+-dev\+src\.[0-9a-f]{8}$/);
    await rm(join(folder, "agent/version.ts"));
  }, 120_000);

  test("a source that does not compile is an error that names it, and leaves no half-made file", async () => {
    await writeFile(join(folder, "agent/broken.ts"), `import "./absent.ts";`);
    const cache = join(folder, "cache");
    await expect(build({ entry: "agent/broken.ts", cache })).rejects.toThrow("absent.ts");
    expect(existsSync(join(cache, "agent/linux-x64/restic-manager-agent"))).toBe(false);
    await rm(join(folder, "agent/broken.ts"));
  }, 120_000);
});

test("restic copies are bundled by platform, and a platform that went away is removed", async () => {
  const source = join(folder, "restic-copy");
  await writeFile(source, "not really restic");
  const out = join(folder, "dist/restic");
  const bundle = (executables: Record<string, string>) =>
    bundleRestic({ out, version: "0.19.1", executables, effort: "quick" });
  await bundle({ "linux-x64": source, "windows-x64": source });
  expect((await readIndex(out))?.files.map((file) => file.name)).toEqual(["restic", "restic.exe"]);
  await bundle({ "linux-x64": source });
  expect(await readIndex(out)).toMatchObject({ version: "0.19.1", files: [{ os: "linux", size: 17 }] });
  expect(existsSync(join(out, "windows-x64"))).toBe(false);
  expect((await stat(join(out, "linux-x64/restic.zst"))).size).toBeGreaterThan(0);
});

test("the lockfile names the version and checksum of every runtime", async () => {
  const lockfile = await Bun.file(join(HERE, "bun.lock")).text();
  for (const platform of PLATFORMS) {
    expect(lockedPackage(lockfile, platform.runtime.name)).toMatchObject({
      version: Bun.version,
      integrity: expect.stringMatching(/^sha512-/),
    });
  }
  expect(() => lockedPackage(lockfile, "@oven/absent")).toThrow("does not name");
});

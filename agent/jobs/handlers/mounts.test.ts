/** What a backup of one file system leaves out: real mounts, and what real restic saves of them. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { mustRun, runCommand } from "../../../tests/testbed/command.ts";
import { copyRepoTemplate } from "../../../tests/testbed/repo-template.ts";
import { createCleanup } from "../../../tests/testbed/temp.ts";
import { ensureTools, prefixEnvironment, toolOrNull } from "../../../tests/testbed/tools.ts";
import { createExcludes } from "../../restic/excludes.ts";
import { findLeftOut, type Mount, parseMounts, readMounts } from "./mounts.ts";

const cleanup = createCleanup();
afterAll(() => cleanup.run(), 60_000);

let restics: string[];
beforeAll(async () => {
  restics = Object.values(await ensureTools(["restic-0.18", "restic-0.19"]));
}, 180_000);

const never = new AbortController().signal;

function asked(includes: string[], excludes: string[] = []) {
  const rules = {
    excludes: createExcludes(excludes, [], "linux"),
    excludeCaches: false,
    oneFileSystem: true,
    includes,
  };
  return { includes, rules, isWanted: false, repository: null };
}

async function mount(place: string, ...options: string[]): Promise<void> {
  mkdirSync(place, { recursive: true });
  await mustRun(["mount", ...options, place]);
  cleanup.add(() => mustRun(["umount", "-l", place]));
}

test("the table of mounts is read as the kernel writes it", () => {
  const info = "22 1 0:21 / / rw - ext4 /dev/vda rw\n24 22 0:23 / /mnt/old\\040disk rw shared:1 - ext4 /dev/vdb rw\n";
  expect(parseMounts(info)).toEqual([
    { place: "/", kind: "ext4" },
    { place: "/mnt/old disk", kind: "ext4" },
  ]);
});

test("bind mounts of the same device are read, other devices are not: by their number, as restic has it", async () => {
  if (process.getuid?.() !== 0) return console.warn("skipped: only root can mount");
  const top = join(await cleanup.tempFolder(), "top");
  mkdirSync(join(top, "plain"), { recursive: true });
  writeFileSync(join(top, "plain/file"), "1");
  await mount(join(top, "bound"), "--bind", join(top, "plain"));
  await mount(join(top, "disk"), "-t", "tmpfs", "tmpfs");
  writeFileSync(join(top, "disk/file"), "2");
  mkdirSync(join(top, "disk/inner"));
  await mount(join(top, "disk/inner"), "-t", "tmpfs", "tmpfs");
  await mount(join(top, "bare"), "-t", "tmpfs", "tmpfs");
  for (const [at, restic] of restics.entries()) {
    const repo = await copyRepoTemplate(join(await cleanup.tempFolder(), `repo-${at}`));
    const run = (...args: string[]) =>
      mustRun([restic, "--repo", repo.path, "--no-cache", ...args], { env: { ...repo.env, HOME: "/nowhere" } });
    await run("backup", "--one-file-system", top);
    const saved = (await run("ls", "latest")).split("\n");
    expect(saved).toContain(join(top, "bound/file"));
    expect(saved).not.toContain(join(top, "disk/file"));
  }
  // A tmpfs holds no data of its own, so this one stands for a disk.
  const mounts = readMounts().map((one): Mount => (one.place.startsWith(top) ? { ...one, kind: "ext4" } : one));
  const left = (...args: Parameters<typeof asked>) => findLeftOut(asked(...args), never, mounts);
  expect(await left([top])).toEqual({ missed: [join(top, "disk")], others: [join(top, "bare")] });
  expect(await left([top, join(top, "disk")])).toEqual({
    missed: [],
    others: [join(top, "bare"), join(top, "disk/inner")],
  });
  expect((await left([top], [join(top, "disk")])).missed).toEqual([]);
  const wanted = { ...asked([top]), isWanted: true };
  expect((await findLeftOut(wanted, never, mounts)).missed).toEqual([]);
  const keptThere = { ...asked([top]), repository: join(top, "disk/repository") };
  expect((await findLeftOut(keptThere, never, mounts)).missed).toEqual([]);
  const shares = mounts.map((one): Mount => (one.place.startsWith(top) ? { ...one, kind: "nfs4" } : one));
  expect((await findLeftOut(asked([top]), never, shares)).missed).toEqual([]);
});

test("a btrfs subvolume that nobody mounted has another device number, and is left out", async () => {
  const progs = process.getuid?.() === 0 ? await toolOrNull("btrfs") : null;
  if (progs === null) return;
  const { LD_LIBRARY_PATH = "" } = prefixEnvironment(progs);
  const env = { LD_LIBRARY_PATH: `${LD_LIBRARY_PATH}:${progs}/lib/x86_64-linux-gnu` };
  const program = (name: string) =>
    [`${progs}/sbin/${name}`, `${progs}/usr/sbin/${name}`, `${progs}/bin/${name}`].find(existsSync) ?? name;
  const folder = await cleanup.tempFolder();
  const image = join(folder, "image");
  const top = join(folder, "top");
  mkdirSync(top);
  await mustRun(["truncate", "-s", "200M", image]);
  await mustRun([program("mkfs.btrfs"), "-q", image], { env });
  if ((await runCommand(["mount", "-t", "btrfs", "-o", "loop", image, top])).code !== 0)
    return console.warn("skipped: this kernel mounts no btrfs");
  cleanup.add(() => mustRun(["umount", "-l", top]));
  mkdirSync(join(top, "srv"));
  for (const name of ["srv/data", "bare"])
    await mustRun([program("btrfs"), "subvolume", "create", join(top, name)], { env });
  writeFileSync(join(top, "srv/data/file"), "1");
  expect(await findLeftOut(asked([top]), never)).toEqual({
    missed: [join(top, "srv/data")],
    others: [join(top, "bare")],
  });
  expect((await findLeftOut(asked([top, join(top, "srv/data")]), never)).missed).toEqual([]);
  const repo = await copyRepoTemplate(join(folder, "repo"));
  const run = (...args: string[]) =>
    mustRun([restics[1]!, "--repo", repo.path, "--no-cache", ...args], { env: { ...repo.env, HOME: "/nowhere" } });
  await run("backup", "--one-file-system", top);
  expect((await run("ls", "latest")).split("\n")).not.toContain(join(top, "srv/data/file"));
}, 60_000);

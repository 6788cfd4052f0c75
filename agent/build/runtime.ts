// Downloads Bun's runtime for a platform from the package registry, in exactly the bytes that the lockfile names.
import { existsSync } from "node:fs";
import { cp, mkdir, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Platform } from "./platforms.ts";

export type RuntimeSource = {
  /** The repository: its `bun.lock` decides, its `node_modules` is looked in first. */
  repository: string;
  /** Where downloaded runtimes are kept. */
  cache: string;
};

/** Returns the path of the platform's runtime. @throws when it cannot be had or differs from the lockfile. */
export async function runtimeOf(platform: Platform, { repository, cache }: RuntimeSource): Promise<string> {
  const { name, file } = platform.runtime;
  const installed = join(repository, "node_modules", name, file);
  if (existsSync(installed)) return installed;
  const locked = lockedPackage(await Bun.file(join(repository, "bun.lock")).text(), name);
  const kept = join(cache, "runtime", `${name.replace("/", "-")}-${locked.version}`, file);
  if (existsSync(kept)) return kept;
  await mkdir(dirname(kept), { recursive: true });
  const folder = await mkdtemp(join(cache, "runtime", ".fetch-"));
  try {
    await install(platform, locked, folder);
    await cp(join(folder, "node_modules", name, file), `${kept}.new`);
    await rename(`${kept}.new`, kept);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  return kept;
}

/** Finds version and checksum of a package in the text of a `bun.lock`. */
export function lockedPackage(lockfile: string, name: string): { version: string; integrity: string } {
  const entry = lockfile.split("\n").find((line) => line.trimStart().startsWith(`"${name}": [`));
  const version = entry && /@(\d+\.\d+\.\d+)"/.exec(entry)?.[1];
  const integrity = entry && /"(sha512-[^"]+)"/.exec(entry)?.[1];
  if (!version || !integrity) throw new Error(`bun.lock does not name ${name}`);
  return { version, integrity };
}

async function install(
  platform: Platform,
  locked: { version: string; integrity: string },
  folder: string,
): Promise<void> {
  const { name, os, cpu } = platform.runtime;
  await writeFile(join(folder, "package.json"), JSON.stringify({ dependencies: { [name]: locked.version } }));
  const options = ["--ignore-scripts", "--save-text-lockfile", `--os=${os}`, `--cpu=${cpu}`];
  const child = Bun.spawn([process.execPath, "install", ...options], {
    cwd: folder,
    env: { ...process.env, BUN_BE_BUN: "1" },
    stdin: "ignore",
    stdout: "ignore",
    stderr: "pipe",
  });
  const [said, code] = await Promise.all([new Response(child.stderr).text(), child.exited]);
  if (code !== 0) throw new Error(`${name} ${locked.version} could not be fetched: ${said.trim()}`);
  const fetched = lockedPackage(await Bun.file(join(folder, "bun.lock")).text(), name);
  if (fetched.integrity !== locked.integrity) {
    throw new Error(`${name} ${locked.version} has checksum ${fetched.integrity}, bun.lock says ${locked.integrity}`);
  }
}

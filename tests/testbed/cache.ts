// The git-ignored folder for downloaded tools, safe for several test processes at once.
import { existsSync } from "node:fs";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";

/** The cache folder: `RM_TEST_CACHE`, or `.cache/testbed` in the repository. */
export function cacheFolder(): string {
  return resolve(process.env.RM_TEST_CACHE ?? join(import.meta.dir, "../../.cache/testbed"));
}

/**
 * Runs `work` while holding the lock `name`, which other processes respect too.
 * The lock is held by a child that ends with us, so a killed test run leaves none behind.
 */
export async function withLock<T>(name: string, work: () => Promise<T>): Promise<T> {
  const folder = join(cacheFolder(), "locks");
  await mkdir(folder, { recursive: true });
  const holder = Bun.spawn(["flock", join(folder, name), "sh", "-c", "echo held; cat"], {
    stdin: "pipe",
    stdout: "pipe",
    stderr: "inherit",
  });
  try {
    const reader = holder.stdout.getReader();
    const first = await reader.read();
    if (first.done) throw new Error(`The lock ${name} could not be taken (is flock of util-linux installed?)`);
    return await work();
  } finally {
    await holder.stdin.end();
    await holder.exited;
  }
}

/**
 * Returns the folder `name` in the cache, made by `build` unless it is there already with the same `recipe`.
 * `build` gets an empty folder beside the final one; a failed build leaves nothing.
 */
export async function cached(name: string, recipe: string, build: (folder: string) => Promise<void>): Promise<string> {
  const folder = join(cacheFolder(), "tools", name);
  if (await isFresh(folder, recipe)) return folder;
  return await withLock(`tool-${name}`, async () => {
    if (await isFresh(folder, recipe)) return folder;
    const draft = `${folder}.draft`;
    await rm(draft, { recursive: true, force: true });
    await mkdir(draft, { recursive: true });
    await build(draft);
    await writeFile(join(draft, ".recipe"), recipe);
    await rm(folder, { recursive: true, force: true });
    await rename(draft, folder);
    return folder;
  });
}

async function isFresh(folder: string, recipe: string): Promise<boolean> {
  const stamp = join(folder, ".recipe");
  return existsSync(stamp) && (await readFile(stamp, "utf8")) === recipe;
}

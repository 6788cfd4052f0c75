/** Looks at the paths of a backup before restic reads them: is it there, is it a link, does it hold files at all? */
import type { Dirent } from "node:fs";
import { lstat, open, readdir, realpath } from "node:fs/promises";
import { join } from "node:path";
import type { Excludes } from "../../restic/excludes.ts";

export type PathLook = { path: string } & (
  | { is: "missing" }
  /** `target` is where it leads in the end; null when it leads nowhere. */
  | { is: "link"; target: string | null }
  /** A folder or a file, and what restic will find in it. */
  | { is: "there"; holds: Holds }
  /** It may not be looked at, or that took too long: restic is to report what is wrong with it. */
  | { is: "unknown" }
);
/** `excluded`: there are files, and each of them is left out. `unknown`: so many entries that looking was given up. */
export type Holds = "files" | "excluded" | "nothing" | "unknown";

export type LookRules = {
  excludes: Excludes;
  excludeCaches: boolean;
  /** Folders on other file systems are not entered, unless they are named themselves. */
  oneFileSystem: boolean;
  includes: readonly string[];
};

/** A folder that holds files holds one among the first few entries; only strange trees go on for longer. */
const MOST_ENTRIES = 100_000;
/** A network file system that does not answer must not hold the job. */
const LONGEST_LOOK_MS = 10_000;
const CACHE_TAG = "CACHEDIR.TAG";
const CACHE_SIGNATURE = "Signature: 8a477f597d28d172789f06886806bc55";

/** Never throws, and comes back in time whatever the file systems do. */
export async function lookAtPaths(
  paths: readonly string[],
  rules: LookRules,
  signal: AbortSignal,
): Promise<PathLook[]> {
  return await Promise.all(
    paths.map((path) => inTime<PathLook>((given) => lookAt(path, rules, given), { path, is: "unknown" }, signal)),
  );
}

/** What `look` answers; `instead` when it takes too long, fails, or the job is cancelled. */
export async function inTime<T>(
  look: (given: AbortSignal) => Promise<T>,
  instead: T,
  signal: AbortSignal,
  withinMs = LONGEST_LOOK_MS,
): Promise<T> {
  const given = AbortSignal.any([signal, AbortSignal.timeout(withinMs)]);
  const { promise, resolve } = Promise.withResolvers<T>();
  const giveUp = () => resolve(instead);
  given.addEventListener("abort", giveUp, { once: true });
  if (given.aborted) giveUp();
  look(given).then(resolve, giveUp);
  const answer = await promise;
  given.removeEventListener("abort", giveUp);
  return answer;
}

async function lookAt(path: string, rules: LookRules, given: AbortSignal): Promise<PathLook> {
  try {
    const found = await lstat(path);
    if (found.isSymbolicLink()) return { path, is: "link", target: await realpath(path).catch(() => null) };
    if (found.isDirectory()) return { path, is: "there", holds: await holdsOf(path, found.dev, rules, given) };
    if (!found.isFile()) return { path, is: "there", holds: "nothing" };
    return { path, is: "there", holds: rules.excludes(path) ? "excluded" : "files" };
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : "";
    return { path, is: code === "ENOENT" || code === "ENOTDIR" ? "missing" : "unknown" };
  }
}

/** Goes through a folder until the first file that restic will save. */
export async function holdsOf(folder: string, device: number, rules: LookRules, given: AbortSignal): Promise<Holds> {
  const open: { path: string; excluded: boolean }[] = [{ path: folder, excluded: rules.excludes(folder) }];
  let looked = 0;
  let sawExcluded = false;
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    // restic names what may not be read; it is no file that is missed here.
    const entries = await readdir(next.path, { withFileTypes: true }).catch((): Dirent[] => []);
    looked += entries.length + 1;
    if (looked > MOST_ENTRIES || given.aborted) return "unknown";
    const isCache = rules.excludeCaches && (await isCacheFolder(next.path, entries));
    for (const entry of entries) {
      const path = join(next.path, entry.name);
      const kind = await kindOf(entry, path);
      if (kind === "folder") {
        const excluded = next.excluded || isCache || rules.excludes(path);
        if (!(excluded && sawExcluded) && (await isEntered(path, device, rules))) open.push({ path, excluded });
      } else if (kind === "file" && !(isCache && entry.name === CACHE_TAG)) {
        if (!(next.excluded || isCache || rules.excludes(path))) return "files";
        sawExcluded = true;
      }
    }
  }
  return sawExcluded ? "excluded" : "nothing";
}

/** Some file systems do not say in their folders what an entry is. */
async function kindOf(entry: Dirent, path: string): Promise<"folder" | "file" | "other"> {
  if (entry.isDirectory()) return "folder";
  if (entry.isFile()) return "file";
  if (entry.isSymbolicLink() || entry.isSocket() || entry.isFIFO()) return "other";
  const found = await lstat(path).catch(() => null);
  return found?.isDirectory() ? "folder" : found?.isFile() ? "file" : "other";
}

async function isEntered(path: string, device: number, rules: LookRules): Promise<boolean> {
  if (!rules.oneFileSystem || rules.includes.includes(path)) return true;
  return (await lstat(path).catch(() => null))?.dev === device;
}

async function isCacheFolder(folder: string, entries: readonly Dirent[]): Promise<boolean> {
  if (!entries.some((entry) => entry.name === CACHE_TAG && entry.isFile())) return false;
  const file = await open(join(folder, CACHE_TAG)).catch(() => null);
  if (file === null) return false;
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(CACHE_SIGNATURE.length), 0, CACHE_SIGNATURE.length, 0);
    return buffer.toString("latin1", 0, bytesRead) === CACHE_SIGNATURE;
  } finally {
    await file.close();
  }
}

/** Inspects the paths of a backup before restic reads them: do they exist, are they links, do they contain files? */
import type { Dirent } from "node:fs";
import { lstat, open, readdir, realpath } from "node:fs/promises";
import { join } from "node:path";
import type { Excludes } from "../../restic/excludes.ts";

export type InspectedPath = { path: string } & (
  | { is: "missing" }
  /** `target` is where the link leads in the end; null when it is broken. */
  | { is: "link"; target: string | null }
  /** A folder or a file, and what restic will find in it. */
  | { is: "there"; holds: Holds }
  /** It could not be inspected, or that took too long: restic reports what is wrong with it. */
  | { is: "unknown" }
);
/** `excluded`: there are files, but all are excluded. `unknown`: too many entries to inspect. */
export type Holds = "files" | "excluded" | "nothing" | "unknown";

export type InspectRules = {
  excludes: Excludes;
  excludeCaches: boolean;
  /** Folders on other file systems are not entered, unless they are listed themselves. */
  oneFileSystem: boolean;
  includes: readonly string[];
};

/** A folder with files usually has one among its first entries; only odd trees need more. */
const MOST_ENTRIES = 100_000;
/** A network file system that does not answer must not block the job. */
const LONGEST_INSPECTION_MS = 10_000;
const CACHE_TAG = "CACHEDIR.TAG";
const CACHE_SIGNATURE = "Signature: 8a477f597d28d172789f06886806bc55";

/** Never throws, and returns in time whatever the file systems do. */
export async function inspectPaths(
  paths: readonly string[],
  rules: InspectRules,
  signal: AbortSignal,
): Promise<InspectedPath[]> {
  return await Promise.all(
    paths.map((path) => inTime<InspectedPath>((given) => inspect(path, rules, given), { path, is: "unknown" }, signal)),
  );
}

/** The result of `work`, or `instead` when it takes too long, fails, or the job is cancelled. */
export async function inTime<T>(
  work: (given: AbortSignal) => Promise<T>,
  instead: T,
  signal: AbortSignal,
  withinMs = LONGEST_INSPECTION_MS,
): Promise<T> {
  const given = AbortSignal.any([signal, AbortSignal.timeout(withinMs)]);
  const { promise, resolve } = Promise.withResolvers<T>();
  const giveUp = () => resolve(instead);
  given.addEventListener("abort", giveUp, { once: true });
  if (given.aborted) giveUp();
  work(given).then(resolve, giveUp);
  const answer = await promise;
  given.removeEventListener("abort", giveUp);
  return answer;
}

async function inspect(path: string, rules: InspectRules, given: AbortSignal): Promise<InspectedPath> {
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

/** Searches a folder until the first file that restic will save. */
export async function holdsOf(folder: string, device: number, rules: InspectRules, given: AbortSignal): Promise<Holds> {
  const open: { path: string; excluded: boolean }[] = [{ path: folder, excluded: rules.excludes(folder) }];
  let seen = 0;
  let sawExcluded = false;
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    // restic itself reports unreadable folders, so they are not reported here.
    const entries = await readdir(next.path, { withFileTypes: true }).catch((): Dirent[] => []);
    seen += entries.length + 1;
    if (seen > MOST_ENTRIES || given.aborted) return "unknown";
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

/** Some file systems do not say in a listing what an entry is. */
async function kindOf(entry: Dirent, path: string): Promise<"folder" | "file" | "other"> {
  if (entry.isDirectory()) return "folder";
  if (entry.isFile()) return "file";
  if (entry.isSymbolicLink() || entry.isSocket() || entry.isFIFO()) return "other";
  const found = await lstat(path).catch(() => null);
  return found?.isDirectory() ? "folder" : found?.isFile() ? "file" : "other";
}

async function isEntered(path: string, device: number, rules: InspectRules): Promise<boolean> {
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

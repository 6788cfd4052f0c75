/** The sources of one backup: which of its paths exist, and the files by which restic learns of them. */
import { lstatSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, normalize } from "node:path";
import type { DesiredSourceGroup } from "../../shared/protocol/to-agent.ts";
import type { Platform } from "../platform.ts";
import { excludesFile, includesFile, problemOfInclude, problemOfPattern } from "../restic/source-files.ts";

export type Sources = {
  includes: string[];
  excludes: string[];
  /** What restic could not take as written, in words. */
  leftOut: string[];
  /** Every path is gone: there is nothing to back up. */
  noneExists: boolean;
  /** The whole machine is meant, so only its own disks are followed. */
  wholeMachine: boolean;
};

export function sourcesOf(group: DesiredSourceGroup, os: Platform["os"]): Sources {
  const badIncludes = group.includes.flatMap((path) => told(path, problemOfInclude(path, os)));
  const badExcludes = group.excludes.flatMap((pattern) => told(pattern, problemOfPattern(pattern)));
  const includes = group.includes
    .filter((path) => problemOfInclude(path, os) === null)
    .map((path) => cleanPath(path, os));
  return {
    includes,
    excludes: group.excludes.filter((pattern) => problemOfPattern(pattern) === null),
    leftOut: [
      ...badIncludes.map((text) => `The path ${text}: it is not backed up`),
      ...badExcludes.map((text) => `The exclude ${text}: it is not used`),
    ],
    noneExists: !includes.some(mayExist),
    wholeMachine: os === "linux" && includes.includes("/"),
  };
}

export type SourceFiles = { includesFile: string; excludesFile: string; remove(): void };

/** @param own folders of the agent itself, which are always left out. */
export function writeSourceFiles(
  folder: string,
  jobId: string,
  sources: Sources,
  own: string[],
  os: Platform["os"],
): SourceFiles {
  const own600 = { mode: 0o600 };
  const place = join(folder, jobId);
  mkdirSync(place, { recursive: true, mode: 0o700 });
  const includes = join(place, "includes");
  const excludes = join(place, "excludes");
  writeFileSync(includes, includesFile(sources.includes), own600);
  writeFileSync(excludes, excludesFile(sources.excludes, own, os), own600);
  return {
    includesFile: includes,
    excludesFile: excludes,
    remove: () => rmSync(place, { recursive: true, force: true }),
  };
}

/** File systems that a backup of `/` leaves out because they are mounted somewhere below it. */
export function skippedMounts(mountInfo = readMountInfo()): string[] {
  const mounts = mountInfo.split("\n").flatMap((line) => {
    const [left, right] = line.split(" - ");
    const place = left?.split(" ")[4];
    const kind = right?.split(" ")[0];
    if (!place || !kind || place === "/" || NO_DATA.has(kind)) return [];
    return [place.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)))];
  });
  return [...new Set(mounts)];
}

const NO_DATA = new Set(
  "proc sysfs devtmpfs devpts tmpfs cgroup cgroup2 mqueue debugfs tracefs securityfs pstore bpf configfs fusectl hugetlbfs autofs ramfs rpc_pipefs binfmt_misc efivarfs nsfs overlay squashfs".split(
    " ",
  ),
);

function readMountInfo(): string {
  try {
    return readFileSync("/proc/self/mountinfo", "utf8");
  } catch {
    return "";
  }
}

function told(text: string, problem: string | null): string[] {
  return problem === null ? [] : [`${JSON.stringify(text)} is refused, because ${problem}`];
}

function cleanPath(path: string, os: Platform["os"]): string {
  if (os === "windows") return path;
  const clean = normalize(path);
  return clean.length > 1 ? clean.replace(/\/+$/, "") : clean;
}

/** A path that may not be looked at counts as there: restic is to report what is wrong with it. */
function mayExist(path: string): boolean {
  try {
    lstatSync(path);
    return true;
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : "";
    return code !== "ENOENT" && code !== "ENOTDIR";
  }
}

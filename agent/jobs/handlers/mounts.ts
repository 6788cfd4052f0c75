/** Finds what a backup of one file system leaves out: mounts and btrfs subvolumes, recognised by their device number. */
import { readFileSync } from "node:fs";
import { lstat, readdir } from "node:fs/promises";
import { join } from "node:path";
import { isAtOrBelow } from "../../restic/source-files.ts";
import { holdsOf, type InspectRules, inTime } from "./inspect-paths.ts";

export type Mount = { place: string; kind: string };

export type LeftOut = {
  /** File systems of this machine with files that the user probably expects in the backup. */
  missed: string[];
  /** All others: network shares, removable disks, boot partitions. */
  others: string[];
};

type Asked = {
  includes: readonly string[];
  rules: InspectRules;
  /** The user chose one file system for this group, so nothing is reported as missed. */
  isWanted: boolean;
  /** Folder of a local repository; its disk is not a source. */
  repository: string | null;
};

/** They contain nothing that could be restored. */
const NO_DATA = new Set(
  "proc sysfs devtmpfs devpts tmpfs cgroup cgroup2 mqueue debugfs tracefs securityfs pstore bpf configfs fusectl hugetlbfs autofs ramfs rpc_pipefs binfmt_misc efivarfs nsfs overlay squashfs fuse.lxcfs fuse.portal fuse.gvfsd-fuse".split(
    " ",
  ),
);
/** Files on another machine or on optical discs. */
const ELSEWHERE = new Set(
  "nfs nfs4 cifs smb3 smbfs 9p virtiofs ceph glusterfs afs lustre beegfs davfs iso9660 udf".split(" "),
);
/** By the Filesystem Hierarchy Standard: what an installation recreates, and what is mounted temporarily. */
const APART = ["/boot", "/efi", "/media", "/run", "/cdrom"];
/** snapper keeps its snapshots of a subvolume there. */
const SNAPSHOTS = /\/\.snapshots(\/|$)/;
/** Unmounted subvolumes are searched this deep, in at most so many folders. */
const SUBVOLUME_DEPTH = 3;
const MOST_FOLDERS = 5000;
/** Inode number of a subvolume's top folder. */
const SUBVOLUME_INODE = 256;

/** Outermost places only: everything below them is left out with them. Never throws. */
export async function findLeftOut(asked: Asked, signal: AbortSignal, mounts = readMounts()): Promise<LeftOut> {
  return await inTime((given) => search(asked, mounts, given), { missed: [], others: [] }, signal);
}

async function search(asked: Asked, mounts: readonly Mount[], given: AbortSignal): Promise<LeftOut> {
  const devices = new Map<string, number>();
  for (const path of asked.includes) {
    const found = await lstat(path).catch(() => null);
    if (found?.isDirectory()) devices.set(path, found.dev);
  }
  const places = new Map<string, Mount>();
  for (const mount of mounts) if (!NO_DATA.has(mount.kind)) places.set(mount.place, mount);
  for (const [path, device] of devices)
    if (mountOf(path, mounts)?.kind === "btrfs")
      for (const place of await findSubvolumes(path, device, asked, given))
        if (!mounts.some((mount) => mount.place === place)) places.set(place, { place, kind: "btrfs" });

  const left: LeftOut = { missed: [], others: [] };
  for (const mount of [...places.values()].sort((a, b) => a.place.length - b.place.length)) {
    const { place } = mount;
    const include = nearest(place, asked.includes);
    const device = include === null ? undefined : devices.get(include);
    if (device === undefined || place === include || asked.rules.excludes(place)) continue;
    if ([...left.missed, ...left.others].some((outer) => isAtOrBelow(place, outer) && isAtOrBelow(outer, include!)))
      continue;
    if (isElsewhere(mount)) left.others.push(place);
    else {
      const found = await lstat(place).catch(() => null);
      // A bind mount of the same device is backed up like any other folder.
      if (found === null || found.dev === device) continue;
      const isMissed =
        found.isDirectory() &&
        !isApart(mount, asked) &&
        (await holdsOf(place, found.dev, asked.rules, given)) !== "nothing";
      (isMissed ? left.missed : left.others).push(place);
    }
  }
  return { missed: left.missed.sort(), others: left.others.sort() };
}

/** Their device number is not read: a network server that does not answer would block the call. */
function isElsewhere({ kind }: Mount): boolean {
  return ELSEWHERE.has(kind) || kind.startsWith("fuse.");
}

function isApart({ place }: Mount, { isWanted, repository }: Asked): boolean {
  if (isWanted || SNAPSHOTS.test(place)) return true;
  if (repository !== null && isAtOrBelow(repository, place)) return true;
  return APART.some((folder) => isAtOrBelow(place, folder));
}

async function findSubvolumes(top: string, device: number, asked: Asked, given: AbortSignal): Promise<string[]> {
  const found: string[] = [];
  let seen = 0;
  let level = [top];
  for (let depth = 0; depth < SUBVOLUME_DEPTH; depth++) {
    const next: string[] = [];
    for (const folder of level) {
      const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
      for (const entry of entries) {
        if (!entry.isDirectory()) continue;
        const path = join(folder, entry.name);
        seen++;
        if (seen > MOST_FOLDERS || given.aborted) return found;
        if (asked.rules.excludes(path)) continue;
        const status = await lstat(path).catch(() => null);
        if (status?.dev === device) next.push(path);
        else if (status?.ino === SUBVOLUME_INODE) found.push(path);
      }
    }
    level = next;
  }
  return found;
}

function nearest(place: string, includes: readonly string[]): string | null {
  const above = includes.filter((include) => isAtOrBelow(place, include));
  return above.sort((a, b) => b.length - a.length)[0] ?? null;
}

/** The mount that contains a path. */
function mountOf(path: string, mounts: readonly Mount[]): Mount | null {
  const above = mounts.filter(({ place }) => isAtOrBelow(path, place));
  return above.sort((a, b) => b.place.length - a.place.length)[0] ?? null;
}

export function readMounts(): Mount[] {
  try {
    return parseMounts(readFileSync("/proc/self/mountinfo", "utf8"));
  } catch {
    return [];
  }
}

/** In mount order: of several mounts at one place, the last one is visible. */
export function parseMounts(mountInfo: string): Mount[] {
  return mountInfo.split("\n").flatMap((line) => {
    const [left, right] = line.split(" - ");
    const place = left?.split(" ")[4];
    const kind = right?.split(" ")[0];
    if (!place || !kind) return [];
    const clear = place.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
    return [{ place: clear, kind }];
  });
}

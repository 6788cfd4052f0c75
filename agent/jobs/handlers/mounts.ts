/** What a backup that stays on one file system leaves out: mounts and btrfs subvolumes, told by their device number. */
import { readFileSync } from "node:fs";
import { lstat, readdir } from "node:fs/promises";
import { join } from "node:path";
import { isAtOrBelow } from "../../restic/source-files.ts";
import { holdsOf, inTime, type LookRules } from "./path-look.ts";

export type Mount = { place: string; kind: string };

export type LeftOut = {
  /** File systems of this machine that hold files which somebody who named the path will miss. */
  missed: string[];
  /** All others: other machines' files, removable disks, what starts the machine. */
  others: string[];
};

type Asked = {
  includes: readonly string[];
  rules: LookRules;
  /** The person chose it for this group, and so knows: nothing is missed. */
  isWanted: boolean;
  /** Where a local repository lies; the disk below it is no source. */
  repository: string | null;
};

/** They hold nothing that could be restored. */
const NO_DATA = new Set(
  "proc sysfs devtmpfs devpts tmpfs cgroup cgroup2 mqueue debugfs tracefs securityfs pstore bpf configfs fusectl hugetlbfs autofs ramfs rpc_pipefs binfmt_misc efivarfs nsfs overlay squashfs fuse.lxcfs fuse.portal fuse.gvfsd-fuse".split(
    " ",
  ),
);
/** Files of another machine, or of a disc. */
const ELSEWHERE = new Set(
  "nfs nfs4 cifs smb3 smbfs 9p virtiofs ceph glusterfs afs lustre beegfs davfs iso9660 udf".split(" "),
);
/** By the Filesystem Hierarchy Standard: what an installation makes anew, and what is plugged in for a while. */
const APART = ["/boot", "/efi", "/media", "/run", "/cdrom"];
/** snapper keeps its copies of a subvolume there. */
const SNAPSHOTS = /\/\.snapshots(\/|$)/;
/** Subvolumes nobody mounted are looked for this deep, in so many folders. */
const SUBVOLUME_DEPTH = 3;
const MOST_FOLDERS = 5000;
/** The number of a subvolume's top folder. */
const SUBVOLUME_INODE = 256;

/** Outermost places only: what lies below them is left out with them. Never throws. */
export async function findLeftOut(asked: Asked, signal: AbortSignal, mounts = readMounts()): Promise<LeftOut> {
  return await inTime((given) => look(asked, mounts, given), { missed: [], others: [] }, signal);
}

async function look(asked: Asked, mounts: readonly Mount[], given: AbortSignal): Promise<LeftOut> {
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
      // A bind mount of the same device is read as any other folder.
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

/** They are not asked for their device number: a server that does not answer would hold the answer back. */
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
  let looked = 0;
  let level = [top];
  for (let depth = 0; depth < SUBVOLUME_DEPTH; depth++) {
    const next: string[] = [];
    for (const folder of level) {
      const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
      for (const entry of entries) {
        if (!entry.isDirectory()) continue;
        const path = join(folder, entry.name);
        looked++;
        if (looked > MOST_FOLDERS || given.aborted) return found;
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

/** The mount on which a path lies. */
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

/** In the order in which they were mounted: of several at one place the last is the one that is seen. */
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

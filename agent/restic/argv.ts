/** The arguments of every restic command that the agent runs. Pure; checked against golden files. */
import { type Retention, retentionArgs } from "../../shared/retention.ts";

/** KiB/s; null = as fast as it goes. */
export type RateLimits = { uploadLimit: number | null; downloadLimit: number | null };

export type BackupOrder = RateLimits & {
  do: "backup";
  tag: string;
  host: string;
  /** Files with one path or pattern per line. */
  includesFile: string;
  excludesFile: string;
  excludeCaches: boolean;
  oneFileSystem: boolean;
  logFiles: boolean;
  compression: "auto" | "off" | "max";
  /** null: the machine's own. */
  timeZone: string | null;
  os: "linux" | "windows";
};

export type ResticOrder =
  | BackupOrder
  | { do: "cat_config" }
  | { do: "init" }
  /** All snapshots, or one of them. */
  | { do: "snapshots"; snapshotId: string | null }
  | { do: "stats" }
  | { do: "unlock" }
  /** What a policy, never empty, would remove from one source group. */
  | { do: "preview_forget"; tag: string; host: string; retention: Retention }
  | { do: "forget"; snapshotIds: readonly string[] }
  | ({ do: "prune" } & RateLimits)
  /** Part n of t of the data, or only the repository's structure. */
  | ({ do: "check"; subset: { part: number; parts: number } | null } & RateLimits)
  | { do: "list_locks" }
  | { do: "cat_lock"; lockId: string }
  /** One directory, not recursive. */
  | { do: "ls"; snapshotId: string; path: string };

/**
 * The arguments are the same for every supported version (0.18.0 and later). None uses `--retry-lock`:
 * restic would wait silently and block the host's other jobs.
 * Repository, passwords and backend keys never appear here: they are passed in the environment. Ids and paths come after `--`.
 */
export function argvOf(order: ResticOrder): string[] {
  switch (order.do) {
    case "cat_config":
      return ["cat", "--json", "--no-lock", "config"];
    case "init":
      return ["init", "--json"];
    case "backup":
      return backupArgv(order);
    case "snapshots":
      return ["snapshots", "--json", "--no-lock", ...(order.snapshotId === null ? [] : ["--", order.snapshotId])];
    case "stats":
      return ["stats", "--json", "--no-lock", "--mode", "raw-data"];
    case "unlock":
      return ["unlock", "--json"];
    case "preview_forget":
      return previewForgetArgv(order);
    case "forget":
      return forgetArgv(order);
    case "prune":
      return ["prune", "--max-unused", "10%", "--max-repack-size", "20G", ...limits(order)];
    case "check":
      return [
        "check",
        "--json",
        ...(order.subset === null ? [] : ["--read-data-subset", `${order.subset.part}/${order.subset.parts}`]),
        ...limits(order),
      ];
    case "list_locks":
      return ["list", "--no-lock", "locks"];
    case "cat_lock":
      return ["cat", "--no-lock", "--", "lock", order.lockId];
    case "ls":
      return ["ls", "--json", "--no-lock", "--", order.snapshotId, order.path];
  }
}

function backupArgv(order: BackupOrder): string[] {
  const windows = order.os === "windows";
  return [
    "backup",
    "--json",
    ...(order.logFiles ? ["--verbose=2"] : []),
    "--tag",
    order.tag,
    "--host",
    order.host,
    // The parent snapshot is still found after the list of paths has changed.
    "--group-by",
    "host,tags",
    "--files-from-verbatim",
    order.includesFile,
    windows ? "--iexclude-file" : "--exclude-file",
    order.excludesFile,
    ...(order.excludeCaches ? ["--exclude-caches"] : []),
    ...(order.oneFileSystem && !windows ? ["--one-file-system"] : []),
    ...(windows ? ["--use-fs-snapshot", "--exclude-cloud-files"] : []),
    "--compression",
    order.compression,
    ...limits(order),
  ];
}

/** @throws for an empty policy, with which restic would not remove what was agreed. */
function previewForgetArgv({ tag, host, retention }: Extract<ResticOrder, { do: "preview_forget" }>): string[] {
  const policy = retentionArgs(retention);
  if (policy.length === 0) throw new Error("forget without a policy");
  const scope = [`--tag=${tag}`, `--host=${host}`, "--group-by", "host,tags"];
  // `=`: a tag or host that begins with a dash must not be read as a flag.
  return ["forget", "--json", "--dry-run", "--no-lock", ...scope, ...policy];
}

/** @throws for shortened ids, which may match another snapshot. */
function forgetArgv({ snapshotIds }: Extract<ResticOrder, { do: "forget" }>): string[] {
  const areWhole = snapshotIds.every((id) => /^[0-9a-f]{64}$/.test(id));
  if (snapshotIds.length === 0 || !areWhole) throw new Error("forget without whole snapshot ids");
  return ["forget", "--json", "--", ...snapshotIds];
}

/**
 * restic's time zone; null: the machine's own. A snapshot carries the zone's offset, by which its hours and
 * days count from then on. A dry run of forget uses UTC, so that it is the same on every machine.
 */
export function timeZoneOf(order: ResticOrder): string | null {
  if (order.do === "preview_forget") return "UTC";
  return order.do === "backup" ? order.timeZone : null;
}

function limits({ uploadLimit, downloadLimit }: RateLimits): string[] {
  return [...limit("--limit-upload", uploadLimit), ...limit("--limit-download", downloadLimit)];
}

function limit(flag: string, kibPerSecond: number | null): string[] {
  return kibPerSecond === null || kibPerSecond <= 0 ? [] : [flag, String(Math.ceil(kibPerSecond))];
}

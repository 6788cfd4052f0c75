/** The argument lists of every restic command that the agent runs. Pure; pinned by golden files. */
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
  /** One source group; its policy is never empty. */
  | { do: "forget"; tag: string; host: string; keep: Retention }
  | ({ do: "prune" } & RateLimits)
  /** Part n of t of the data, or only what describes it. */
  | ({ do: "check"; subset: { part: number; parts: number } | null } & RateLimits)
  | { do: "list_locks" }
  | { do: "cat_lock"; lockId: string }
  /** One directory, not recursive. */
  | { do: "ls"; snapshotId: string; path: string };

/** How long restic itself waits for a lock to go. */
const RETRY_LOCK = ["--retry-lock", "10m"];

/**
 * The list is the same for every version that we accept (0.18.0 and later).
 * Repository, passwords and backend keys never appear here: they go by environment. Ids and paths stand behind `--`.
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
    case "forget":
      return forgetArgv(order);
    case "prune":
      return ["prune", ...RETRY_LOCK, "--max-unused", "10%", "--max-repack-size", "20G", ...limits(order)];
    case "check":
      return [
        "check",
        "--json",
        ...RETRY_LOCK,
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
    ...RETRY_LOCK,
    "--tag",
    order.tag,
    "--host",
    order.host,
    // A changed list of paths still finds its parent snapshot.
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

/** @throws for an empty policy: restic would keep what nobody asked it to keep, or nothing. */
function forgetArgv({ tag, host, keep }: Extract<ResticOrder, { do: "forget" }>): string[] {
  const policy = retentionArgs(keep);
  if (policy.length === 0) throw new Error("forget without a policy");
  // `=`: a tag or a host that begins with a dash is no flag.
  return ["forget", "--json", ...RETRY_LOCK, `--tag=${tag}`, `--host=${host}`, "--group-by", "host,tags", ...policy];
}

function limits({ uploadLimit, downloadLimit }: RateLimits): string[] {
  return [...limit("--limit-upload", uploadLimit), ...limit("--limit-download", downloadLimit)];
}

function limit(flag: string, kibPerSecond: number | null): string[] {
  return kibPerSecond === null || kibPerSecond <= 0 ? [] : [flag, String(Math.ceil(kibPerSecond))];
}

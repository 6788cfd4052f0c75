/** The argument lists of every restic command that the agent runs. Pure; pinned by golden files. */

export type BackupOrder = {
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
  /** KiB/s */
  uploadLimit: number | null;
  downloadLimit: number | null;
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
    ...limit("--limit-upload", order.uploadLimit),
    ...limit("--limit-download", order.downloadLimit),
  ];
}

function limit(flag: string, kibPerSecond: number | null): string[] {
  return kibPerSecond === null || kibPerSecond <= 0 ? [] : [flag, String(Math.ceil(kibPerSecond))];
}

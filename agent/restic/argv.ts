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
  /** What a policy, never empty, would remove of one source group. */
  | { do: "preview_forget"; tag: string; host: string; retention: Retention }
  | { do: "forget"; snapshotIds: readonly string[] }
  | ({ do: "prune" } & RateLimits)
  /** Part n of t of the data, or only what describes it. */
  | ({ do: "check"; subset: { part: number; parts: number } | null } & RateLimits)
  | { do: "list_locks" }
  | { do: "cat_lock"; lockId: string }
  /** One directory, not recursive. */
  | { do: "ls"; snapshotId: string; path: string };

/**
 * The list is the same for every version that we accept (0.18.0 and later). None waits for a lock by `--retry-lock`:
 * restic would wait without a word, and keep the host from its other jobs.
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
function previewForgetArgv({ tag, host, retention }: Extract<ResticOrder, { do: "preview_forget" }>): string[] {
  const policy = retentionArgs(retention);
  if (policy.length === 0) throw new Error("forget without a policy");
  const scope = [`--tag=${tag}`, `--host=${host}`, "--group-by", "host,tags"];
  // `=`: a tag or a host that begins with a dash is no flag.
  return ["forget", "--json", "--dry-run", "--no-lock", ...scope, ...policy];
}

/** @throws without whole ids: a short one may name another snapshot. */
function forgetArgv({ snapshotIds }: Extract<ResticOrder, { do: "forget" }>): string[] {
  const areWhole = snapshotIds.every((id) => /^[0-9a-f]{64}$/.test(id));
  if (snapshotIds.length === 0 || !areWhole) throw new Error("forget without whole snapshot ids");
  return ["forget", "--json", "--", ...snapshotIds];
}

/**
 * By which clock restic works; null: the machine's own. A snapshot carries the clock's offset, by which its hours and
 * days count from then on. What forget would do is asked in UTC, so that it is the same on every machine.
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

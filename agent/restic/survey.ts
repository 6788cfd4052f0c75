/** Queries about a whole repository, shared by jobs and follow-ups: identity, snapshots, sizes. */
import type { ErrorCode } from "../../shared/jobs.ts";
import type { SnapshotRow } from "../../shared/protocol/fields.ts";
import type { ToServerPayload } from "../../shared/protocol/to-server.ts";
import { config, rawDataStats } from "../../shared/restic/repository.ts";
import { snapshotList } from "../../shared/restic/snapshots.ts";
import type { ResticOrder } from "./argv.ts";
import { readWhole } from "./output.ts";
import type { ResticResult } from "./restic.ts";
import { snapshotRow } from "./snapshot-row.ts";

/** Runs one command with its output captured. */
export type Ask = (order: ResticOrder) => Promise<ResticResult>;

export type RepoStats = ToServerPayload<"repo.stats">;

export type Answer<T> =
  | { is: "ok"; value: T }
  | { is: "stopped"; exitCode: number | null }
  | { is: "failed"; code: ErrorCode; message: string; exitCode: number | null };

/** The identity of a repository. */
export async function askConfig(ask: Ask): Promise<Answer<{ resticId: string; formatVersion: number }>> {
  return await askRestic(ask, { do: "cat_config" }, ({ stdout }) => {
    const found = readWhole(config, stdout);
    return found && { resticId: found.id, formatVersion: found.version };
  });
}

export type SnapshotList = {
  rows: SnapshotRow[];
  /** Ids of snapshots that exist but cannot be read, because their files are damaged. */
  unreadable: string[];
};

/** All snapshots, or the one with that id. restic skips unreadable ones with a message on stderr, and exits with 0. */
export async function askSnapshots(ask: Ask, snapshotId: string | null): Promise<Answer<SnapshotList>> {
  return await askRestic(ask, { do: "snapshots", snapshotId }, ({ stdout, unreadable }) => {
    const found = readWhole(snapshotList, stdout.trim() || "[]");
    return found === null ? null : { rows: found.map(snapshotRow), unreadable };
  });
}

/** Sizes of the repository; what a restore would write is taken from the newest snapshots' summaries. */
export async function askStats(ask: Ask, repoId: string, rows: SnapshotRow[], now: number): Promise<Answer<RepoStats>> {
  return await askRestic(ask, { do: "stats" }, ({ stdout }) => {
    const found = readWhole(rawDataStats, stdout);
    if (!found) return null;
    const newest = newestOfEach(rows);
    return {
      repo_id: repoId,
      measured_at: now,
      size_bytes: found.total_size,
      uncompressed_bytes: found.total_uncompressed_size ?? null,
      compression_ratio: found.compression_ratio ?? null,
      restore_size_bytes: sum(newest.map((row) => row.size_bytes)),
      file_count: sum(newest.map((row) => row.file_count)),
      snapshot_count: rows.length,
    };
  });
}

/** @param read null: restic's output is not understood. */
export async function askRestic<T>(
  ask: Ask,
  order: ResticOrder,
  read: (result: ResticResult) => T | null,
): Promise<Answer<T>> {
  const result = await ask(order);
  const { judgement, exitCode } = result;
  if (judgement.is === "failed") return { ...judgement, exitCode };
  if (judgement.is !== "ok") return { is: "stopped", exitCode };
  const value = read(result);
  if (value !== null) return { is: "ok", value };
  const message = `restic ${order.do.replace("_", " ")} gave unexpected output`;
  return { is: "failed", code: "internal", message, exitCode };
}

/** The newest snapshot of each host and set of tags. */
function newestOfEach(rows: SnapshotRow[]): SnapshotRow[] {
  const newest = new Map<string, SnapshotRow>();
  for (const row of rows) {
    const key = JSON.stringify([row.hostname, row.tags]);
    const before = newest.get(key);
    if (!before || before.time < row.time) newest.set(key, row);
  }
  return [...newest.values()];
}

function sum(values: (number | null)[]): number | null {
  return values.includes(null) ? null : values.reduce<number>((total, value) => total + (value ?? 0), 0);
}

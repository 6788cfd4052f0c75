/** Questions about a whole repository that jobs and follow-ups both ask: identity, locks, snapshots, sizes. */
import type { ErrorCode } from "../../shared/jobs.ts";
import type { Lock, SnapshotRow } from "../../shared/protocol/fields.ts";
import type { ToServerPayload } from "../../shared/protocol/to-server.ts";
import { config, lock, rawDataStats } from "../../shared/restic/repository.ts";
import { snapshotList } from "../../shared/restic/snapshots.ts";
import { clip } from "../words.ts";
import type { ResticOrder } from "./argv.ts";
import { readWhole } from "./output.ts";
import type { ResticResult } from "./restic.ts";
import { snapshotRow, timeOf } from "./snapshot-row.ts";

/** Runs one command with its output captured. */
export type Ask = (order: ResticOrder) => Promise<ResticResult>;

export type RepoStats = ToServerPayload<"repo.stats">;

export type Answer<T> =
  | { is: "ok"; value: T }
  | { is: "stopped"; exitCode: number | null }
  | { is: "failed"; code: ErrorCode; message: string; exitCode: number | null };

const MAX_LOCKS = 10;

/** Who this repository is. */
export async function askConfig(ask: Ask): Promise<Answer<{ resticId: string; formatVersion: number }>> {
  return await answer(ask, { do: "cat_config" }, (stdout) => {
    const found = readWhole(config, stdout);
    return found && { resticId: found.id, formatVersion: found.version };
  });
}

export async function askSnapshots(ask: Ask, snapshotId: string | null): Promise<Answer<SnapshotRow[]>> {
  return await answer(ask, { do: "snapshots", snapshotId }, (stdout) => {
    const found = readWhole(snapshotList, stdout.trim() || "[]");
    return found === null ? null : found.map(snapshotRow);
  });
}

/** The locks there are now, up to ten; null when they could not be listed. */
export async function askLocks(ask: Ask): Promise<Lock[] | null> {
  const listed = await ask({ do: "list_locks" });
  if (listed.judgement.is !== "ok") return null;
  const ids = listed.stdout.split("\n").filter((line) => /^[0-9a-f]{64}$/.test(line.trim()));
  const locks: Lock[] = [];
  for (const lockId of ids.slice(0, MAX_LOCKS)) {
    const { judgement, stdout } = await ask({ do: "cat_lock", lockId });
    const found = judgement.is === "ok" ? readWhole(lock, stdout) : null;
    const time = found && timeOf(found.time);
    if (!found || time === null) continue;
    const { exclusive, hostname, username, pid } = found;
    locks.push({
      lock_id: lockId,
      time,
      exclusive,
      hostname: clip(hostname, 255),
      username: clip(username, 255),
      pid,
    });
  }
  return locks;
}

/** Sizes of the repository; what a restore would write comes from the newest snapshots' own summaries. */
export async function askStats(ask: Ask, repoId: string, rows: SnapshotRow[], now: number): Promise<Answer<RepoStats>> {
  return await answer(ask, { do: "stats" }, (stdout) => {
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

async function answer<T>(ask: Ask, order: ResticOrder, read: (stdout: string) => T | null): Promise<Answer<T>> {
  const result = await ask(order);
  const { judgement, exitCode } = result;
  if (judgement.is === "failed") return { ...judgement, exitCode };
  if (judgement.is !== "ok") return { is: "stopped", exitCode };
  const value = read(result.stdout);
  if (value !== null) return { is: "ok", value };
  const message = `restic ${order.do.replace("_", " ")} gave an answer that this agent does not understand`;
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

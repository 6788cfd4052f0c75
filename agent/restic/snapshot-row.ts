/** Converts restic's snapshots to the protocol's form: limited texts, times in Unix ms, complete lists in parts. Pure. */
import { newId } from "../../shared/ids.ts";
import type { SnapshotRow } from "../../shared/protocol/fields.ts";
import { MAX_BATCH_BYTES } from "../../shared/protocol/version.ts";
import type { BackupSummary } from "../../shared/restic/backup.ts";
import type { Snapshot } from "../../shared/restic/snapshots.ts";
import { readTime } from "../../shared/restic/time.ts";
import type { DurableMessage } from "../outbox/outbox.ts";
import { clip } from "../words.ts";

const MAX_PATHS = 2000;
const MAX_TAGS = 200;
const MAX_ROWS_PER_PART = 5000;
/** Further paths are left out of a row, so that a row always fits into a part. */
const MAX_PATH_BYTES = 64 * 1024;

export function snapshotRow(snapshot: Snapshot): SnapshotRow {
  const { summary } = snapshot;
  const dated = readTime(snapshot.time);
  return {
    snapshot_id: snapshot.id,
    time: dated?.time ?? 0,
    ...(dated ? { utc_offset_minutes: dated.utcOffsetMinutes } : {}),
    hostname: clip(snapshot.hostname, 255),
    username: clip(snapshot.username, 255),
    paths: boundedPaths(snapshot.paths ?? []),
    tags: (snapshot.tags ?? []).slice(0, MAX_TAGS).map((tag) => clip(tag, 200)),
    parent: /^[0-9a-f]{64}$/.test(snapshot.parent ?? "") ? (snapshot.parent ?? null) : null,
    program_version: snapshot.program_version ? clip(snapshot.program_version, 200) : null,
    size_bytes: summary?.total_bytes_processed ?? null,
    file_count: summary?.total_files_processed ?? null,
    added_bytes: summary?.data_added_packed ?? summary?.data_added ?? null,
  };
}

export type BackupFacts = { host: string; username: string; paths: string[]; tag: string; resticVersion: string };

/** The row of a new snapshot, from the backup's summary; null when none was saved. */
export function rowOfSummary(summary: BackupSummary, facts: BackupFacts, now: number): SnapshotRow | null {
  if (!/^[0-9a-f]{64}$/.test(summary.snapshot_id ?? "")) return null;
  return snapshotRow({
    id: summary.snapshot_id!,
    time: summary.backup_start ?? new Date(now).toISOString(),
    hostname: facts.host,
    username: facts.username,
    paths: facts.paths,
    tags: [facts.tag],
    program_version: `restic ${facts.resticVersion}`,
    summary,
  });
}

/** A complete list, in parts that fit into a frame. An empty list is also reported. */
export function reportMessages(
  repoId: string,
  { rows, unreadable }: { rows: SnapshotRow[]; unreadable: string[] },
  takenAt: number,
): DurableMessage[] {
  const parts: SnapshotRow[][] = [[]];
  let bytes = 0;
  for (const row of rows) {
    const size = Buffer.byteLength(JSON.stringify(row));
    if (parts.at(-1)!.length > 0 && (bytes + size > MAX_BATCH_BYTES || parts.at(-1)!.length >= MAX_ROWS_PER_PART)) {
      parts.push([]);
      bytes = 0;
    }
    parts.at(-1)!.push(row);
    bytes += size;
  }
  const reportId = newId();
  return parts.map((snapshots, index) => ({
    type: "snapshots.report",
    payload: {
      repo_id: repoId,
      report_id: reportId,
      taken_at: takenAt,
      part: index + 1,
      parts: parts.length,
      snapshots,
      ...(unreadable.length > 0 ? { unreadable } : {}),
    },
  }));
}

function boundedPaths(paths: string[]): string[] {
  const kept: string[] = [];
  let bytes = 0;
  for (const path of paths.slice(0, MAX_PATHS)) {
    bytes += Buffer.byteLength(path);
    if (bytes > MAX_PATH_BYTES) break;
    kept.push(clip(path, 4096));
  }
  return kept;
}

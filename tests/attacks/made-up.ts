/** What a host may claim without it being true: jobs, snapshots and lists of them. */
import { newId } from "../../shared/ids.ts";
import type { JobKind } from "../../shared/jobs.ts";
import type { SnapshotRow } from "../../shared/protocol/fields.ts";
import type { ToServerPayload } from "../../shared/protocol/to-server.ts";
import type { JobFields } from "../testbed/simulated-agent.ts";

/** A job that the host makes up, as if the server had ordered it. */
export function madeUp(kind: JobKind, repoId: string, changes: Partial<JobFields> = {}): JobFields {
  const open = { schedule_id: null, attempt: 1, actor_kind: "system" as const, scheduled_at: null };
  return { job_id: newId(), kind, repo_id: repoId, source_group_id: null, ...open, queued_at: Date.now(), ...changes };
}

export function snapshotRow(at: number, changes: Partial<SnapshotRow> = {}): SnapshotRow {
  return {
    snapshot_id: at.toString(16).padStart(64, "0"),
    time: at,
    utc_offset_minutes: 0,
    hostname: "host",
    username: "root",
    paths: ["/srv"],
    tags: ["default"],
    parent: null,
    program_version: "restic 0.19.1",
    size_bytes: 1000,
    file_count: 3,
    added_bytes: 10,
    ...changes,
  };
}

/** A complete list in one part. */
export function listOf(
  repoId: string,
  snapshots: SnapshotRow[],
  changes: Partial<ToServerPayload<"snapshots.report">> = {},
): ToServerPayload<"snapshots.report"> {
  return { repo_id: repoId, report_id: newId(), taken_at: Date.now(), part: 1, parts: 1, snapshots, ...changes };
}

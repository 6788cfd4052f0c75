// The figures of a finished job, from restic's summary.
import type { Child } from "hono/jsx";
import type { JobRow } from "../../db/schema/jobs.ts";
import { Figures } from "../components/panels.tsx";
import { formatBytes, formatCount, formatDuration } from "../format.ts";
import type { View } from "../view.ts";
import { CheckTable, ForgetTables } from "./tables.tsx";

type Format = (value: number) => string;

/** restic's own keys, in display order. */
const BACKUP_FIGURES: readonly (readonly [key: string, label: string, format: Format])[] = [
  ["files_new", "New files", formatCount],
  ["files_changed", "Changed files", formatCount],
  ["files_unmodified", "Unchanged files", formatCount],
  ["total_bytes_processed", "Data processed", formatBytes],
  ["data_added", "Data added", formatBytes],
  ["data_added_packed", "Stored (compressed)", formatBytes],
];

const OTHER_FIGURES: readonly (readonly [key: string, label: string, format: Format])[] = [
  ["total_size", "Repo size", formatBytes],
  ["total_uncompressed_size", "Uncompressed", formatBytes],
  ["total_blob_count", "Blobs", formatCount],
  ["snapshots_count", "Snapshots", formatCount],
  ["total_file_count", "Files", formatCount],
];

const MAINTENANCE_FIGURES: readonly (readonly [key: string, label: string, format: Format])[] = [
  ["snapshots_removed", "Snapshots removed", formatCount],
  ["snapshots_after", "Snapshots kept", formatCount],
  ["freed_bytes", "Freed", formatBytes],
  ["repacked_bytes", "Repacked", formatBytes],
  ["remaining_bytes", "Remaining in the repo", formatBytes],
  ["unused_bytes", "Unused, kept", formatBytes],
  ["errors", "Errors", formatCount],
  ["read_part", "Part read", formatCount],
  ["read_parts", "Total parts", formatCount],
  ["locks_removed", "Stale locks removed", formatCount],
  ["locks_left", "Locks remaining", formatCount],
];

const FIGURES: Partial<Record<JobRow["kind"], typeof BACKUP_FIGURES>> = {
  backup: BACKUP_FIGURES,
  forget: MAINTENANCE_FIGURES,
  prune: MAINTENANCE_FIGURES,
  check: MAINTENANCE_FIGURES,
  unlock: MAINTENANCE_FIGURES,
};

export function StatsSection({
  job,
  view,
}: {
  view: View;
  job: Pick<JobRow, "kind" | "stats" | "startedAt" | "finishedAt">;
}) {
  const { stats } = job;
  if (!stats) return null;
  const wanted = FIGURES[job.kind] ?? OTHER_FIGURES;
  const figures = wanted.flatMap(([key, label, format]): (readonly [string, Child])[] => {
    const value = stats[key];
    return typeof value === "number" ? [[label, format(value)]] : [];
  });
  if (job.startedAt !== null && job.finishedAt !== null && figures.length > 0)
    figures.push(["Duration", formatDuration(job.finishedAt - job.startedAt)]);
  if (figures.length === 0) return null;
  return (
    <section class="run rows-wide" aria-label="Figures">
      <Figures facts={figures} />
      {typeof stats.snapshot_id === "string" ? (
        <p class="t2">
          Snapshot <code>{stats.snapshot_id.slice(0, 8)}</code>
        </p>
      ) : null}
      {job.kind === "forget" ? <ForgetTables stats={stats} view={view} /> : null}
      {job.kind === "check" ? <CheckTable stats={stats} /> : null}
    </section>
  );
}

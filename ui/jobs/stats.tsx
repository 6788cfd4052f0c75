// The figures of a finished job: restic's summary in words, and the files that could not be read.
import type { Child } from "hono/jsx";
import type { JobRow } from "../../db/schema/jobs.ts";
import type { JobStats } from "../../shared/protocol/fields.ts";
import { Figures, Notice } from "../components/panels.tsx";
import { formatBytes, formatCount, formatDuration, formatPlural } from "../format.ts";
import type { View } from "../view.ts";
import { CheckTable, ForgetTables } from "./tables.tsx";

type Format = (value: number) => string;

/** restic's own names, in the order in which they are shown. */
const BACKUP_FIGURES: readonly (readonly [key: string, label: string, format: Format])[] = [
  ["files_new", "New files", formatCount],
  ["files_changed", "Changed files", formatCount],
  ["files_unmodified", "Unchanged files", formatCount],
  ["total_bytes_processed", "Data looked at", formatBytes],
  ["data_added", "Data added", formatBytes],
  ["data_added_packed", "Stored, compressed", formatBytes],
];

const OTHER_FIGURES: readonly (readonly [key: string, label: string, format: Format])[] = [
  ["total_size", "In the repo", formatBytes],
  ["total_uncompressed_size", "Uncompressed", formatBytes],
  ["total_blob_count", "Blobs", formatCount],
  ["snapshots_count", "Snapshots", formatCount],
  ["total_file_count", "Files", formatCount],
];

const MAINTENANCE_FIGURES: readonly (readonly [key: string, label: string, format: Format])[] = [
  ["snapshots_removed", "Snapshots removed", formatCount],
  ["snapshots_after", "Snapshots left", formatCount],
  ["freed_bytes", "Freed", formatBytes],
  ["repacked_bytes", "Packed anew", formatBytes],
  ["remaining_bytes", "Left in the repo", formatBytes],
  ["unused_bytes", "Unused, left for later", formatBytes],
  ["errors", "Errors", formatCount],
  ["read_part", "Part read", formatCount],
  ["read_parts", "Of parts", formatCount],
  ["locks_removed", "Stale locks removed", formatCount],
  ["locks_left", "Locks left", formatCount],
];

const FIGURES: Partial<Record<JobRow["kind"], typeof BACKUP_FIGURES>> = {
  backup: BACKUP_FIGURES,
  forget: MAINTENANCE_FIGURES,
  prune: MAINTENANCE_FIGURES,
  check: MAINTENANCE_FIGURES,
  unlock: MAINTENANCE_FIGURES,
};

const SHOWN_PATHS = 20;

export function StatsSection({
  job,
  view,
}: {
  view: View;
  job: Pick<JobRow, "kind" | "stats" | "warnings" | "startedAt" | "finishedAt">;
}) {
  const { stats } = job;
  if (!stats) return null;
  const wanted = FIGURES[job.kind] ?? OTHER_FIGURES;
  const figures = wanted.flatMap(([key, label, format]): (readonly [string, Child])[] => {
    const value = stats[key];
    return typeof value === "number" ? [[label, format(value)]] : [];
  });
  if (job.startedAt !== null && job.finishedAt !== null && figures.length > 0)
    figures.push(["Took", formatDuration(job.finishedAt - job.startedAt)]);
  const unreadable = textsOf(stats.unreadable_paths);
  if (figures.length === 0 && unreadable.length === 0) return null;
  return (
    <section class="run rows-wide" aria-label="Figures">
      {figures.length > 0 ? <Figures facts={figures} /> : null}
      {typeof stats.snapshot_id === "string" ? (
        <p class="t2">
          Snapshot <code>{stats.snapshot_id.slice(0, 8)}</code>
        </p>
      ) : null}
      {job.kind === "forget" ? <ForgetTables stats={stats} view={view} /> : null}
      {job.kind === "check" ? <CheckTable stats={stats} /> : null}
      {unreadable.length > 0 ? <Unreadable paths={unreadable} total={job.warnings} /> : null}
    </section>
  );
}

function textsOf(value: JobStats[string] | undefined): string[] {
  return Array.isArray(value) ? value.filter((one) => typeof one === "string") : [];
}

function Unreadable({ paths, total }: { paths: readonly string[]; total: number }) {
  const more = Math.max(total, paths.length) - Math.min(paths.length, SHOWN_PATHS);
  return (
    <Notice
      glyph="warning"
      reason={`${formatPlural(Math.max(total, paths.length), "file")} could not be read and ${total === 1 ? "is" : "are"} not in the snapshot.`}
    >
      Give the agent the right to read them, or exclude them in the source group.
      <ul class="paths">
        {paths.slice(0, SHOWN_PATHS).map((path) => (
          <li>
            <code>{path}</code>
          </li>
        ))}
        {more > 0 ? <li class="meta">and {formatCount(more)} more, in the log</li> : null}
      </ul>
    </Notice>
  );
}

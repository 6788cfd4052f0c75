// Tables of what a forget job removed and kept, and of what a check found.
import type { JobRow } from "../../db/schema/jobs.ts";
import type { JobStats, StatsRow } from "../../shared/protocol/fields.ts";
import { Badge } from "../components/status.tsx";
import { formatCount, formatPlural } from "../format.ts";
import type { View } from "../view.ts";

const FATES: Record<string, { glyph: "cancelled" | "failed" | "ok"; word: string }> = {
  removed: { glyph: "cancelled", word: "removed" },
  refused: { glyph: "failed", word: "not removed" },
  kept: { glyph: "ok", word: "kept" },
};
const SHOWN_KEPT = 30;

/** The rows of a table in the figures; empty for any other value. */
function rowsOf(value: JobStats[string] | undefined): StatsRow[] {
  return Array.isArray(value) ? value.filter((one): one is StatsRow => typeof one === "object") : [];
}

function wordsOf(value: StatsRow[string] | undefined): string {
  return typeof value === "string" ? value : typeof value === "number" ? formatCount(value) : "";
}

export function ForgetTables({ stats, view }: { stats: NonNullable<JobRow["stats"]>; view: View }) {
  const groups = rowsOf(stats.groups);
  const snapshots = rowsOf(stats.snapshots);
  const removed = snapshots.filter(({ fate }) => fate !== "kept");
  const kept = snapshots.filter(({ fate }) => fate === "kept");
  const total = typeof stats.snapshots_kept === "number" ? stats.snapshots_kept : kept.length;
  if (groups.length === 0) return null;
  return (
    <div class="rows-wide">
      <table class="table stack">
        <caption class="vh">Per source group</caption>
        <thead>
          <tr>
            <th scope="col">Tag</th>
            <th scope="col">Host</th>
            <th scope="col" class="num">
              Removed
            </th>
            <th scope="col" class="num">
              Kept
            </th>
          </tr>
        </thead>
        <tbody>
          {groups.map((group) => (
            <tr>
              <td class="first">
                <code>{wordsOf(group.tag)}</code>
              </td>
              <td data-th="Host">
                <code>{wordsOf(group.host)}</code>
              </td>
              <td data-th="Removed" class="num">
                <span class="mono">{wordsOf(group.removed)}</span>
              </td>
              <td data-th="Kept" class="num">
                <span class="mono">{wordsOf(group.kept)}</span>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {removed.length > 0 ? <Snapshots rows={removed} caption="Removed" view={view} /> : null}
      {kept.length > 0 ? (
        <details class="fold">
          <summary>
            {formatPlural(total, "snapshot")} kept, with the rules that keep them
            {total > SHOWN_KEPT ? ` (first ${SHOWN_KEPT} shown)` : ""}
          </summary>
          <Snapshots rows={kept.slice(0, SHOWN_KEPT)} caption="Kept" view={view} />
        </details>
      ) : null}
    </div>
  );
}

function Snapshots({ rows, caption, view }: { rows: readonly StatsRow[]; caption: string; view: View }) {
  return (
    <table class="table stack">
      <caption class="vh">{caption}</caption>
      <thead>
        <tr>
          <th scope="col">Snapshot</th>
          <th scope="col">Created</th>
          <th scope="col">Tag</th>
          <th scope="col">Result</th>
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr>
            <td class="first">
              <code>{wordsOf(row.id)}</code>
            </td>
            <td data-th="Created">{typeof row.time === "number" ? view.dates.full(row.time) : "–"}</td>
            <td data-th="Tag">
              <code>{wordsOf(row.tag)}</code>
            </td>
            <td data-th="Result">
              <Badge glyph={FATES[wordsOf(row.fate)]?.glyph ?? "idle"}>
                {FATES[wordsOf(row.fate)]?.word ?? wordsOf(row.fate)}
              </Badge>
              {wordsOf(row.reasons) ? <small>{wordsOf(row.reasons)}</small> : null}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

export function CheckTable({ stats }: { stats: NonNullable<JobRow["stats"]> }) {
  const findings = Array.isArray(stats.findings) ? stats.findings.filter((one) => typeof one === "string") : [];
  if (findings.length === 0) return null;
  return (
    <table class="table stack found">
      <caption class="vh">Findings</caption>
      <thead>
        <tr>
          <th scope="col">Findings</th>
        </tr>
      </thead>
      <tbody>
        {findings.map((finding) => (
          <tr>
            <td class="first wide">
              <code>{finding}</code>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

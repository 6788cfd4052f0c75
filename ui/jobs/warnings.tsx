// A job's warnings: each cause with what happened, the paths affected, and what to do.
import type { JobRow } from "../../db/schema/jobs.ts";
import type { JobStats, WarningCause } from "../../shared/protocol/fields.ts";
import { countWarnings } from "../../shared/warnings.ts";
import { Notice } from "../components/panels.tsx";
import { formatCount, formatPlural } from "../format.ts";
import { causeInFull } from "./warning-words.ts";

const SHOWN_PATHS = 20;

export function WarningNotices({ job }: { job: Pick<JobRow, "warnings" | "warningCauses" | "stats"> }) {
  const causes = job.warningCauses ?? [];
  const rest = job.warnings - countWarnings(causes);
  if (causes.length === 0 && rest <= 0) return null;
  return (
    <section class="run rows-wide" aria-label="Warnings">
      {causes.map((cause) => (
        <CauseNotice cause={cause} />
      ))}
      {rest > 0 ? <Untold count={rest} paths={textsOf(job.stats?.unreadable_paths)} /> : null}
    </section>
  );
}

function CauseNotice({ cause }: { cause: WarningCause }) {
  const { reason, remedy } = causeInFull(cause);
  return (
    <Notice glyph="warning" reason={reason}>
      {remedy}
      <Paths paths={cause.paths} total={cause.count} />
    </Notice>
  );
}

/** Warnings from an older agent that reports no causes. */
function Untold({ count, paths }: { count: number; paths: readonly string[] }) {
  return (
    <Notice glyph="warning" reason={`${formatPlural(count, "warning")}.`}>
      See the log for details.
      <Paths paths={paths} total={paths.length} />
    </Notice>
  );
}

function Paths({ paths, total }: { paths: readonly string[]; total: number }) {
  if (paths.length === 0) return null;
  const more = total - Math.min(paths.length, SHOWN_PATHS);
  return (
    <ul class="paths">
      {paths.slice(0, SHOWN_PATHS).map((path) => (
        <li>
          <code>{path}</code>
        </li>
      ))}
      {more > 0 ? <li class="meta">and {formatCount(more)} more, in the log</li> : null}
    </ul>
  );
}

function textsOf(value: JobStats[string] | undefined): string[] {
  return Array.isArray(value) ? value.filter((one) => typeof one === "string") : [];
}

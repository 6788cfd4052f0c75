// A job's log as first rendered: its first and last lines. The browser script streams the rest into the same list.
import type { JobLogRow, JobRow } from "../../db/schema/jobs.ts";
import { isFinal } from "../../shared/jobs.ts";
import { OpenButton } from "../components/button.tsx";
import { Menu } from "../components/floats.tsx";
import { Icon } from "../components/icon.tsx";
import { formatCount, formatPlural } from "../format.ts";
import type { View } from "../view.ts";

export type LogLine = Omit<JobLogRow, "jobId">;

export type JobLogProps = {
  job: Pick<JobRow, "id" | "status" | "logLines">;
  log: {
    head: readonly LogLine[];
    /** Lines between head and tail, left out at first. */
    skipped: { afterSeq: number; count: number } | null;
    tail: readonly LogLine[];
    /** True if the lines were deleted because of their age. */
    expired: boolean;
  };
};

export function JobLog({ job, log, view }: JobLogProps & { view: View }) {
  const last = log.tail.at(-1)?.seq ?? log.head.at(-1)?.seq ?? 0;
  return (
    <section
      class="log"
      id="log"
      aria-label="Log"
      data-job={job.id}
      data-after={last}
      data-ended={isFinal(job.status) ? "" : undefined}
      hx-morph-skip=""
    >
      <div class="log-bar">
        <h2>Log</h2>
        <span class="meta" id="log-count">
          {formatPlural(job.logLines, "line")}
        </span>
        <div class="bar-end">
          <span class="with-icon needs-script">
            <Icon name="search" />
            <input
              class="input"
              type="search"
              id="log-search"
              placeholder="Search log"
              aria-label="Search log"
              data-filter=""
            />
          </span>
          <label class="switch needs-script">
            {/* biome-ignore lint/a11y/useAriaPropsForRole: a checkbox carries its state itself */}
            <input type="checkbox" role="switch" id="log-follow" checked={!isFinal(job.status)} />
            Follow
          </label>
          <OpenButton popover="log-download" quiet icon="download" chevron>
            Download
          </OpenButton>
          <Menu id="log-download" label="Download log">
            <a role="menuitem" href={`/api/jobs/${job.id}/log.txt`} download="">
              <Icon name="download" />
              Text
            </a>
            <a role="menuitem" href={`/api/jobs/${job.id}/log.ndjson`} download="">
              <Icon name="download" />
              NDJSON
            </a>
          </Menu>
        </div>
      </div>
      <div class="log-lines" id="log-lines" role="log" aria-live="off" aria-label="Log lines" tabindex={0}>
        <ol id="log-list">
          {log.head.map((line) => (
            <LogItem line={line} view={view} />
          ))}
          {log.skipped ? (
            <li class="gap" data-after={log.skipped.afterSeq} data-count={log.skipped.count}>
              <button class="btn btn-s btn-quiet" type="button">
                <Icon name="chevrons-up-down" />
                {formatCount(log.skipped.count)} lines
              </button>
            </li>
          ) : null}
          {log.tail.map((line) => (
            <LogItem line={line} view={view} />
          ))}
        </ol>
        <ol id="log-hits" hidden />
        <p class="log-empty meta" id="log-empty" hidden={job.logLines > 0}>
          {log.expired ? "This log has expired. The job’s figures are kept." : "No log lines yet."}
        </p>
      </div>
      <button class="btn btn-s log-end" type="button" id="log-end" hidden>
        <Icon name="arrow-down-to-line" />
        <span>Jump to end</span>
      </button>
    </section>
  );
}

function LogItem({ line, view }: { line: LogLine; view: View }) {
  return (
    <li class={line.stream === "stdout" ? undefined : line.stream} data-seq={line.seq}>
      <time>{view.dates.clock(line.ts)}</time>
      <span class="src">{line.stream}</span>
      <p>{line.payload}</p>
    </li>
  );
}

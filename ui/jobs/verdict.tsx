// The first sentence of a job's page.
import type { Child } from "hono/jsx";
import type { JobRow } from "../../db/schema/jobs.ts";
import type { HostStatus } from "../../shared/hosts.ts";
import { savedNothing } from "../../shared/warnings.ts";
import type { GlyphName } from "../components/glyph.tsx";
import { Verdict } from "../components/status.tsx";
import { Near } from "../components/time.tsx";
import { formatDuration, formatPlural } from "../format.ts";
import { hostPath } from "../links.ts";
import type { View } from "../view.ts";
import { type Progress, shareInWords } from "./progress-words.ts";
import { causesInWords } from "./warning-words.ts";

export type JobVerdictFacts = {
  job: JobRow;
  title: string;
  host: { id: string; name: string; status: HostStatus };
  progress: Progress | null;
  ahead: number | null;
};

export function JobVerdict({ job, title, host, progress, ahead, view }: JobVerdictFacts & { view: View }) {
  const hostLink = (
    <a href={hostPath(host.id)}>
      <code>{host.name}</code>
    </a>
  );
  const what = (
    <>
      {title} on {hostLink}
    </>
  );
  switch (job.status) {
    case "queued":
      return <Waiting job={job} title={title} host={host} ahead={ahead} what={what} view={view} />;
    case "running":
      return (
        <Verdict glyph="running" quiet>
          {what} is running
          <span data-progress="verdict">{shareInWords(progress)}</span>.
        </Verdict>
      );
    case "succeeded":
      return (
        <Ended glyph={job.warnings > 0 ? "warning" : "ok"} job={job} view={view}>
          {what} {job.kind === "backup" && savedNothing(job.stats) ? "saved no files" : succeededInWords(job)}.
        </Ended>
      );
    case "failed":
      return (
        <Ended glyph="failed" job={job} view={view}>
          {what} failed.
        </Ended>
      );
    case "cancelled":
      return (
        <Ended glyph="cancelled" job={job} view={view}>
          {what} was cancelled.
        </Ended>
      );
  }
}

function succeededInWords({ warnings, warningCauses }: JobRow): string {
  return warnings > 0 ? `succeeded with warnings: ${causesInWords(warningCauses ?? [], warnings)}` : "succeeded";
}

/** They work the repo server hard, so the others wait. */
const HEAVY = new Set<JobRow["kind"]>(["forget", "prune", "check"]);

function Waiting(props: Pick<JobVerdictFacts, "job" | "title" | "host" | "ahead"> & { what: Child; view: View }) {
  const { job, title, host, ahead, what, view } = props;
  const until =
    job.expiresAt === null ? null : (
      <>
        It runs as soon as it can{HEAVY.has(job.kind) ? ", two such jobs at a time on one repo server" : ""}, until{" "}
        <Near at={job.expiresAt} view={view} />.
      </>
    );
  if (host.status === "offline")
    return (
      <Verdict glyph="queued" sub={until}>
        {title} waits for{" "}
        <a href={hostPath(host.id)}>
          <code>{host.name}</code>
        </a>{" "}
        to come online.
      </Verdict>
    );
  return (
    <Verdict glyph="queued" sub={until}>
      {what} waits{ahead ? `, ${formatPlural(ahead, "job runs", "jobs run")} before it` : ""}.
    </Verdict>
  );
}

function Ended(props: { glyph: GlyphName; job: JobRow; view: View; children: Child }) {
  const { glyph, job, view } = props;
  const took =
    job.startedAt !== null && job.finishedAt !== null ? `${formatDuration(job.finishedAt - job.startedAt)}, ` : "";
  return (
    <Verdict
      glyph={glyph}
      sub={
        <>
          {job.errorMessage ? `${job.errorMessage} ` : ""}
          <span class="t3">
            {took}
            {job.finishedAt === null ? (
              ""
            ) : (
              <>
                ended <Near at={job.finishedAt} view={view} />
              </>
            )}
          </span>
        </>
      }
    >
      {props.children}
    </Verdict>
  );
}

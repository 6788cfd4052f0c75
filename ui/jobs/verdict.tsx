// The verdict of a job's page.
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
  /** The job is not sent until a deletion hold is released. */
  isDeletionHeld: boolean;
};

export function JobVerdict({ view, ...facts }: JobVerdictFacts & { view: View }) {
  const { job, title, host, progress } = facts;
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
      return <Waiting {...facts} what={what} view={view} />;
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

/** Kinds that put heavy load on the repo server, so few of them run at a time. */
const HEAVY = new Set<JobRow["kind"]>(["forget", "prune", "check"]);

function Waiting(props: JobVerdictFacts & { what: Child; view: View }) {
  const { job, title, host, ahead, isDeletionHeld, what, view } = props;
  const until =
    job.expiresAt === null ? null : (
      <>
        {HEAVY.has(job.kind) ? "At most two such jobs run at a time on one repo server. " : ""}Expires{" "}
        <Near at={job.expiresAt} view={view} />.
      </>
    );
  if (isDeletionHeld)
    return (
      <Verdict glyph="queued" sub={until}>
        {what} is waiting, because deletion is held.
      </Verdict>
    );
  if (host.status === "offline")
    return (
      <Verdict glyph="queued" sub={until}>
        {title} is waiting for{" "}
        <a href={hostPath(host.id)}>
          <code>{host.name}</code>
        </a>{" "}
        to come online.
      </Verdict>
    );
  return (
    <Verdict glyph="queued" sub={until}>
      {what} is waiting{ahead ? `, behind ${formatPlural(ahead, "other job")}` : ""}.
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

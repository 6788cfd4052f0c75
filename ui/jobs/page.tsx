// The page of a job: status, progress or figures, and log.
import type { JobRow } from "../../db/schema/jobs.ts";
import type { HostStatus } from "../../shared/hosts.ts";
import { isFinal } from "../../shared/jobs.ts";
import { LinkButton, OpenButton, Verb } from "../components/button.tsx";
import { ConfirmDialog } from "../components/floats.tsx";
import { Crumbs, FactRows, Notice } from "../components/panels.tsx";
import { Badge } from "../components/status.tsx";
import { Clock, Near } from "../components/time.tsx";
import { formatBytes, formatDuration } from "../format.ts";
import { Page, PageHead } from "../layout.tsx";
import { hostPath } from "../links.ts";
import { may, type View } from "../view.ts";
import { JobLog, type JobLogProps } from "./log.tsx";
import { JobProgress } from "./progress.tsx";
import type { Progress } from "./progress-words.ts";
import { StatsSection } from "./stats.tsx";
import { JobVerdict } from "./verdict.tsx";
import { WarningNotices } from "./warnings.tsx";
import { actorInWords, kindInWords, stateOf, titleOf } from "./words.tsx";

export type JobPageProps = {
  job: JobRow;
  host: { id: string; name: string; status: HostStatus };
  repo: { id: string; name: string; hostId: string } | null;
  group: { id: string; name: string } | null;
  actorName: string | null;
  /** The latest progress the agent has reported; null if none yet. */
  progress: Progress | null;
  /** Jobs that its host runs before this one; null if it is not waiting. */
  ahead: number | null;
  isDeletionHeld: boolean;
  log: JobLogProps["log"];
  /** Earlier runs of the same group or kind, newest first. */
  earlier: readonly (Pick<
    JobRow,
    "id" | "status" | "warnings" | "warningCauses" | "acceptedAt" | "startedAt" | "finishedAt"
  > & {
    addedBytes: number | null;
  })[];
};

export function JobPage({ view, ...data }: JobPageProps & { view: View }) {
  const { job, host, repo, group, progress } = data;
  const title = titleOf({ kind: job.kind, groupName: group?.name ?? null, repoName: repo?.name ?? null });
  const final = isFinal(job.status);
  return (
    <Page
      view={view}
      title={`${title} on ${host.name}`}
      script={view.assets.jobScript}
      {...(final ? {} : { live: `/jobs/${job.id}` })}
    >
      <Crumbs
        crumbs={[
          { label: "Jobs", href: "/jobs" },
          { label: <code>{host.name}</code>, href: hostPath(host.id, "jobs") },
          { label: title },
        ]}
      />
      <PageHead view={view} tools={<Tools {...data} view={view} />}>
        <JobVerdict {...data} title={title} view={view} />
      </PageHead>
      {job.cancelRequestedAt !== null && !final ? (
        <div class="banner">
          <Notice glyph="running" reason="Cancelling.">
            {host.status === "offline"
              ? `${host.name} is offline. The job is cancelled when it is back.`
              : "restic is being stopped and its lock removed."}
          </Notice>
        </div>
      ) : null}
      {job.status === "running" ? <JobProgress job={job} progress={progress} view={view} /> : null}
      {final ? <WarningNotices job={job} /> : null}
      {final ? <StatsSection job={job} view={view} /> : null}
      <div class="with-rail">
        <JobLog job={job} log={data.log} view={view} />
        <Facts {...data} view={view} />
      </div>
    </Page>
  );
}

function Tools({ job, host, group, view }: JobPageProps & { view: View }) {
  if (!may(view, "operator")) return null;
  if (!isFinal(job.status)) {
    if (job.cancelRequestedAt !== null) return null;
    return (
      <>
        <OpenButton dialog="cancel-job" danger icon="square">
          Cancel job
        </OpenButton>
        <ConfirmDialog
          id="cancel-job"
          title="Cancel this job?"
          action={`/jobs/${job.id}/cancel`}
          csrf={view.csrf}
          keep="Keep running"
          verb="Cancel job"
        >
          <p>
            {job.kind === "backup"
              ? "No snapshot is created. Data uploaded so far stays in the repository and is reused by the next run."
              : "restic is stopped. The repository stays intact."}
          </p>
        </ConfirmDialog>
      </>
    );
  }
  if (job.kind !== "backup" || !group) return null;
  return (
    <Verb action={`/hosts/${host.id}/sources/${group.id}/run`} csrf={view.csrf} icon="play">
      Run again
    </Verb>
  );
}

function Facts({ job, host, repo, group, actorName, earlier, view }: JobPageProps & { view: View }) {
  const clock = (at: number | null) => (at === null ? null : <Clock at={at} view={view} />);
  return (
    <aside class="rail rail-after" aria-label="Facts">
      <h2>Job</h2>
      <FactRows
        facts={[
          ["Kind", kindInWords(job.kind)],
          [
            "Host",
            <a href={hostPath(host.id)}>
              <code>{host.name}</code>
            </a>,
          ],
          [
            "Source group",
            group ? (
              <a href={hostPath(host.id, "sources")}>
                <code>{group.name}</code>
              </a>
            ) : null,
          ],
          [
            "Repo",
            repo ? (
              <a href={`${hostPath(repo.hostId, "repos")}/${repo.id}`}>
                <code>{repo.name}</code>
              </a>
            ) : null,
          ],
          ["Started by", actorInWords({ actorKind: job.actorKind, actorName })],
          ["Due", clock(job.scheduledAt)],
          ["Queued", clock(job.queuedAt)],
          ["Started", clock(job.startedAt)],
          ["Ended", clock(job.finishedAt)],
          ["Reported by", job.closedBy === "server" ? "the server, not the agent" : null],
          ["Attempt", job.attempt > 1 ? String(job.attempt) : null],
          ["Exit code", job.exitCode === null ? null : <code>{job.exitCode}</code>],
          ["restic", job.resticVersion ? <code>{job.resticVersion}</code> : null],
          ["Job ID", <code>{job.id.slice(0, 18)}</code>],
        ]}
      />
      {earlier.length > 0 ? (
        <div>
          <h2>Earlier runs</h2>
          <ul class="runs">
            {earlier.map((run) => (
              <li>
                <Badge glyph={stateOf(run).glyph}>
                  <a class="plain" href={`/jobs/${run.id}`}>
                    {run.startedAt === null ? "not started" : <Near at={run.startedAt} view={view} />}
                  </a>
                </Badge>
                <span class="meta">
                  {run.startedAt !== null && run.finishedAt !== null
                    ? formatDuration(run.finishedAt - run.startedAt)
                    : ""}
                  {run.addedBytes === null ? "" : ` · ${formatBytes(run.addedBytes)}`}
                </span>
              </li>
            ))}
          </ul>
        </div>
      ) : null}
      {group ? (
        <LinkButton href={`/jobs?host_id=${host.id}&source_group_id=${group.id}`} small>
          All runs of {group.name}
        </LinkButton>
      ) : null}
    </aside>
  );
}

// Lists of jobs, newest first: of the whole fleet, and of one host.
import type { JobRow } from "../../db/schema/jobs.ts";
import { JOB_KINDS, JOB_STATUSES } from "../../shared/jobs.ts";
import { LinkButton } from "../components/button.tsx";
import { Select } from "../components/field.tsx";
import { Icon } from "../components/icon.tsx";
import { Empty, Pager } from "../components/panels.tsx";
import { Verdict } from "../components/status.tsx";
import { Ago } from "../components/time.tsx";
import { formatBytes, formatDay, formatDuration, formatPlural } from "../format.ts";
import { HostPage } from "../hosts/frame.tsx";
import type { HostHead } from "../hosts/types.ts";
import { Page, PageHead } from "../layout.tsx";
import { hostPath, hrefOf } from "../links.ts";
import type { View } from "../view.ts";
import { causesInWords } from "./warning-words.ts";
import { actorInWords, JobBadge, kindInWords, titleOf } from "./words.tsx";

export type JobLine = Pick<
  JobRow,
  | "id"
  | "hostId"
  | "kind"
  | "status"
  | "warnings"
  | "warningCauses"
  | "attempt"
  | "actorKind"
  | "queuedAt"
  | "acceptedAt"
  | "startedAt"
  | "finishedAt"
  | "errorMessage"
> & {
  hostName: string;
  groupName: string | null;
  repoName: string | null;
  actorName: string | null;
  /** Bytes a finished backup added to the repo. */
  addedBytes: number | null;
};

export type JobFilter = {
  host_id: string;
  repo_id: string;
  source_group_id: string;
  kind: string;
  status: string;
  day: string;
  offset: number;
};

export type JobListProps = {
  filter: JobFilter;
  rows: readonly JobLine[];
  total: number;
  /** There are more than `total`. */
  isCut: boolean;
  limit: number;
  /** Names for the ids in the filter, shown on its chips. */
  names: { host: string | null; repo: string | null; group: string | null };
};

export function JobsPage({
  view,
  counts,
  ...list
}: JobListProps & { view: View; counts: { running: number; waiting: number } }) {
  const { filter } = list;
  return (
    <Page view={view} title="Jobs" live={hrefWith("/jobs", filter)}>
      <PageHead view={view} live>
        <Verdict glyph={counts.running > 0 ? "running" : "idle"}>
          {counts.running > 0 ? `${formatPlural(counts.running, "job is", "jobs are")} running` : "No jobs are running"}
          {counts.waiting > 0 ? `, ${formatPlural(counts.waiting, "is waiting", "are waiting")}.` : "."}
        </Verdict>
      </PageHead>
      <JobList view={view} path="/jobs" showHost {...list} />
    </Page>
  );
}

export function JobsTab({ view, host, ...list }: JobListProps & { view: View; host: HostHead }) {
  const path = hostPath(host.id, "jobs");
  const filter = { ...list.filter, host_id: "" };
  return (
    <HostPage view={view} host={host} tab="jobs" live={hrefWith(path, filter)} rail={false}>
      <JobList view={view} path={path} showHost={false} {...list} filter={filter} />
    </HostPage>
  );
}

function hrefWith(path: string, filter: JobFilter, change: Partial<JobFilter> = {}): string {
  const { offset, ...rest } = { ...filter, offset: 0, ...change };
  return hrefOf(path, { ...rest, offset: offset || null });
}

function JobList(props: JobListProps & { view: View; path: string; showHost: boolean }) {
  const { filter, rows, total, isCut, limit, path } = props;
  return (
    <>
      <JobFilters {...props} />
      {rows.length === 0 ? (
        <Empty title="No matching jobs" action={<LinkButton href={path}>Show all jobs</LinkButton>}>
          A job is a single run of something by an agent, such as a backup or a check.
        </Empty>
      ) : (
        <>
          <JobTable {...props} />
          <Pager
            offset={filter.offset}
            limit={limit}
            total={total}
            isCut={isCut}
            href={(offset) => hrefWith(path, filter, { offset })}
          />
        </>
      )}
    </>
  );
}

function JobFilters({ filter, names, path }: JobListProps & { path: string }) {
  const chips = [
    filter.host_id ? { label: names.host ?? "a host", drop: { host_id: "" } } : null,
    filter.source_group_id ? { label: names.group ?? "a source group", drop: { source_group_id: "" } } : null,
    filter.repo_id ? { label: names.repo ?? "a repo", drop: { repo_id: "" } } : null,
    filter.day ? { label: formatDay(filter.day), drop: { day: "" } } : null,
  ].filter((chip) => chip !== null);
  return (
    <form class="filters" action={path} aria-label="Filter jobs">
      {(["host_id", "repo_id", "source_group_id", "day"] as const).map((name) =>
        filter[name] ? <input type="hidden" name={name} value={filter[name]} /> : null,
      )}
      <Select
        name="kind"
        label="Kind"
        value={filter.kind}
        options={[
          { value: "", label: "Any kind" },
          ...JOB_KINDS.map((kind) => ({ value: kind, label: kindInWords(kind) })),
        ]}
      />
      <Select
        name="status"
        label="Status"
        value={filter.status}
        options={[
          { value: "", label: "Any status" },
          ...JOB_STATUSES.map((status) => ({ value: status, label: status })),
        ]}
      />
      <noscript>
        <button class="btn" type="submit">
          Filter
        </button>
      </noscript>
      {chips.map(({ label, drop }) => (
        <a class="chip chip-l" aria-current="true" href={hrefWith(path, filter, drop)}>
          {label}
          <Icon name="x" />
          <span class="vh">remove</span>
        </a>
      ))}
      {chips.length > 0 || filter.kind || filter.status ? (
        <a class="btn btn-quiet" href={path}>
          Clear
        </a>
      ) : null}
    </form>
  );
}

function JobTable({ rows, view, showHost }: JobListProps & { view: View; showHost: boolean }) {
  return (
    <table class="table stack jobs">
      <thead>
        <tr>
          <th scope="col">Status</th>
          <th scope="col">Job</th>
          {showHost ? <th scope="col">Host</th> : null}
          <th scope="col">When</th>
          <th scope="col" class="num">
            Duration
          </th>
          <th scope="col" class="num">
            Added
          </th>
          <th scope="col">Started by</th>
        </tr>
      </thead>
      <tbody>
        {rows.map((job) => (
          <tr id={`j-${job.id}`}>
            <td class="second">
              <JobBadge job={job} />
            </td>
            <td class="first">
              <a class="row-link" href={`/jobs/${job.id}`}>
                {titleOf(job)}
              </a>
              {job.errorMessage && job.status === "failed" ? (
                <small class="is-failed clip">{job.errorMessage}</small>
              ) : null}
              {job.status === "succeeded" && (job.warningCauses?.length ?? 0) > 1 ? (
                <small class="is-warning clip">{causesInWords(job.warningCauses ?? [], job.warnings)}</small>
              ) : null}
              {job.attempt > 1 ? <small>attempt {job.attempt}</small> : null}
            </td>
            {showHost ? (
              <td data-th="Host">
                <code>{job.hostName}</code>
              </td>
            ) : null}
            <td data-th="When">
              <Ago at={job.startedAt ?? job.queuedAt} view={view} />
            </td>
            <td data-th="Duration" class="num">
              <span class="t2">{tookOf(job, view)}</span>
            </td>
            <td data-th="Added" class="num only-wide">
              {job.addedBytes === null ? (
                <span class="t3">–</span>
              ) : (
                <span class="mono">{formatBytes(job.addedBytes)}</span>
              )}
            </td>
            <td data-th="Started by" class="only-wide">
              <span class="t2">{actorInWords(job)}</span>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function tookOf({ startedAt, finishedAt }: JobLine, view: View): string {
  if (startedAt === null) return "–";
  return formatDuration((finishedAt ?? view.now) - startedAt);
}

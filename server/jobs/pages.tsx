// Pages: the jobs of the fleet and of a host, one job with its log, and the actions that start and cancel jobs.
import type { Db } from "../../db/open.ts";
import { findHost } from "../../db/queries/hosts.ts";
import { listLastLogLines, listLogLines } from "../../db/queries/job-logs.ts";
import {
  countAhead,
  countJobs,
  countOpenJobs,
  findJobNamed,
  type JobListItem,
  listJobs,
} from "../../db/queries/jobs.ts";
import { findRepo } from "../../db/queries/repos.ts";
import { findSourceGroup } from "../../db/queries/source-groups.ts";
import { isFinal, JOB_KINDS, JOB_STATUSES, type JobKind, type JobStatus } from "../../shared/jobs.ts";
import { isDay } from "../../shared/time/days.ts";
import { type JobFilter, type JobLine, type JobListProps, JobsPage, JobsTab } from "../../ui/jobs/list.tsx";
import type { JobLogProps } from "../../ui/jobs/log.tsx";
import { JobPage } from "../../ui/jobs/page.tsx";
import { kindInWords } from "../../ui/jobs/words.tsx";
import { hostPath } from "../../ui/links.ts";
import type { Hub } from "../agents/hub.ts";
import { readHoldOfJob } from "../deletion-holds/read-hold.ts";
import type { HostHeads } from "../hosts/head.ts";
import { notFound } from "../http/errors.ts";
import { offsetOf } from "../http/lists.ts";
import { isHtmx, type PageMaker } from "../http/page-maker.ts";
import { type AppContext, formRoute, type Route, route } from "../http/routes.ts";
import type { CancelJob } from "./cancel.ts";
import type { CreatedJob } from "./create.ts";
import type { Orders } from "./orders.ts";
import { spanOf } from "./routes.ts";
import { runNowPages } from "./run-now-pages.ts";
import type { LiveJobs } from "./stream.ts";

const ROWS = 50;
const EARLIER_RUNS = 5;
/** Log lines rendered at first. Those in between are folded. */
const HEAD_LINES = 50;
const TAIL_LINES = 150;

export type JobPageDeps = {
  db: Db;
  hub: Hub;
  pages: PageMaker;
  heads: HostHeads;
  live: LiveJobs;
  orders: Orders;
  cancel: CancelJob;
};

export function jobPages({ db, hub, pages, heads, live, orders, cancel }: JobPageDeps): Route[] {
  const started = (c: AppContext, { job, isNew }: CreatedJob, what: string) => {
    const host = findHost(db, job.hostId);
    const name = host?.name ?? "the host";
    const href = `/jobs/${job.id}`;
    const waits = hub.isOnline(job.hostId) ? "" : ` It will start when ${name} is online.`;
    const text = isNew ? `${what} on ${name} was queued.${waits}` : `${what} on ${name} is already queued or running.`;
    // The job's own page already shows all this.
    if (!isHtmx(c)) return pages.done(c, href);
    return pages.done(c, href, { tone: "ok", text, link: { href, label: "View job" } });
  };
  const repoVerb = (kind: "probe" | "unlock" | "stats", summary: string) =>
    formRoute({
      method: "POST",
      path: `/hosts/:id/repos/:rid/${kind}`,
      access: "operator",
      action: `job.${kind}_requested`,
      summary,
      handle: ({ c, params, actor }) => {
        const repo = findRepo(db, params.rid ?? "");
        if (!repo || repo.hostId !== params.id) throw notFound("repo");
        const created = orders[kind](actor, repo.id);
        if (kind === "probe") {
          const text = hub.isOnline(repo.hostId)
            ? "The host is opening the repository now."
            : "The host is offline. It opens the repository when it is back.";
          return pages.done(c, `${hostPath(repo.hostId, "repos")}/${repo.id}`, { tone: "ok", text });
        }
        return started(c, created, kindInWords(kind));
      },
    });
  return [
    route({
      method: "GET",
      path: "/jobs",
      access: "viewer",
      summary: "Page: jobs of all hosts",
      handle: (call) => {
        const view = pages.view(call);
        const { running, queued } = countOpenJobs(db);
        const list = readList(db, filterOf(call.c));
        return pages.page(call.c, view, <JobsPage view={view} counts={{ running, waiting: queued }} {...list} />);
      },
    }),
    route({
      method: "GET",
      path: "/hosts/:id/jobs",
      access: "viewer",
      summary: "Page: jobs of a host",
      handle: (call) => {
        const view = pages.view(call);
        const { head } = heads.read(call.params.id ?? "");
        const list = readList(db, { ...filterOf(call.c), host_id: head.id });
        return pages.page(call.c, view, <JobsTab view={view} host={head} {...list} />);
      },
    }),
    route({
      method: "GET",
      path: "/jobs/:id",
      access: "viewer",
      summary: "Page: one job",
      handle: (call) => {
        const view = pages.view(call);
        const job = findJobNamed(db, call.params.id ?? "");
        if (!job) throw notFound("job");
        const repo = job.repoId ? findRepo(db, job.repoId) : null;
        const group = job.sourceGroupId ? findSourceGroup(db, job.sourceGroupId) : null;
        const status = hub.isOnline(job.hostId) ? "online" : "offline";
        return pages.page(
          call.c,
          view,
          <JobPage
            view={view}
            job={job}
            host={{ id: job.hostId, name: job.hostName, status }}
            repo={repo}
            group={group}
            actorName={job.actorName}
            progress={live.progressOf(job.id)}
            ahead={job.status === "queued" ? countAhead(db, job) : null}
            isDeletionHeld={readHoldOfJob(db, job) !== null}
            log={readLog(db, job)}
            earlier={readEarlier(db, job)}
          />,
        );
      },
    }),
    formRoute({
      method: "POST",
      path: "/jobs/:id/cancel",
      access: "operator",
      action: "job.cancelled",
      summary: "Page: cancel a job",
      handle: ({ c, params, actor }) => {
        const job = cancel(actor, params.id ?? "");
        return pages.done(
          c,
          `/jobs/${job.id}`,
          isFinal(job.status) ? { tone: "ok", text: "Job cancelled." } : undefined,
        );
      },
    }),
    ...runNowPages({ db, hub, pages, orders }),
    repoVerb("probe", "Page: probe a repo now"),
    repoVerb("unlock", "Page: remove stale locks"),
    repoVerb("stats", "Page: measure a repo now"),
  ];
}

function filterOf(c: AppContext): JobFilter {
  const one = (name: string) => c.req.query(name) ?? "";
  const day = one("day");
  return {
    host_id: one("host_id"),
    repo_id: one("repo_id"),
    source_group_id: one("source_group_id"),
    kind: (JOB_KINDS as readonly string[]).includes(one("kind")) ? one("kind") : "",
    status: [...JOB_STATUSES, "warning"].includes(one("status")) ? one("status") : "",
    day: isDay(day) ? day : "",
    offset: offsetOf(c),
  };
}

function readList(db: Db, filter: JobFilter): JobListProps {
  const query = {
    host_id: filter.host_id || undefined,
    repo_id: filter.repo_id || undefined,
    source_group_id: filter.source_group_id || undefined,
    kind: (filter.kind || undefined) as JobKind | undefined,
    status: (filter.status || undefined) as JobStatus | "warning" | undefined,
    ...spanOf(db, { day: filter.day || undefined, host_id: filter.host_id || undefined }),
  };
  const { total, isCut } = countJobs(db, query);
  const items = listJobs(db, query, ROWS, filter.offset);
  const names = {
    host: filter.host_id ? (findHost(db, filter.host_id)?.name ?? null) : null,
    repo: filter.repo_id ? (findRepo(db, filter.repo_id)?.name ?? null) : null,
    group: filter.source_group_id ? (findSourceGroup(db, filter.source_group_id)?.name ?? null) : null,
  };
  return { filter, rows: items.map(lineOf), total, isCut, limit: ROWS, names };
}

function lineOf(job: JobListItem): JobLine {
  return { ...job, groupName: job.sourceGroupName, addedBytes: addedBytesOf(job) };
}

function addedBytesOf({ kind, stats }: Pick<JobListItem, "kind" | "stats">): number | null {
  const added = kind === "backup" ? stats?.data_added : null;
  return typeof added === "number" ? added : null;
}

function readEarlier(db: Db, job: JobListItem) {
  const same = job.sourceGroupId
    ? { source_group_id: job.sourceGroupId, kind: job.kind }
    : { host_id: job.hostId, repo_id: job.repoId ?? undefined, kind: job.kind };
  return listJobs(db, { ...same, until: job.queuedAt }, EARLIER_RUNS, 0)
    .filter((other) => other.id !== job.id)
    .map((other) => ({ ...other, addedBytes: addedBytesOf(other) }));
}

function readLog(db: Db, job: JobListItem): JobLogProps["log"] {
  const head = listLogLines(db, job.id, 0, HEAD_LINES);
  const expired = job.logLines > 0 && head.length === 0;
  const lastOfHead = head.at(-1)?.seq ?? 0;
  if (head.length < HEAD_LINES) return { head, skipped: null, tail: [], expired };
  const tail = listLastLogLines(db, job.id, TAIL_LINES).filter((line) => line.seq > lastOfHead);
  const between = job.logLines - head.length - tail.length;
  const skipped = between > 0 ? { afterSeq: lastOfHead, count: between } : null;
  return { head, skipped, tail, expired };
}

/** REST: jobs, their logs, cancelling, and orders for jobs. */
import * as v from "valibot";
import type { Db } from "../../db/open.ts";
import { findHost } from "../../db/queries/hosts.ts";
import { listLogLines } from "../../db/queries/job-logs.ts";
import { countAhead, countJobs, findJob, findJobNamed, type JobListItem, listJobs } from "../../db/queries/jobs.ts";
import { JOB_KINDS, JOB_STATUSES } from "../../shared/jobs.ts";
import { spanOfDay } from "../../shared/time/days.ts";
import type { Hub } from "../agents/hub.ts";
import { readHoldOfJob } from "../deletion-holds/read-hold.ts";
import { zoneOf } from "../hosts/rules.ts";
import { notFound, Refusal } from "../http/errors.ts";
import { dayParameter, pageFields, timeParameter } from "../http/lists.ts";
import { type Route, route } from "../http/routes.ts";
import { jobAnswer, jobListAnswer, logAnswer, madeJobAnswer } from "./answers.ts";
import type { CancelJob } from "./cancel.ts";
import type { CreatedJob } from "./create.ts";
import { downloadLog, LOG_MEDIA } from "./log-download.ts";
import type { Orders } from "./orders.ts";
import { jobBody, waitingReason } from "./present.ts";
import { runNowRoutes } from "./run-now-pages.ts";
import type { LiveJobs } from "./stream.ts";

export type JobRouteDeps = { db: Db; hub: Hub; live: LiveJobs; orders: Orders; cancel: CancelJob };

const jobQuery = v.strictObject({
  ...pageFields,
  host_id: v.optional(v.string()),
  repo_id: v.optional(v.string()),
  source_group_id: v.optional(v.string()),
  kind: v.optional(v.picklist(JOB_KINDS, "Unknown kind of job.")),
  status: v.optional(v.picklist([...JOB_STATUSES, "warning"], "Unknown job status.")),
  day: v.optional(dayParameter),
  since: v.optional(timeParameter),
  until: v.optional(timeParameter),
});

/** A day of the filter as a time span: the host's day when a host is given, otherwise a UTC day. */
export function spanOf(
  db: Db,
  filter: {
    day?: string | undefined;
    host_id?: string | undefined;
    since?: number | undefined;
    until?: number | undefined;
  },
): { since: number | undefined; until: number | undefined } {
  if (!filter.day) return { since: filter.since, until: filter.until };
  const host = filter.host_id ? findHost(db, filter.host_id) : null;
  return spanOfDay(host ? zoneOf(host) : "UTC", filter.day);
}

export function jobRoutes({ db, hub, live, orders, cancel }: JobRouteDeps): Route[] {
  const show = (job: JobListItem) => {
    const waiting =
      job.status === "queued"
        ? waitingReason(job, hub.isOnline(job.hostId), countAhead(db, job), readHoldOfJob(db, job) !== null)
        : null;
    return jobBody(job, live.progressOf(job.id), waiting);
  };
  const get = (id: string): JobListItem => {
    const job = findJobNamed(db, id);
    if (!job) throw notFound("job");
    return job;
  };
  const made = (jobs: readonly CreatedJob[]) => ({
    job_ids: jobs.map(({ job }) => job.id),
    jobs: jobs.map(({ job }) => show(get(job.id))),
  });

  const repoOrder = (kind: "probe" | "unlock" | "stats" | "snapshots", summary: string) =>
    route({
      method: "POST",
      path: `/api/repos/:id/${kind}`,
      access: "operator",
      action: `job.${kind}_requested`,
      summary,
      answers: { 202: madeJobAnswer },
      errors: { 409: ["host_archived"] },
      body: v.strictObject({}),
      handle: ({ c, params, actor }) => {
        const { job } = orders[kind](actor, params["id"] ?? "");
        return c.json({ job_id: job.id, job: show(get(job.id)) }, 202);
      },
    });

  return [
    route({
      method: "GET",
      path: "/api/jobs",
      access: "viewer",
      summary: "Jobs, newest first",
      answers: { 200: jobListAnswer },
      query: jobQuery,
      handle: ({ c, query }) => {
        const filter = { ...query, ...spanOf(db, query) };
        const { total, isCut } = countJobs(db, filter);
        const items = listJobs(db, filter, query.limit, query.offset).map(show);
        return c.json({ items, total, ...(isCut ? { total_is_at_least: true } : {}) });
      },
    }),
    route({
      method: "GET",
      path: "/api/jobs/:id",
      access: "viewer",
      summary: "One job",
      answers: { 200: jobAnswer },
      handle: ({ c, params }) => c.json(show(get(params["id"] ?? ""))),
    }),
    route({
      method: "GET",
      path: "/api/jobs/:id/logs",
      access: "viewer",
      summary: "Log lines after a number",
      answers: { 200: logAnswer },
      query: v.strictObject({
        after_seq: v.optional(
          v.pipe(v.string(), v.regex(/^\d{1,15}$/, "Enter a whole number."), v.transform(Number)),
          "0",
        ),
        limit: v.optional(
          v.pipe(
            v.string(),
            v.regex(/^\d{1,5}$/, "Enter a whole number."),
            v.transform(Number),
            v.maxValue(5000, "Enter at most 5000."),
          ),
          "500",
        ),
      }),
      handle: ({ c, params, query }) => {
        const job = get(params["id"] ?? "");
        const items = listLogLines(db, job.id, query.after_seq, query.limit);
        return c.json({ items, total: job.logLines, next_after_seq: items.at(-1)?.seq ?? query.after_seq });
      },
    }),
    ...(["txt", "ndjson"] as const).map((form) =>
      route({
        method: "GET",
        path: `/api/jobs/:id/log.${form}`,
        access: "viewer",
        summary: `The whole log as ${form === "txt" ? "text" : "NDJSON"}`,
        answers: { 200: { media: LOG_MEDIA[form] } },
        handle: ({ params }) => downloadLog(db, get(params["id"] ?? ""), form),
      }),
    ),
    route({
      method: "POST",
      path: "/api/jobs/:id/cancel",
      access: "operator",
      action: "job.cancelled",
      summary: "Cancel a job that has not ended",
      answers: { 202: madeJobAnswer },
      errors: { 409: ["already_ended"] },
      body: v.strictObject({}),
      handle: ({ c, params, actor }) => {
        const job = cancel(actor, params["id"] ?? "");
        return c.json({ job_id: job.id, job: show(get(job.id)) }, 202);
      },
    }),
    route({
      method: "GET",
      path: "/api/jobs/:id/stream",
      access: "viewer",
      summary: "WebSocket: the stored log after a number, then live",
      answers: "websocket",
      errors: { 400: ["not_a_websocket"], 403: ["cross_site"] },
      query: v.strictObject({
        after_seq: v.optional(
          v.pipe(v.string(), v.regex(/^\d{1,15}$/, "Enter a whole number."), v.transform(Number)),
          "0",
        ),
      }),
      handle: ({ c, params, query, session, from }) => {
        const job = findJob(db, params["id"] ?? "");
        if (!job) throw notFound("job");
        if (c.req.header("origin") !== from.origin)
          throw new Refusal(
            403,
            "cross_site",
            "The request came from another website. Open this server's own page and try again.",
          );
        if (c.env.upgrade(c.req.raw, live.endFor(job.id, query.after_seq, session.sessionId)))
          return new Response(null);
        throw new Refusal(400, "not_a_websocket", "This address accepts WebSocket connections only.");
      },
    }),
    ...runNowRoutes({ orders, show: made }),
    repoOrder("probe", "Probe the repo now"),
    repoOrder("unlock", "Remove stale locks"),
    repoOrder("stats", "Measure the repo now"),
    repoOrder("snapshots", "List the snapshots again"),
  ];
}

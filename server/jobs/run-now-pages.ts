/** Backs up one group, or all groups of a schedule, right now: as REST and as forms, with limits for this run only. */
import * as v from "valibot";
import type { Db } from "../../db/open.ts";
import { findHost } from "../../db/queries/hosts.ts";
import { findSourceGroup } from "../../db/queries/source-groups.ts";
import { hostPath } from "../../ui/links.ts";
import type { Hub } from "../agents/hub.ts";
import { bandwidthBody, bandwidthOf } from "../hosts/bandwidth.ts";
import { Refusal } from "../http/errors.ts";
import { isHtmx, type PageMaker } from "../http/page-maker.ts";
import { type AppContext, type FormBody, formRoute, type Route, route } from "../http/routes.ts";
import { madeJobsAnswer } from "./answers.ts";
import type { CreatedJob } from "./create.ts";
import type { Orders, RunOptions } from "./orders.ts";

const runBody = v.strictObject({
  repo_ids: v.optional(v.array(v.string())),
  bandwidth: v.optional(bandwidthBody),
});

export type RunNowDeps = { db: Db; hub: Hub; pages: PageMaker; orders: Orders };

/** `show` converts created jobs for the response. */
export function runNowRoutes({
  orders,
  show,
}: {
  orders: Orders;
  show(created: readonly CreatedJob[]): Record<string, unknown>;
}): Route[] {
  return [
    route({
      method: "POST",
      path: "/api/hosts/:id/source-groups/:gid/run",
      access: "operator",
      action: "job.backup_requested",
      summary: "Back up this group now",
      answers: { 202: madeJobsAnswer },
      errors: { 409: ["host_archived", "not_a_target"] },
      body: runBody,
      handle: ({ c, params, body, actor }) => {
        const options = { repoIds: body.repo_ids, bandwidth: body.bandwidth };
        return c.json(show(orders.runGroup(actor, params["id"] ?? "", params["gid"] ?? "", options)), 202);
      },
    }),
    route({
      method: "POST",
      path: "/api/hosts/:id/schedules/:sid/run",
      access: "operator",
      action: "job.backup_requested",
      summary: "Back up all groups of this schedule now",
      answers: { 202: madeJobsAnswer },
      errors: { 409: ["host_archived"] },
      body: v.strictObject({ bandwidth: v.optional(bandwidthBody) }),
      handle: ({ c, params, body, actor }) => {
        const options = { bandwidth: body.bandwidth };
        return c.json(show(orders.runSchedule(actor, params["id"] ?? "", params["sid"] ?? "", options)), 202);
      },
    }),
  ];
}

export function runNowPages({ db, hub, pages, orders }: RunNowDeps): Route[] {
  const done = (c: AppContext, created: readonly CreatedJob[], hostId: string, what: string) => {
    const [first] = created;
    if (!first) throw new Refusal(409, "no_repo", "This group has no repo to back up into. Add one on the Repos tab.");
    const name = findHost(db, hostId)?.name ?? "the host";
    const href = created.length === 1 ? `/jobs/${first.job.id}` : hostPath(hostId, "jobs");
    const waits = hub.isOnline(hostId) ? "" : ` It will start when ${name} is online.`;
    const isNew = created.some((one) => one.isNew);
    const text = isNew ? `${what} on ${name} was queued.${waits}` : `${what} on ${name} is already queued or running.`;
    // The job's own page shows everything, so no message is needed.
    if (!isHtmx(c) && created.length === 1) return pages.done(c, href);
    const label = created.length === 1 ? "View job" : `View ${created.length} jobs`;
    return pages.done(c, href, { tone: "ok", text, link: { href, label } });
  };
  return [
    formRoute({
      method: "POST",
      path: "/hosts/:id/sources/:gid/run",
      access: "operator",
      action: "job.backup_requested",
      summary: "Page: back up a source group now",
      handle: ({ c, params, body, actor }) => {
        const { id = "", gid = "" } = params;
        const created = orders.runGroup(actor, id, gid, limitsOf(body));
        return done(c, created, id, `Backup of ${findSourceGroup(db, gid)?.name ?? "the group"}`);
      },
    }),
    formRoute({
      method: "POST",
      path: "/hosts/:id/schedules/:sid/run",
      access: "operator",
      action: "job.backup_requested",
      summary: "Page: back up all groups of a schedule now",
      handle: ({ c, params, actor }) => {
        const { id = "", sid = "" } = params;
        return done(c, orders.runSchedule(actor, id, sid), id, "The schedule's backup");
      },
    }),
  ];
}

/** Two empty fields mean the host's own limits. @throws Refusal 400 */
function limitsOf(body: FormBody): RunOptions {
  const bandwidth = bandwidthOf(body);
  return bandwidth.up_kbps === null && bandwidth.down_kbps === null ? {} : { bandwidth };
}

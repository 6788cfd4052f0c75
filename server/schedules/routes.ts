/** REST: schedules of a host, and explanations of cron expressions. */
import * as v from "valibot";
import type { Db } from "../../db/open.ts";
import { findHost } from "../../db/queries/hosts.ts";
import { listLastRuns, listSchedules, type Schedule } from "../../db/queries/schedules.ts";
import type { Clock } from "../../shared/time/clock.ts";
import { nextRuns, parseCron } from "../../shared/time/cron.ts";
import { cronInWords } from "../../shared/time/cron-words.ts";
import { isZone } from "../../shared/time/zone.ts";
import { listOf, noBody } from "../http/answers.ts";
import { badInput, notFound } from "../http/errors.ts";
import { iso } from "../http/lists.ts";
import { type Route, route } from "../http/routes.ts";
import { UNSENDABLE } from "../source-groups/answers.ts";
import { cronAnswer, scheduleAnswer } from "./answers.ts";
import { scheduleBody } from "./fields.ts";
import type { Schedules } from "./schedules.ts";

export type ScheduleRouteDeps = { db: Db; clock: Clock; schedules: Schedules };

const SHOWN_RUNS = 5;

export function scheduleRoutes({ db, clock, schedules }: ScheduleRouteDeps): Route[] {
  const show = (schedule: Schedule) => ({
    id: schedule.id,
    host_id: schedule.hostId,
    cron: schedule.cron,
    in_words: cronInWords(schedule.cron),
    timezone: schedule.timezone,
    splay_minutes: schedule.splayMinutes,
    enabled: schedule.enabled,
    source_group_ids: schedule.groupIds,
    next_run_at: iso(schedule.nextRunAt),
    last_run: lastRun(schedule.id),
    created_at: iso(schedule.createdAt),
    updated_at: iso(schedule.updatedAt),
  });
  const lastRun = (scheduleId: string) => {
    const jobs = listLastRuns(db, [scheduleId]);
    const due = jobs[0]?.scheduledAt;
    return due == null ? null : { due_at: iso(due), jobs: jobs.map(({ id, status }) => ({ id, status })) };
  };
  const base = "/api/hosts/:id/schedules";
  return [
    route({
      method: "GET",
      path: base,
      access: "viewer",
      summary: "Schedules of a host",
      answers: { 200: listOf(scheduleAnswer) },
      handle: ({ c, params }) => {
        if (!findHost(db, params["id"] ?? "")) throw notFound("host");
        const items = listSchedules(db, params["id"] ?? "").map(show);
        return c.json({ items, total: items.length });
      },
    }),
    route({
      method: "POST",
      path: base,
      access: "operator",
      action: "schedule.created",
      summary: "Create a schedule",
      example: {
        cron: "0 2 * * *",
        splay_minutes: 15,
        source_group_ids: ["0193a4c2-7d3e-7abc-8def-0123456789ab"],
      },
      answers: { 201: scheduleAnswer },
      errors: { ...UNSENDABLE, 409: ["host_archived", "too_many", ...UNSENDABLE[409]] },
      body: scheduleBody,
      handle: ({ c, params, body, actor }) => c.json(show(schedules.create(actor, params["id"] ?? "", body)), 201),
    }),
    route({
      method: "PUT",
      path: `${base}/:sid`,
      access: "operator",
      action: "schedule.updated",
      summary: "Change a schedule; fields that are left out stay",
      example: { enabled: false },
      answers: { 200: scheduleAnswer },
      errors: { ...UNSENDABLE, 409: ["host_archived", ...UNSENDABLE[409]] },
      body: scheduleBody,
      handle: ({ c, params, body, actor }) =>
        c.json(show(schedules.update(actor, params["id"] ?? "", params["sid"] ?? "", body))),
    }),
    route({
      method: "DELETE",
      path: `${base}/:sid`,
      access: "operator",
      action: "schedule.deleted",
      summary: "Delete a schedule; its source groups stay",
      answers: noBody,
      errors: { 409: ["host_archived"] },
      handle: ({ c, params, actor }) => {
        schedules.remove(actor, params["id"] ?? "", params["sid"] ?? "");
        return c.body(null, 204);
      },
    }),
    route({
      method: "GET",
      path: "/api/cron",
      access: "viewer",
      summary: "A cron expression in words, and its next five runs",
      answers: { 200: cronAnswer },
      query: v.strictObject({ expr: v.string(), tz: v.optional(v.string(), "UTC") }),
      handle: ({ c, query }) => {
        const parsed = parseCron(query.expr);
        const fields: Record<string, string> = {};
        if (!parsed.ok) fields["expr"] = parsed.problem;
        if (!isZone(query.tz)) fields["tz"] = "Unknown time zone. Enter one such as Europe/Berlin.";
        if (!parsed.ok || fields["tz"]) throw badInput(fields);
        const runs = nextRuns(parsed.cron, query.tz, clock.now(), SHOWN_RUNS);
        return c.json({ expr: parsed.cron.expr, in_words: cronInWords(query.expr), tz: query.tz, next: runs.map(iso) });
      },
    }),
  ];
}

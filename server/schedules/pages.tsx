// Pages: a host's schedules and their editor.
import type { Db } from "../../db/open.ts";
import { listLastRuns, listSchedules, type Schedule } from "../../db/queries/schedules.ts";
import { listSourceGroups } from "../../db/queries/source-groups.ts";
import type { JobRow } from "../../db/schema/jobs.ts";
import { emptyForm, type FormState } from "../../shared/pages.ts";
import type { Clock } from "../../shared/time/clock.ts";
import { cronInWords } from "../../shared/time/cron-words.ts";
import { createDates } from "../../ui/format.ts";
import { hostPath } from "../../ui/links.ts";
import { ScheduleEditor } from "../../ui/schedules/editor.tsx";
import { ExplainBox } from "../../ui/schedules/explain.tsx";
import { type LastRun, SchedulesTab } from "../../ui/schedules/tab.tsx";
import type { HostHeads } from "../hosts/head.ts";
import { zoneOf } from "../hosts/rules.ts";
import { collisionOf, lastChangeInWords, marksOf, takeTheirs } from "../http/conflicts.ts";
import { attempt, textOf } from "../http/forms.ts";
import type { PageCall, PageMaker } from "../http/page-maker.ts";
import { formRoute, type Route, route } from "../http/routes.ts";
import { explainSchedule } from "./explain.ts";
import { NEW_SCHEDULE } from "./fields.ts";
import { inputOf, picked, storedSchedule, typedOf } from "./form.ts";
import type { Schedules } from "./schedules.ts";

export type SchedulePageDeps = { db: Db; clock: Clock; pages: PageMaker; heads: HostHeads; schedules: Schedules };

export function schedulePages({ db, clock, pages, heads, schedules }: SchedulePageDeps): Route[] {
  const zones = ["UTC", ...Intl.supportedValuesOf("timeZone").filter((zone) => zone !== "UTC")];

  const editor = (call: PageCall, hostId: string, schedule: Schedule | null, form: FormState, status = 200) => {
    const view = pages.view(call);
    const { host } = heads.read(hostId);
    const groups = listSourceGroups(db, hostId);
    const fields = schedule ?? {
      ...NEW_SCHEDULE,
      id: null,
      groupIds: groups.length === 1 ? groups.map(({ id }) => id) : [],
    };
    const typed = Object.keys(form.values).length > 0;
    const timezone = typed ? (form.values.timezone ?? "") : fields.timezone;
    const explanation = explainSchedule({
      cron: typed ? (form.values.cron ?? "") : fields.cron,
      timezone,
      splayMinutes: Number(typed ? form.values.splay_minutes : fields.splayMinutes),
      scheduleId: fields.id,
      hostZone: zoneOf(host),
      now: clock.now(),
    });
    const page = (
      <ScheduleEditor
        view={view}
        host={host}
        hostZone={zoneOf(host)}
        zones={zones}
        schedule={fields}
        seen={schedule && { updatedAt: schedule.updatedAt, marks: marksOf(storedOf(schedule)) }}
        words={cronInWords(fields.cron)}
        groups={groups.map((group) => ({ ...group, chosen: fields.groupIds.includes(group.id) }))}
        explanation={explanation}
        today={createDates(timezone || zoneOf(host)).day(clock.now())}
        form={form}
      />
    );
    return pages.page(call.c, view, page, status);
  };
  const storedOf = (schedule: Schedule) => storedSchedule(schedule, listSourceGroups(db, schedule.hostId));
  const base = "/hosts/:id/schedules";
  const toggle = (verb: "pause" | "resume") =>
    formRoute({
      method: "POST",
      path: `${base}/:sid/${verb}`,
      access: "operator",
      action: "schedule.updated",
      summary: `Page: ${verb} a schedule`,
      handle: ({ c, params, actor }) => {
        const { id = "", sid = "" } = params;
        const schedule = schedules.update(actor, id, sid, { enabled: verb === "resume" });
        const words = cronInWords(schedule.cron);
        const text = verb === "resume" ? `Schedule resumed. It runs ${words}.` : "Schedule paused.";
        return pages.done(c, hostPath(id, "schedules"), { tone: "ok", text });
      },
    });

  return [
    route({
      method: "GET",
      path: base,
      access: "viewer",
      summary: "Page: schedules of a host",
      handle: (call) => {
        const view = pages.view(call);
        const { head, host } = heads.read(call.params.id ?? "");
        const all = listSchedules(db, host.id);
        const groups = listSourceGroups(db, host.id);
        const lines = all.map((schedule) => ({
          ...schedule,
          words: cronInWords(schedule.cron),
          zone: schedule.timezone ?? zoneOf(host),
          groups: groups.filter(({ id }) => schedule.groupIds.includes(id)).map(({ name }) => name),
          lastRun: lastRunOf(listLastRuns(db, [schedule.id])),
        }));
        const tab = <SchedulesTab view={view} host={head} isPaused={host.schedulesPaused} schedules={lines} />;
        return pages.page(call.c, view, tab);
      },
    }),
    route({
      method: "GET",
      path: `${base}/new`,
      access: "operator",
      summary: "Page: a new schedule",
      handle: (call) => editor(call, call.params.id ?? "", null, emptyForm),
    }),
    route({
      method: "GET",
      path: `${base}/explain`,
      access: "operator",
      summary: "Page part: a cron expression in words, with its next five runs",
      handle: (call) => {
        const { c, params } = call;
        const { host } = heads.read(params.id ?? "");
        const query = (name: string) => (c.req.query(name) ?? "").slice(0, 200);
        const schedule = query("schedule") ? schedules.get(host.id, query("schedule")) : null;
        const now = clock.now();
        const explanation = explainSchedule({
          cron: query("cron"),
          timezone: query("timezone"),
          splayMinutes: Number(query("splay_minutes")),
          scheduleId: schedule?.id ?? null,
          hostZone: zoneOf(host),
          now,
        });
        const path = `${hostPath(host.id, "schedules")}/explain${schedule ? `?schedule=${schedule.id}` : ""}`;
        const today = createDates(query("timezone") || zoneOf(host)).day(now);
        return pages.page(
          c,
          pages.view(call),
          <ExplainBox explanation={explanation} path={path} now={now} today={today} />,
        );
      },
    }),
    formRoute({
      method: "POST",
      path: `${base}/new`,
      access: "operator",
      action: "schedule.created",
      summary: "Page: a new schedule",
      handle: async (call) => {
        const { c, params, body, actor } = call;
        const id = params.id ?? "";
        if ("pick" in body) return editor(call, id, null, picked(body));
        const made = await attempt(body, () => schedules.create(actor, id, inputOf(body)));
        if (!made.ok) return editor(call, id, null, { ...made.form, values: typedOf(body) }, made.status);
        const text = `Schedule added. It runs ${cronInWords(made.value.cron)}.`;
        return pages.done(c, hostPath(id, "schedules"), { tone: "ok", text });
      },
    }),
    route({
      method: "GET",
      path: `${base}/:sid`,
      access: "operator",
      summary: "Page: edit a schedule",
      handle: (call) => {
        const { id = "", sid = "" } = call.params;
        return editor(call, id, schedules.get(id, sid), emptyForm);
      },
    }),
    formRoute({
      method: "POST",
      path: `${base}/:sid`,
      access: "operator",
      action: "schedule.updated",
      summary: "Page: edit a schedule",
      handle: async (call) => {
        const { c, params, body, actor } = call;
        const { id = "", sid = "" } = params;
        const schedule = schedules.get(id, sid);
        if ("pick" in body) return editor(call, id, schedule, picked(body));
        const stored = storedOf(schedule);
        const meanwhile = {
          words: lastChangeInWords(
            db,
            { action: "schedule.updated", targetId: sid },
            schedule.updatedAt,
            pages.view(call),
          ),
          href: `${hostPath(id, "schedules")}/${sid}`,
        };
        if ("take" in body)
          return editor(call, id, schedule, takeTheirs(stored, typedOf(body), textOf(body, "take"), meanwhile));
        const collision = collisionOf(body, stored, typedOf(body), meanwhile);
        if (collision) return editor(call, id, schedule, collision, 409);
        const saved = await attempt(body, () => schedules.update(actor, id, sid, inputOf(body)));
        if (!saved.ok) return editor(call, id, schedule, { ...saved.form, values: typedOf(body) }, saved.status);
        const text = `Schedule saved. It runs ${cronInWords(saved.value.cron)}.`;
        return pages.done(c, hostPath(id, "schedules"), { tone: "ok", text });
      },
    }),
    toggle("pause"),
    toggle("resume"),
    formRoute({
      method: "POST",
      path: `${base}/:sid/delete`,
      access: "operator",
      action: "schedule.deleted",
      summary: "Page: delete a schedule",
      handle: ({ c, params, actor }) => {
        const { id = "", sid = "" } = params;
        schedules.remove(actor, id, sid);
        return pages.done(c, hostPath(id, "schedules"), { tone: "ok", text: "Schedule deleted." });
      },
    }),
  ];
}

/** Only the last attempt of each target counts. */
function lastRunOf(jobs: readonly JobRow[]): LastRun | null {
  const last = [...new Map(jobs.map((job) => [`${job.sourceGroupId} ${job.repoId}`, job])).values()];
  if (last.length === 0) return null;
  const starts = jobs.flatMap((job) => (job.startedAt === null ? [] : [job.startedAt]));
  const ends = last.flatMap((job) => (job.finishedAt === null ? [] : [job.finishedAt]));
  const isOver = ends.length === last.length;
  return {
    at: isOver ? Math.max(...ends) : (jobs[0]?.scheduledAt ?? 0),
    jobs: last.length,
    ok: last.filter((job) => job.status === "succeeded").length,
    warned: last.filter((job) => job.status === "succeeded" && job.warnings > 0).length,
    failed: last.filter((job) => job.status === "failed" || job.status === "cancelled").length,
    open: last.length - ends.length,
    durationMs: isOver && starts.length > 0 ? Math.max(...ends) - Math.min(...starts) : null,
  };
}

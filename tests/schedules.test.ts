/** Schedules through REST: what a new host gets, what is refused, what the agent receives, when the next run is. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { findHost, updateHost } from "../db/queries/hosts.ts";
import { listSchedules } from "../db/queries/schedules.ts";
import type { Connection } from "../server/agents/hub.ts";
import { ForeignObject } from "../server/agents/inbound.ts";
import { createOwnership } from "../server/agents/ownership.ts";
import { newId } from "../shared/ids.ts";
import { splayMs } from "../shared/time/cron.ts";
import { type Person, signInAs, startApp, type TestApp } from "./testbed/app.ts";
import { enrollHost, jsonClient } from "./testbed/hosts.ts";
import { createCleanup } from "./testbed/temp.ts";

type ScheduleBody = {
  id: string;
  cron: string;
  in_words: string;
  timezone: string | null;
  splay_minutes: number;
  enabled: boolean;
  source_group_ids: string[];
  next_run_at: string | null;
};
type Refused = { error: { code: string; message: string; fields?: Record<string, string> } };

const cleanup = createCleanup();
const START = Date.parse("2026-11-20T09:00:00Z");
let app: TestApp;
let operator: Person;
let admin: Person;

beforeAll(async () => {
  app = await startApp(cleanup, "warn", { now: () => START });
  admin = await signInAs(app, "admin");
  operator = await signInAs(app, "operator");
});
afterAll(cleanup.run);

const api = () => jsonClient(app, operator);

test("a new host is scheduled every night, with the default retention, before anybody clicks", async () => {
  const host = await enrollHost(app, admin, { timezone: "Europe/Berlin" });
  const { items } = await api().call<{ items: ScheduleBody[] }>("GET", `/api/hosts/${host.id}/schedules`);
  expect(items).toHaveLength(1);
  const [first] = items as [ScheduleBody];
  expect(first).toMatchObject({ cron: "0 2 * * *", splay_minutes: 120, enabled: true, source_group_ids: [host.gid] });
  const due = Date.parse("2026-11-21T01:00:00Z");
  expect(first.next_run_at).toBe(new Date(due + splayMs(first.id, 120)).toISOString());
  const shown = await api().call("GET", `/api/hosts/${host.id}`);
  expect(shown["next_run_at"]).toBe(first.next_run_at);
  const group = await api().call("GET", `/api/hosts/${host.id}/source-groups/${host.gid}`);
  expect(group["retention"]).toEqual({
    keep_within: "14d",
    keep_within_daily: "30d",
    keep_within_weekly: "3m",
    keep_within_monthly: "1y",
  });
});

test("each change is a new desired state with a new next run", async () => {
  const host = await enrollHost(app, admin);
  const version = () => findHost(app.db, host.id)?.stateVersion ?? 0;
  const path = `/api/hosts/${host.id}/schedules`;
  const before = version();
  const made = await api().call<ScheduleBody>("POST", path, {
    cron: "  0   */6 * * mon-fri ",
    timezone: "America/New_York",
    splay_minutes: 0,
    source_group_ids: [host.gid],
  });
  expect(made).toMatchObject({ cron: "0 */6 * * mon-fri", timezone: "America/New_York", enabled: true });
  expect(made.next_run_at).toBe("2026-11-20T11:00:00.000Z");
  expect(version()).toBe(before + 1);
  const paused = await api().call<ScheduleBody>("PUT", `${path}/${made.id}`, { enabled: false });
  expect(paused).toMatchObject({ enabled: false, next_run_at: null, cron: made.cron });
  const moved = await api().call<ScheduleBody>("PUT", `${path}/${made.id}`, { enabled: true, timezone: null });
  expect(moved.next_run_at).toBe("2026-11-20T12:00:00.000Z");
  await api().call("PATCH", `/api/hosts/${host.id}`, { timezone_override: "Asia/Kathmandu" });
  expect(listSchedules(app.db, host.id).find(({ id }) => id === made.id)?.nextRunAt).toBe(
    Date.parse("2026-11-20T12:15:00Z"),
  );
  await api().call("DELETE", `${path}/${made.id}`);
  expect(version()).toBe(before + 5);
  expect(listSchedules(app.db, host.id)).toHaveLength(1);
});

test("all wrong fields are told at once, in words", async () => {
  const host = await enrollHost(app, admin);
  const other = await enrollHost(app, admin);
  const answer = await api().ask<Refused>("POST", `/api/hosts/${host.id}/schedules`, {
    cron: "0 0 31 2 *",
    timezone: "Mars/Olympus",
    splay_minutes: 1.5,
    source_group_ids: [other.gid],
  });
  expect(answer.status).toBe(400);
  expect(Object.keys(answer.body.error.fields ?? {}).sort()).toEqual([
    ...["cron", "source_group_ids", "splay_minutes", "timezone"],
  ]);
  const empty = await api().ask<Refused>("POST", `/api/hosts/${host.id}/schedules`, { source_group_ids: [] });
  expect(empty.body.error.fields).toMatchObject({ source_group_ids: "Choose at least one source group." });
  const strange = await api().ask("PUT", `/api/hosts/${other.id}/schedules/${listSchedules(app.db, host.id)[0]?.id}`, {
    enabled: false,
  });
  expect(strange.status).toBe(404);
  updateHost(app.db, other.id, { archivedAt: 1 });
  const archived = await api().ask<Refused>("POST", `/api/hosts/${other.id}/schedules`, {
    cron: "0 1 * * *",
    source_group_ids: [other.gid],
  });
  expect(archived.body.error.code).toBe("host_archived");
});

test("a viewer reads schedules and changes none", async () => {
  const host = await enrollHost(app, admin);
  const viewer = jsonClient(app, await signInAs(app, "viewer"));
  expect((await viewer.ask("GET", `/api/hosts/${host.id}/schedules`)).status).toBe(200);
  const sid = listSchedules(app.db, host.id)[0]?.id ?? "";
  for (const [method, path] of [
    ["POST", `/api/hosts/${host.id}/schedules`],
    ["PUT", `/api/hosts/${host.id}/schedules/${sid}`],
    ["DELETE", `/api/hosts/${host.id}/schedules/${sid}`],
    ["POST", `/api/hosts/${host.id}/schedules/${sid}/run`],
    ["PUT", `/api/hosts/${host.id}/bandwidth`],
  ] as const)
    expect((await viewer.ask(method, path, {})).status).toBe(403);
});

test("running a schedule makes one job a group and repo", async () => {
  const host = await enrollHost(app, admin);
  const second = await api().call<{ id: string }>("POST", `/api/hosts/${host.id}/source-groups`, {
    name: "second",
    includes: ["/home"],
  });
  const [schedule] = listSchedules(app.db, host.id);
  const path = `/api/hosts/${host.id}/schedules/${schedule?.id}`;
  await api().call("PUT", path, { source_group_ids: [host.gid, second.id] });
  const run = await api().call<{ jobs: { source_group_id: string }[] }>("POST", `${path}/run`, {});
  expect(run.jobs.map((job) => job.source_group_id).sort()).toEqual([host.gid, second.id].sort());
});

test("a group that a schedule runs cannot be deleted, and the refusal names it; a host can be purged with all", async () => {
  const host = await enrollHost(app, admin);
  await api().call("POST", `/api/hosts/${host.id}/source-groups`, { name: "second", includes: ["/home"] });
  const refused = await api().ask<Refused>("DELETE", `/api/hosts/${host.id}/source-groups/${host.gid}`);
  expect(refused.status).toBe(409);
  expect(refused.body.error.message).toContain("0 2 * * *");
  await jsonClient(app, admin).call("DELETE", `/api/hosts/${host.id}`);
  await jsonClient(app, admin).call("POST", `/api/hosts/${host.id}/purge`, { confirm: host.name });
  expect(listSchedules(app.db, host.id)).toEqual([]);
});

test("cron is explained, with the next five runs", async () => {
  const answer = await api().call("GET", "/api/cron?expr=0%202%20*%20*%20*&tz=Europe/Berlin");
  expect(answer["in_words"]).toBe("every day at 02:00");
  expect(answer["next"]).toEqual([21, 22, 23, 24, 25].map((day) => `2026-11-${day}T01:00:00.000Z`));
  const bad = await api().ask<Refused>("GET", "/api/cron?expr=99%20*%20*%20*%20*&tz=Nowhere");
  expect(Object.keys(bad.body.error.fields ?? {}).sort()).toEqual(["expr", "tz"]);
});

test("what an agent mints itself is a scheduled backup of its own host's schedule, and nothing else", async () => {
  const host = await enrollHost(app, admin);
  const other = await enrollHost(app, admin);
  const { checkOwned } = createOwnership(app.db);
  const connection = { hostId: host.id } as Connection;
  const [own, foreign] = [host, other].map(({ id }) => listSchedules(app.db, id)[0]?.id ?? "");
  const job = {
    job_id: newId(),
    kind: "backup" as const,
    repo_id: host.rid,
    source_group_id: host.gid,
    schedule_id: own ?? null,
    attempt: 1,
    actor_kind: "schedule" as const,
    scheduled_at: START,
    queued_at: START,
  };
  expect(() => checkOwned(connection, job, "open")).not.toThrow();
  expect(() => checkOwned(connection, { ...job, schedule_id: newId() }, "open")).not.toThrow();
  const wrong = [
    { schedule_id: foreign ?? null },
    { kind: "forget" as const },
    { kind: "prune" as const, source_group_id: null },
    { scheduled_at: null },
    { schedule_id: null },
    { actor_kind: "user" as const },
    { source_group_id: other.gid },
    { repo_id: other.rid },
  ];
  for (const change of wrong)
    expect(() => checkOwned(connection, { ...job, ...change }, "open")).toThrow(ForeignObject);
});

test("pages show viewers what there is and no verbs; without schedules they say so", async () => {
  const host = await enrollHost(app, admin);
  const viewer = await signInAs(app, "viewer", "only-looks");
  const see = async (path: string, person: Person) => {
    const answer = await app.request(`/hosts/${host.id}${path && `/${path}`}`, { headers: { cookie: person.cookie } });
    return { status: answer.status, text: await answer.text() };
  };
  const list = await see("schedules", viewer);
  expect(list.text.includes("Every day at 02:00")).toBe(true);
  for (const verb of ["Run now", "Pause", "New schedule"])
    expect([verb, list.text.includes(`>${verb}<`)]).toEqual([verb, false]);
  const sources = await see("sources", viewer);
  expect(sources.text.includes("everything within 14 days")).toBe(true);
  for (const verb of ["Run now:", "Limits…", "Add source group"])
    expect([verb, sources.text.includes(verb)]).toEqual([verb, false]);
  for (const path of ["schedules/new", `sources/${host.gid}`, "sources/retention", "schedules/explain"])
    expect((await see(path, viewer)).status).toBe(403);

  await api().call("DELETE", `/api/hosts/${host.id}/schedules/${listSchedules(app.db, host.id)[0]?.id}`);
  const empty = await see("schedules", operator);
  expect(empty.text.includes("No schedules")).toBe(true);
  expect(empty.text.includes("Add schedule")).toBe(true);
  expect((await see("sources", operator)).text.includes("not scheduled")).toBe(true);
  expect((await see("", operator)).text.includes("not scheduled")).toBe(true);
  const shown = await api().call<{ next_run_at: null; protected_24h: boolean }>("GET", `/api/hosts/${host.id}`);
  expect(shown).toMatchObject({ next_run_at: null, protected_24h: false });
});

test("a schedule that was paused in another tab is not switched on again by saving its other fields", async () => {
  const host = await enrollHost(app, admin);
  const [schedule] = listSchedules(app.db, host.id);
  const path = `/hosts/${host.id}/schedules/${schedule?.id}`;
  const send = async (to: string, fields: Record<string, string>) => {
    const headers = { cookie: operator.cookie, "content-type": "application/x-www-form-urlencoded" };
    const body = new URLSearchParams({ csrf: operator.csrf, ...fields }).toString();
    return await app.request(to, { method: "POST", headers, body });
  };
  const hiddenIn = (html: string, name: string) => new RegExp(`name="${name}" value="([^"]*)"`).exec(html)?.[1] ?? "";
  const page = await (await app.request(path, { headers: { cookie: operator.cookie } })).text();
  app.clock.move(1000);
  expect((await send(`${path}/pause`, {})).status).toBe(303);

  const typed = { cron: "0 4 * * *", timezone: "", splay_minutes: "120", enabled: "on", source_group_ids: host.gid };
  const late = await send(path, { ...typed, seen: hiddenIn(page, "seen"), marks: hiddenIn(page, "marks") });
  expect(late.status).toBe(409);
  const html = await late.text();
  expect(html).toMatch(/You saved this in another tab [^<]*, while you were editing\./);
  expect(html).toContain("The form below now includes these changes: Enabled.");
  expect(html).not.toMatch(/name="enabled"[^>]*checked/);
  expect(html).toMatch(/name="cron"[^>]*value="0 4 \* \* \*"/);
  expect(listSchedules(app.db, host.id)[0]).toMatchObject({ cron: "0 2 * * *", enabled: false });
});

/** The server's side of maintenance without an agent: one repository shared by two hosts, permissions, the tick, concurrency, and the results of ended jobs. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { findHost, updateHost } from "../db/queries/hosts.ts";
import { changeJob, findJob, listOpenJobsOfRepo } from "../db/queries/jobs.ts";
import { findRepo, listRepoSamples, updateRepo } from "../db/queries/repos.ts";
import type { Connection, Hub } from "../server/agents/hub.ts";
import { createJobMaker } from "../server/jobs/create.ts";
import { createForgetPlanner } from "../server/maintenance/forget-plan.ts";
import { createHeavyLimit } from "../server/maintenance/heavy-limit.ts";
import { createMaintenance } from "../server/maintenance/maintenance.ts";
import { createMaintenanceResults } from "../server/maintenance/results.ts";
import { createMaintenanceSurvey } from "../server/maintenance/survey.ts";
import { createFactBus } from "../server/runtime/facts.ts";
import { createSnapshotIngest } from "../server/snapshots/ingest.ts";
import { createPendingConfirmations } from "../server/source-groups/confirmations.ts";
import { newId } from "../shared/ids.ts";
import { silentLog } from "../shared/log.ts";
import { DAY_MS } from "../shared/time/clock.ts";
import { type Person, signInAs, startApp, type TestApp } from "./testbed/app.ts";
import { enrollHost, jsonClient, type TestHost } from "./testbed/hosts.ts";
import { createCleanup } from "./testbed/temp.ts";

const cleanup = createCleanup();
let app: TestApp;
let admin: Person;
let operator: Person;
let viewer: Person;
beforeAll(async () => {
  app = await startApp(cleanup);
  admin = await signInAs(app, "admin");
  operator = await signInAs(app, "operator");
  viewer = await signInAs(app, "viewer");
});
afterAll(cleanup.run);

const ready = (host: TestHost, changes: Parameters<typeof updateRepo>[2] = {}) =>
  updateRepo(app.db, host.rid, {
    status: "ready",
    resticId: newId().replaceAll("-", ""),
    appendOnly: "violated",
    snapshotsTakenAt: 1,
    ...changes,
  });

/** Maintenance with hosts that count as online since `since`; the app's own has no connections. */
function maintenanceWith(since: number) {
  const { db, clock } = app;
  const bus = createFactBus(silentLog);
  const hub = { find: () => ({ openedAt: since }) as Connection, isOnline: () => true } as unknown as Hub;
  const survey = createMaintenanceSurvey({ db, clock, hub, lastSeenAt: ({ lastSeenAt }) => lastSeenAt });
  const confirmations = createPendingConfirmations({ db, clock, bus });
  const maker = createJobMaker({ db, clock, bus });
  const results = createMaintenanceResults({ db, clock, log: silentLog, bus, confirmations, maker });
  const planner = createForgetPlanner({ db, clock, confirmations, survey });
  return { survey, results, planner, ...createMaintenance({ db, clock, log: silentLog, maker, planner, survey }) };
}

const finish = (id: string, status: "succeeded" | "failed", changes: Parameters<typeof changeJob>[3] = {}) =>
  changeJob(app.db, id, ["queued", "running"], {
    status,
    startedAt: app.clock.now(),
    finishedAt: app.clock.now(),
    closedBy: "agent",
    ...changes,
  });

test("one repository of two hosts: one maintains it, forget covers both by their own names, each page tells of the other", async () => {
  const one = await enrollHost(app, admin);
  const two = await enrollHost(app, admin);
  const resticId = "c".repeat(64);
  const url = "rest:http://vault:8000/shared/";
  ready(one, { resticId, url });
  ready(two, { resticId, url });
  const { call } = jsonClient(app, admin);
  const shown = await call<{ maintained_by_repo_id: string; forget: { why: string | null } }>(
    "GET",
    `/api/repos/${two.rid}/maintenance`,
  );
  expect(shown.maintained_by_repo_id).toBe(one.rid);
  expect(shown.forget.why).toBe("other_maintains");
  expect(await call("GET", `/api/repos/${two.rid}`)).toMatchObject({
    shared_with: [{ id: one.rid, host_name: one.name }],
  });

  const { job_id } = await call<{ job_id: string }>("POST", `/api/repos/${one.rid}/forget`, {});
  const { planner } = maintenanceWith(app.clock.now());
  expect(planner.plan(findJob(app.db, job_id)!)).toMatchObject({
    restic_id: resticId,
    groups: [
      { tag: "default", host: one.name, source_group_id: one.gid },
      { tag: "default", host: two.name, source_group_id: two.gid },
    ],
  });
});

test("who claims another repository's id at an address of its own stops nobody's maintenance", async () => {
  const claimant = await enrollHost(app, admin);
  const victim = await enrollHost(app, admin);
  const resticId = "d".repeat(64);
  const createdAt = app.clock.now() - 30 * DAY_MS;
  ready(claimant, { resticId, createdAt });
  ready(victim, { resticId, createdAt });
  const { decisions, survey, planner } = maintenanceWith(app.clock.now() - 20 * DAY_MS);
  for (const host of [claimant, victim]) {
    const repo = findRepo(app.db, host.rid)!;
    expect(survey.maintainerOf(repo)?.id).toBe(host.rid);
    expect(decisions(repo).prune).not.toMatchObject({ why: "other_maintains" });
  }
  const { call } = jsonClient(app, admin);
  expect(await call("GET", `/api/repos/${victim.rid}`)).toMatchObject({
    shared_with: [],
    same_id_elsewhere: [{ id: claimant.rid, host_name: claimant.name }],
  });
  const page = await app.request(`/hosts/${victim.id}/repos/${victim.rid}`, { headers: { cookie: viewer.cookie } });
  expect(await page.text()).toContain("This may be a copy");
  const { job_id } = await call<{ job_id: string }>("POST", `/api/repos/${victim.rid}/forget`, {});
  expect(planner.plan(findJob(app.db, job_id)!)?.groups).toMatchObject([{ source_group_id: victim.gid }]);
});

test("a sharer that is silent for a day keeps no maintenance to itself", async () => {
  const silent = await enrollHost(app, admin);
  const other = await enrollHost(app, admin);
  const shared = { resticId: "e".repeat(64), url: "rest:http://vault:8000/both/" };
  ready(silent, shared);
  ready(other, shared);
  const { survey } = maintenanceWith(app.clock.now());
  const maintainer = () => survey.maintainerOf(findRepo(app.db, other.rid)!)?.id;
  updateHost(app.db, silent.id, { lastSeenAt: app.clock.now() });
  updateHost(app.db, other.id, { lastSeenAt: app.clock.now() });
  expect(maintainer()).toBe(silent.rid);
  updateHost(app.db, silent.id, { lastSeenAt: app.clock.now() - DAY_MS });
  expect(maintainer()).toBe(other.rid);
  updateHost(app.db, other.id, { lastSeenAt: null });
  expect(maintainer()).toBe(silent.rid);
});

test("what is due is ordered once; what is not, is not", async () => {
  const host = await enrollHost(app, admin);
  ready(host, { createdAt: app.clock.now() - 30 * DAY_MS });
  const { orderDue, decisions } = maintenanceWith(app.clock.now() - 20 * DAY_MS);
  const kinds = () =>
    listOpenJobsOfRepo(app.db, host.rid)
      .map(({ kind }) => kind)
      .sort();
  await orderDue();
  expect(kinds()).toEqual(["check", "forget"]);
  await orderDue();
  expect(kinds()).toEqual(["check", "forget"]);
  for (const job of listOpenJobsOfRepo(app.db, host.rid)) finish(job.id, "succeeded");
  await orderDue();
  expect(kinds()).toEqual(["prune"]);
  const repo = findRepo(app.db, host.rid);
  if (!repo) throw new Error("the repo is gone");
  expect(decisions(repo)).toMatchObject({
    forget: { is: "later" },
    prune: { why: "under_way" },
    check: { is: "later" },
  });
});

test("what a person switches off while the fleet is looked at is not ordered any more", async () => {
  const hosts = await Promise.all(Array.from({ length: 5 }, () => enrollHost(app, admin)));
  for (const host of hosts) ready(host, { createdAt: app.clock.now() - 30 * DAY_MS });
  const looking = maintenanceWith(app.clock.now() - 20 * DAY_MS).orderDue();
  for (const host of hosts) updateRepo(app.db, host.rid, { maintenanceEnabled: false });
  const before = hosts.map(({ rid }) => listOpenJobsOfRepo(app.db, rid).length);
  await looking;
  expect(hosts.map(({ rid }) => listOpenJobsOfRepo(app.db, rid).length)).toEqual(before);
});

test("a host called as another one was goes by a name of its own in a repository that both may share", async () => {
  const first = await enrollHost(app, admin, { name: "twin" });
  const { call } = jsonClient(app, admin);
  await call("PATCH", `/api/hosts/${first.id}`, { name: "twin-old" });
  const second = await enrollHost(app, admin, { name: "twin" });
  expect(findHost(app.db, first.id)?.resticHost).toBe("twin");
  expect(findHost(app.db, second.id)).toMatchObject({ name: "twin", resticHost: "twin-2" });
});

test("two heavy jobs at a time on one repo server, the third when one has ended", async () => {
  const hosts = await Promise.all([1, 2, 3].map(() => enrollHost(app, admin)));
  const { call } = jsonClient(app, admin);
  const limit = createHeavyLimit({ db: app.db, clock: app.clock });
  const jobs = [];
  for (const host of hosts) {
    ready(host, { url: "rest:http://one-vault:8000/x/" });
    const { job_id } = await call<{ job_id: string }>("POST", `/api/repos/${host.rid}/check`, {});
    jobs.push(findJob(app.db, job_id));
  }
  const [first, second, third] = jobs;
  if (!first || !second || !third) throw new Error("a job is missing");
  expect([first, second, third].map((job) => limit.mayStart(job))).toEqual([true, true, false]);
  for (const job of [first, second])
    changeJob(app.db, job.id, ["queued"], { status: "running", acceptedAt: app.clock.now() });
  expect(limit.mayStart(third)).toBe(false);
  finish(first.id, "succeeded");
  expect(limit.mayStart(third)).toBe(true);
  const other = { ...third, id: newId(), kind: "backup" as const };
  expect(limit.mayStart(other)).toBe(true);
});

test("a round of checks is told when it is complete; errors are kept apart from failures", async () => {
  const host = await enrollHost(app, admin);
  ready(host, { sizeBytes: 25 * 2 ** 30 });
  const { order, results } = maintenanceWith(app.clock.now());
  const starts: number[] = [];
  for (let part = 1; part <= 3; part++) {
    app.clock.move(DAY_MS);
    const { job } = order({ kind: "system" }, host.rid, "check");
    expect(job.args).toMatchObject({ subset: { part, parts: 3 } });
    starts.push(app.clock.now());
    finish(job.id, "succeeded", { stats: { errors: 0 } });
    results.jobFinished(job.id);
    results.jobFinished(job.id);
  }
  expect(findRepo(app.db, host.rid)).toMatchObject({
    fullyReadSince: starts[0] ?? 0,
    lastCheckStatus: "ok",
    checkNextPart: 1,
  });
  app.clock.move(DAY_MS);
  const { job } = order({ kind: "system" }, host.rid, "check");
  finish(job.id, "failed", { errorCode: "restic_failed", stats: { errors: 2 } });
  await results.catchUp();
  expect(findRepo(app.db, host.rid)).toMatchObject({ lastCheckStatus: "errors", checkNextPart: 1 });
});

test("who may: viewers look, operators run and set cadences, admins direct the right to delete", async () => {
  const host = await enrollHost(app, admin);
  const keeper = await enrollHost(app, admin);
  ready(host);
  const as = (person: Person) => jsonClient(app, person);
  const path = `/api/repos/${host.rid}`;
  expect((await as(viewer).ask("POST", `${path}/check`, {})).status).toBe(403);
  expect((await as(viewer).ask("GET", `${path}/credentials/everyday`)).status).toBe(403);
  expect((await as(viewer).ask("GET", `${path}/maintenance`)).status).toBe(200);
  expect((await as(operator).ask("PUT", `${path}/maintenance`, { check_cron: "0 5 * * *" })).status).toBe(200);
  expect((await as(operator).ask("PUT", `${path}/maintenance`, { check_cron: "0 0 30 2 *" })).status).toBe(400);
  const directed = { maintenance_host_id: keeper.id };
  expect((await as(operator).ask("PUT", `${path}/maintenance`, directed)).status).toBe(403);
  expect((await as(operator).ask("PUT", `${path}/credentials/admin`, { url: "rest:http://v:1/" })).status).toBe(403);
  expect((await as(operator).ask("POST", `${path}/reinit`, { confirm: host.name })).status).toBe(403);
  expect((await as(admin).ask("PUT", `${path}/maintenance`, directed)).status).toBe(200);
  const { job_id } = await as(operator).call<{ job_id: string }>("POST", `${path}/prune`, {});
  expect(findJob(app.db, job_id)?.hostId).toBe(keeper.id);
  const page = await app.request(`/hosts/${host.id}/repos/${host.rid}`, { headers: { cookie: viewer.cookie } });
  const html = await page.text();
  expect(html).not.toContain("Run prune");
  expect(html).toContain("visible to operators only");
});

test("backups add to the size by their own summaries, each once, and every day has a sample", async () => {
  const host = await enrollHost(app, admin);
  const now = app.clock.now();
  ready(host, { sizeBytes: 1000, measuredAt: now - DAY_MS });
  const ingest = createSnapshotIngest({
    db: app.db,
    clock: app.clock,
    bus: createFactBus(silentLog),
    ownedRepo: () => findRepo(app.db, host.rid) as never,
    reachOf: () => ({ repo: findRepo(app.db, host.rid) as never, loan: null }),
    removalsOf: () => new Set(),
    orderList: () => {},
    tooLarge: () => {},
  });
  const row = (letter: string, time: number) => ({
    snapshot_id: letter.repeat(64),
    time,
    hostname: host.name,
    username: "root",
    paths: ["/srv"],
    tags: ["default"],
    parent: null,
    program_version: "restic 0.19.1",
    size_bytes: 5000,
    file_count: 3,
    added_bytes: 70,
  });
  const connection = { hostId: host.id } as Connection;
  const added = (...snapshots: ReturnType<typeof row>[]) => ingest.added(connection, { repo_id: host.rid, snapshots });
  added(row("a", now));
  added(row("a", now));
  added(row("b", now - 2 * DAY_MS));
  expect(findRepo(app.db, host.rid)).toMatchObject({ sizeBytes: 1070, restoreSizeBytes: 5000, fileCount: 3 });
  expect(findHost(app.db, host.id)?.repoSizeBytes).toBe(1070);
  expect(listRepoSamples(app.db, host.rid, "2026-11-20")).toMatchObject([{ sizeBytes: 1070, snapshotCount: 2 }]);
  const trend = await jsonClient(app, viewer).call<{ items: unknown[] }>(
    "GET",
    `/api/repos/${host.rid}/trend?days=365`,
  );
  expect(trend.items.length).toBeGreaterThan(0);
});

test("a repo that was taken off is nowhere, but its credentials stay sealed", async () => {
  const host = await enrollHost(app, admin);
  const { call, ask } = jsonClient(app, admin);
  const added = await call<{ id: string }>("POST", `/api/hosts/${host.id}/repos`, {
    name: "offsite",
    kind: "sftp",
    url: "sftp:backup@vault:/srv/x",
  });
  expect((await ask("POST", `/api/hosts/${host.id}/repos`, { name: "OFFSITE", kind: "local", url: "/x" })).status).toBe(
    400,
  );
  await call("PATCH", `/api/repos/${added.id}`, { is_primary: true, name: "far" });
  expect((await ask("DELETE", `/api/repos/${added.id}`, { confirm: host.name })).body).toMatchObject({
    error: { code: "primary_repo" },
  });
  await call("PATCH", `/api/repos/${host.rid}`, { is_primary: true });
  await call("DELETE", `/api/repos/${added.id}`, { confirm: host.name });
  expect((await call<{ total: number }>("GET", `/api/hosts/${host.id}/repos`)).total).toBe(1);
  expect((await ask("POST", `/api/repos/${added.id}/probe`, {})).status).toBe(404);
  expect(findRepo(app.db, added.id)?.removedAt).not.toBeNull();
  await call("POST", `/api/hosts/${host.id}/repos`, { name: "far", kind: "local", url: "/srv/far" });
});

test("the right to delete never falls back to the backed-up host, and leaves a host that lost it at once", async () => {
  const host = await enrollHost(app, admin);
  const keeper = await enrollHost(app, admin);
  const other = await enrollHost(app, admin);
  ready(host);
  const { call, ask } = jsonClient(app, admin);
  const path = `/api/repos/${host.rid}`;
  await call("PUT", `${path}/maintenance`, { maintenance_host_id: keeper.id });
  const waiting = await call<{ job_id: string }>("POST", `${path}/prune`, {});
  await call("PUT", `${path}/maintenance`, { maintenance_host_id: other.id });
  expect(findJob(app.db, waiting.job_id)).toMatchObject({ hostId: keeper.id, status: "cancelled" });

  await call("DELETE", `/api/hosts/${other.id}`);
  for (const kind of ["forget", "prune", "check"])
    expect(await ask("POST", `${path}/${kind}`, {})).toMatchObject({
      status: 409,
      body: { error: { code: "host_archived", message: expect.stringContaining(other.name) } },
    });
  expect(await call("GET", `${path}/maintenance`)).toMatchObject({ prune: { state: "blocked", why: "host_archived" } });
  const page = await app.request(`/hosts/${host.id}/repos/${host.rid}`, { headers: { cookie: admin.cookie } });
  const html = await page.text();
  expect(html).toContain("its maintenance host is archived");
  expect(html).toContain(`${other.name} (archived)`);
  const purge = { confirm: other.name };
  expect(await ask("POST", `/api/hosts/${other.id}/purge`, purge)).toMatchObject({
    status: 409,
    body: { error: { code: "maintains_repos" } },
  });
  await call("PUT", `${path}/maintenance`, { maintenance_host_id: null });
  await call("POST", `/api/hosts/${other.id}/purge`, purge);
});

test("a repository that is made anew is not told well of by the checks of the former one; an archived host offers nothing", async () => {
  const host = await enrollHost(app, admin);
  ready(host);
  const { call } = jsonClient(app, admin);
  const { job_id } = await call<{ job_id: string }>("POST", `/api/repos/${host.rid}/check`, {});
  finish(job_id, "succeeded", { receivedAt: app.clock.now() });
  const results = maintenanceWith(app.clock.now()).results;
  results.jobFinished(job_id);
  expect(findRepo(app.db, host.rid)).toMatchObject({ lastCheckStatus: "ok" });
  app.clock.move(1000);
  updateRepo(app.db, host.rid, { status: "failed", statusCode: "repo_missing" });
  await call("POST", `/api/repos/${host.rid}/reinit`, { confirm: host.name });
  await results.catchUp();
  expect(findRepo(app.db, host.rid)).toMatchObject({ lastCheckAt: null, lastCheckStatus: null, measuredAt: null });

  const page = async () => {
    const answer = await app.request(`/hosts/${host.id}/repos/${host.rid}`, { headers: { cookie: admin.cookie } });
    return await answer.text();
  };
  ready(host);
  expect(await page()).toContain("Probe now");
  await call("DELETE", `/api/hosts/${host.id}`);
  const archived = await page();
  expect(archived).toContain("its maintenance host is archived");
  expect(archived).not.toMatch(/Probe now|Measure now|Run check/);
});

test("the form takes a budget that is a number, and says so of any other", async () => {
  const host = await enrollHost(app, admin);
  for (const [gib, status] of [
    ["abc", 400],
    ["-5", 400],
    ["1e300", 400],
    ["2,5", 303],
  ] as const) {
    const headers = { cookie: operator.cookie, "content-type": "application/x-www-form-urlencoded" };
    const body = new URLSearchParams({ csrf: operator.csrf, enabled: "1", check_budget_gib: gib }).toString();
    const path = `/hosts/${host.id}/repos/${host.rid}/maintenance`;
    const answer = await app.request(path, { method: "POST", headers, body });
    expect(answer.status, gib).toBe(status);
    if (status === 400) expect(await answer.text()).toContain("Enter 0 or more");
  }
  expect(findRepo(app.db, host.rid)?.checkBudgetBytes).toBe(2.5 * 2 ** 30);
});

/** One host, repo or job that causes an error does not stop the work for the others, and is reported. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "bun:test";
import { findHost, updateHost } from "../db/queries/hosts.ts";
import { findJob, insertJob, listOpenJobs } from "../db/queries/jobs.ts";
import { updateRepo } from "../db/queries/repos.ts";
import { findSchedule, putTiming } from "../db/queries/schedules.ts";
import { breathe } from "../server/runtime/turns.ts";
import { taskProblems } from "../server/upkeep/task-problems.ts";
import { newId } from "../shared/ids.ts";
import { parseToAgent, type ToAgent } from "../shared/protocol/to-agent.ts";
import { DAY_MS, HOUR_MS, MINUTE_MS } from "../shared/time/clock.ts";
import { type InsideSocket, type Person, signInAs, startApp, type TestApp } from "./testbed/app.ts";
import { enrollHost, jsonClient, type TestHost } from "./testbed/hosts.ts";
import { helloOf } from "./testbed/simulated-agent.ts";
import { createCleanup } from "./testbed/temp.ts";

const cleanup = createCleanup();
let app: TestApp;
let admin: Person;
/** By name the bad one comes first. */
let bad: TestHost;
let good: TestHost;
let made = 0;
const sockets = new Map<string, InsideSocket>();

beforeAll(async () => {
  app = await startApp(cleanup);
  admin = await signInAs(app, "admin");
});
afterAll(cleanup.run);
beforeEach(async () => {
  made++;
  app.clock.move(MINUTE_MS);
  bad = await enrollHost(app, admin, { name: `a-bad-${made}`, backupNow: false });
  good = await enrollHost(app, admin, { name: `b-good-${made}`, backupNow: false });
});

/** The database refuses what is done for the bad one. @param event such as `UPDATE ON hosts` */
function spoil(event: string, condition: string): void {
  app.db.$client.run(
    `CREATE TRIGGER spoilt BEFORE ${event} WHEN ${condition} BEGIN SELECT raise(ABORT, 'the row is spoilt'); END`,
  );
}
const mend = () => void app.db.$client.run("DROP TRIGGER IF EXISTS spoilt");
afterEach(mend);
const tick = async (name: string): Promise<unknown> => {
  try {
    await app.wired.ticks.find((one) => one.name === name)?.run();
    return null;
  } catch (error) {
    return error;
  }
};

test("days: the others are judged, and the bad one as soon as it can be", async () => {
  spoil("UPDATE OF days_closed_until ON hosts", `new.id = '${bad.id}'`);
  app.clock.move(2 * DAY_MS);
  expect(String(await tick("days"))).toContain(bad.id);
  expect(findHost(app.db, good.id)?.daysClosedUntil).not.toBeNull();
  expect(findHost(app.db, bad.id)?.daysClosedUntil).toBeNull();
  mend();
  app.clock.move(HOUR_MS);
  expect(await tick("days")).toBeNull();
  expect(findHost(app.db, bad.id)?.daysClosedUntil).not.toBeNull();
});

test("due times: those of the others are counted", async () => {
  await tick("due times");
  for (const host of [bad, good]) putTiming(app.db, host.identity.scheduleId, null, app.clock.now());
  spoil("UPDATE ON schedules", `new.host_id = '${bad.id}'`);
  expect(String(await tick("due times"))).toContain(bad.identity.scheduleId);
  expect(findSchedule(app.db, good.identity.scheduleId)?.nextRunAt).not.toBeNull();
  mend();
  app.clock.move(HOUR_MS);
  expect(await tick("due times")).toBeNull();
});

test("expired jobs: those of the others are ended", async () => {
  const run = ({ id, gid }: TestHost) =>
    jsonClient(app, admin).call<{ job_ids: string[] }>("POST", `/api/hosts/${id}/source-groups/${gid}/run`, {});
  const ids = [(await run(bad)).job_ids[0] ?? "", (await run(good)).job_ids[0] ?? ""];
  spoil("UPDATE ON jobs", `new.host_id = '${bad.id}'`);
  app.clock.move(73 * HOUR_MS);
  expect(String(await tick("sweep"))).toContain(bad.id);
  expect(ids.map((id) => findJob(app.db, id)?.status)).toEqual(["queued", "failed"]);
  mend();
  app.clock.move(HOUR_MS);
  expect(await tick("sweep")).toBeNull();
  expect(findJob(app.db, ids[0] ?? "")?.status).toBe("failed");
});

test("readiness: the repos of the others are looked at", async () => {
  await connect(bad);
  await connect(good);
  for (const { id } of [bad, good]) updateHost(app.db, id, { driftSince: null });
  spoil("INSERT ON jobs", `new.host_id = '${bad.id}'`);
  expect(String(await tick("readiness"))).toContain(bad.id);
  expect(listOpenJobs(app.db, good.id).map(({ kind }) => kind)).toEqual(["probe"]);
});

test("maintenance: that of the others is ordered", async () => {
  for (const { rid } of [bad, good])
    updateRepo(app.db, rid, { status: "ready", resticId: newId(), checkCron: "* * * * *", appendOnly: "violated" });
  app.clock.move(DAY_MS);
  for (const host of [bad, good]) await connect(host);
  app.clock.move(HOUR_MS);
  for (const host of [bad, good]) beat(host);
  spoil("INSERT ON jobs", `new.host_id = '${bad.id}'`);
  expect(String(await tick("maintenance"))).toContain(bad.rid);
  expect(listOpenJobs(app.db, good.id).map(({ kind }) => kind)).toContain("check");
  mend();
  app.clock.move(HOUR_MS);
  for (const host of [bad, good]) beat(host);
  expect(await tick("maintenance")).toBeNull();
});

test("orders: one that cannot be sent does not hold back those behind it", async () => {
  updateRepo(app.db, good.rid, { status: "ready", resticId: newId() });
  const job = { hostId: good.id, repoId: good.rid, sourceGroupId: null, status: "queued", attempt: 1 } as const;
  const who = { actorKind: "system", queuedAt: app.clock.now(), expiresAt: app.clock.now() + DAY_MS } as const;
  const [first, second] = [newId(), newId()];
  insertJob(app.db, { id: first, ...job, ...who, kind: "probe", args: {} });
  insertJob(app.db, { id: second, ...job, ...who, kind: "unlock", args: {} });
  spoil("UPDATE OF sent_at ON jobs", `new.id = '${first}'`);
  const received = await connect(good);
  const ordered = received.flatMap((one) => (one.type === "command.run" ? [one.payload.job_id] : []));
  expect(ordered).toEqual([second]);
  expect(String(await tick("dispatch"))).toContain(first);
});

test("last contact: that of the others is written when they go", async () => {
  await connect(bad);
  await connect(good);
  spoil("UPDATE ON hosts", `new.id = '${bad.id}'`);
  for (const { id } of [bad, good]) sockets.get(id)?.close();
  expect(String(await tick("departed"))).toContain(bad.id);
  expect(findHost(app.db, good.id)?.lastSeenAt).toBeGreaterThan(app.clock.now() - MINUTE_MS);
  mend();
  app.clock.move(HOUR_MS);
  expect(await tick("last seen")).toBeNull();
  expect(findHost(app.db, bad.id)?.lastSeenAt).not.toBeNull();
});

test("a host whose jobs cannot be compared is compared later, and gets its orders only then", async () => {
  updateRepo(app.db, bad.rid, { status: "ready", resticId: newId() });
  await jsonClient(app, admin).call("POST", `/api/hosts/${bad.id}/source-groups/${bad.gid}/run`, {});
  const [job] = listOpenJobs(app.db, bad.id);
  if (!job) throw new Error("no job");
  const first = await connect(bad);
  expect(first.some((one) => one.type === "command.run")).toBe(true);
  // Sent before, unknown to the agent: it goes back to those that wait, which the database does not take.
  spoil("UPDATE ON jobs", `new.id = '${job.id}'`);
  const received = await connect(bad);
  const ordered = () => received.filter((one) => one.type === "command.run");
  expect(ordered()).toEqual([]);
  expect(String(await tick("catch up"))).toContain(bad.id);
  mend();
  app.clock.move(HOUR_MS);
  expect(await tick("catch up")).toBeNull();
  expect(ordered()).toHaveLength(1);
});

test("an agent whose greeting cannot be taken in is sent away to come again, not left half connected", async () => {
  spoil("UPDATE ON hosts", `new.id = '${bad.id}'`);
  const received = await connect(bad);
  expect(received.some((one) => one.type === "command.run" || one.type === "state.set")).toBe(false);
  expect(await isOnline(bad)).toBe(false);
  mend();
  await connect(bad);
  expect(await isOnline(bad)).toBe(true);
});

test("what fails is told in words, by name", () => {
  const since = Date.parse("2026-11-30T10:02Z");
  const failing = [{ of: "host" as const, id: bad.id, since, why: "no such zone" }];
  const words = taskProblems(app.db, [
    { tick: "days", since, failing, why: null },
    { tick: "nightly copy", since, failing: [], why: null },
  ]);
  expect(words).toEqual([
    `The task "days" has failed for host ${bad.name} since 2026-11-30 10:02 UTC: no such zone`,
    'The task "nightly copy" has not succeeded since 2026-11-30 10:02 UTC: it is still running',
  ]);
});

/** Else the clock's move makes its connection look silent. */
function beat({ id }: TestHost): void {
  const figures = {
    running_job_ids: [],
    queued_jobs: 0,
    outbox_pending: 0,
    load: 0,
    uptime_s: 1,
    free_bytes_state: null,
  };
  sockets.get(id)?.send(JSON.stringify({ type: "heartbeat", ts: app.clock.now(), payload: figures }));
}

async function isOnline({ id }: TestHost): Promise<boolean> {
  const { status } = await jsonClient(app, admin).call<{ status: string }>("GET", `/api/hosts/${id}`);
  return status !== "offline";
}

async function connect(host: TestHost): Promise<ToAgent[]> {
  const socket = await app.connect("/ws/agent", { authorization: `Bearer ${host.identity.token}` });
  const received: ToAgent[] = [];
  socket.onFrame = (frame) => {
    const parsed = parseToAgent(frame);
    if (parsed.ok) received.push(parsed.message);
  };
  sockets.set(host.id, socket);
  cleanup.add(() => socket.close());
  socket.send(JSON.stringify({ type: "hello", ts: app.clock.now(), payload: helloOf(host.identity) }));
  // Greetings are given a few in each turn of the event loop.
  await breathe();
  return received;
}

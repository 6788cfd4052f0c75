/** Hosts that send without end: each is slowed down or cut off alone, nothing of an honest one is lost, and its page says so. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { countOpenJobsOfHost } from "../../db/queries/jobs.ts";
import { newId } from "../../shared/ids.ts";
import { MAX_IN_FLIGHT_MESSAGES } from "../../shared/protocol/version.ts";
import { HOUR_MS, MINUTE_MS } from "../../shared/time/clock.ts";
import { type Person, signInAs, startApp, type TestApp } from "../testbed/app.ts";
import { enrollHost, type TestHost } from "../testbed/hosts.ts";
import { connectInside, type InsideAgent } from "../testbed/inside-agent.ts";
import { createCleanup } from "../testbed/temp.ts";
import { until } from "../testbed/wait.ts";
import { madeUp } from "./made-up.ts";

const cleanup = createCleanup();
let app: TestApp;
let admin: Person;
beforeAll(async () => {
  app = await startApp(cleanup, "error", { now: () => 1_800_000_000_000 }, null, { RM_HOST_MIB_PER_MINUTE: "1" });
  admin = await signInAs(app, "admin");
});
afterAll(cleanup.run);

const enroll = () => enrollHost(app, admin, { backupNow: false });
const pageOf = async ({ id }: TestHost) =>
  await (await app.request(`/hosts/${id}`, { headers: { cookie: admin.cookie } })).text();
const lookAtHeldBack = () => app.wired.ticks.find(({ name }) => name === "throttled hosts")?.run();
const turns = async (count: number) => {
  for (let turn = 0; turn < count; turn++) await new Promise<void>((resolve) => setImmediate(resolve));
};

/** A backup that the host's own schedule began, for its log to belong to. */
function beginBackup(agent: InsideAgent, host: TestHost): string {
  const own = { source_group_id: host.gid, schedule_id: host.identity.scheduleId, actor_kind: "schedule" as const };
  const job = madeUp("backup", host.rid, { ...own, scheduled_at: app.clock.now(), queued_at: app.clock.now() });
  agent.tell("job.queued", job);
  return job.job_id;
}

const LINE = "x".repeat(60 * 1024);
const LINES = 4;
const linesFrom = (seq: number) =>
  Array.from({ length: LINES }, (_, at) => ({ seq: seq + at, ts: 1, stream: "stdout" as const, payload: LINE }));

test("a flood of log is stored at a host's own pace, whole and in order; its neighbour does not notice", async () => {
  const [loud, quiet] = [await enroll(), await enroll()];
  const agent = await connectInside(app, loud.identity);
  const jobId = beginBackup(agent, loud);
  await agent.acknowledged();
  // As an agent does it: 16 frames of 240 KiB are 4 MiB in flight.
  const frames = 300;
  const send = async () => {
    for (let turn = 0; turn < 40 && agent.numbers().said <= frames; turn++) {
      while (agent.numbers().said <= frames && agent.numbers().said - agent.numbers().acked < 16)
        agent.tell("log.stream", { job_id: jobId, lines: linesFrom(1 + (agent.numbers().said - 1) * LINES) });
      await turns(20);
    }
  };
  await send();
  const { acked } = agent.numbers();
  // The burst is an agent's whole outbox of 64 MiB.
  expect(acked).toBeGreaterThan(64 * 4);
  expect(acked).toBeLessThan(68 * 4.5);
  expect(agent.isClosed()).toBe(false);

  const other = await connectInside(app, quiet.identity);
  beginBackup(other, quiet);
  await other.acknowledged();
  expect(await pageOf(loud)).toContain("Reports are delayed.");
  expect(await pageOf(quiet)).not.toContain("Reports are delayed.");

  for (let minute = 0; minute < 20 && agent.numbers().acked <= frames; minute++) {
    app.clock.move(MINUTE_MS);
    await lookAtHeldBack();
    await turns(20);
    await send();
  }
  expect(agent.numbers().acked).toBe(frames + 1);
  const { n } = app.db.$client
    .query<{ n: number }, [string]>("SELECT count(*) AS n FROM job_logs WHERE job_id = ?")
    .get(jobId) ?? { n: 0 };
  expect(n).toBe(frames * LINES);
  app.clock.move(2 * HOUR_MS);
  expect(await pageOf(loud)).not.toContain("Reports are delayed.");
}, 120_000);

test("who goes on sending beyond its window is cut off, and finds the unacknowledged in its outbox when it comes back", async () => {
  const host = await enroll();
  const agent = await connectInside(app, host.identity);
  const jobId = beginBackup(agent, host);
  for (let n = 0; n < 3 * MAX_IN_FLIGHT_MESSAGES && !agent.isClosed(); n++)
    agent.tell("log.stream", { job_id: jobId, lines: [{ seq: n + 1, ts: 1, stream: "stdout", payload: "x" }] });
  expect(agent.isClosed()).toBe(true);
  expect(await pageOf(host)).toContain("Connection closed by the server.");
  const again = await connectInside(app, host.identity);
  expect(again.received.some(({ type }) => type === "welcome")).toBe(true);
  beginBackup(again, host);
  await again.acknowledged();
});

test("bytes that lead to nothing are counted, too: the connection ends, and the next is refused for a moment", async () => {
  const host = await enroll();
  const agent = await connectInside(app, host.identity);
  const junk = JSON.stringify({ type: "from.the.future", ts: 1, payload: "x".repeat(1_000_000) });
  let sent = 0;
  for (; sent < 400 && !agent.isClosed(); sent++) agent.sendText(junk);
  expect(sent).toBeLessThan(300);
  await expect(connectInside(app, host.identity)).rejects.toThrow("429");
  app.clock.move(MINUTE_MS);
  await connectInside(app, host.identity);
});

test("messages that are handled at once are counted by what they cost, and so are connections", async () => {
  const [host, restless] = [await enroll(), await enroll()];
  const agent = await connectInside(app, host.identity);
  const ack = { state_version: 1, digest: "x", errors: [] };
  let sent = 0;
  for (; sent < 10_000 && !agent.isClosed(); sent++)
    agent.sendText(JSON.stringify({ type: "state.ack", ts: 1, payload: ack }));
  expect(agent.isClosed()).toBe(true);
  expect(sent).toBeLessThan(5_000);
  let connected = 0;
  const again = async () => {
    for (; connected < 1_000; connected++) (await connectInside(app, restless.identity)).close();
  };
  await expect(again()).rejects.toThrow("429");
  expect(connected).toBeLessThan(200);
  app.clock.move(2 * MINUTE_MS);
  await connectInside(app, restless.identity);
});

test("of scheduled backups that never end so many are taken on and no more", async () => {
  const host = await enroll();
  const agent = await connectInside(app, host.identity);
  for (let n = 0; n < 1_100; n++) {
    beginBackup(agent, host);
    if (n % 100 === 99) await agent.acknowledged();
  }
  expect(countOpenJobsOfHost(app.db, host.id, 2_000)).toBe(1_000);
  const page = await until(() => pageOf(host), { what: "the page" });
  expect(page).toContain(host.name);
}, 60_000);

test("adoptions are audited a hundred times a day at most", async () => {
  const host = await enroll();
  const agent = await connectInside(app, host.identity);
  for (let n = 0; n < 150; n++) {
    const fields = madeUp("backup", host.rid, { source_group_id: host.gid, job_id: newId() });
    agent.tell("job.queued", fields);
  }
  await agent.acknowledged();
  const { n } = app.db.$client
    .query<{ n: number }, []>("SELECT count(*) AS n FROM audit_log WHERE action = 'job.adopted'")
    .get() ?? { n: 0 };
  expect(n).toBe(100);
});

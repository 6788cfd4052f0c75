/** Long lists of snapshots, and hosts that never finish theirs: the event loop is never held, nothing is read twice, nothing half applied. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { findRepo } from "../../db/queries/repos.ts";
import { countSnapshots } from "../../db/queries/snapshots.ts";
import { newId } from "../../shared/ids.ts";
import { DAY_MS, SECOND_MS } from "../../shared/time/clock.ts";
import { type Person, signInAs, startApp, type TestApp } from "../testbed/app.ts";
import { enrollHost, enrollIdentity, type TestHost } from "../testbed/hosts.ts";
import { connectInside } from "../testbed/inside-agent.ts";
import { type ServerProcess, signIn, startServer } from "../testbed/server.ts";
import { createCleanup } from "../testbed/temp.ts";
import { listOf, snapshotRow } from "./made-up.ts";

/** No portion may hold the loop longer. */
const HOLD_MS = 50;

const cleanup = createCleanup();
let app: TestApp;
let admin: Person;
beforeAll(async () => {
  app = await startApp(cleanup);
  admin = await signInAs(app, "admin");
});
afterAll(cleanup.run);

const enroll = () => enrollHost(app, admin, { backupNow: false });
const staged = () =>
  app.db.$client
    .query<{ n: number; bytes: number | null }, []>(
      "SELECT count(*) AS n, sum(octet_length(rows)) AS bytes FROM snapshot_report_parts",
    )
    .get() ?? { n: 0, bytes: 0 };

/** Sends a list in parts of this many rows, as an agent does: 4 MiB in flight at most. */
async function sendList(host: TestHost, rows: ReturnType<typeof snapshotRow>[], rowsInPart: number, takenAt: number) {
  const agent = await connectInside(app, host.identity);
  const parts = Math.ceil(rows.length / rowsInPart);
  const reportId = newId();
  for (let part = 1; part <= parts; part++) {
    const own = rows.slice((part - 1) * rowsInPart, part * rowsInPart);
    agent.tell("snapshots.report", listOf(host.rid, own, { report_id: reportId, taken_at: takenAt, part, parts }));
    await agent.acknowledged();
  }
  agent.close();
}

test("100 000 snapshots are taken over, told again and halved without holding the loop", async () => {
  const server = await startServer({ dataDir: await cleanup.tempFolder(), env: { RM_HOST_MIB_PER_MINUTE: "10000" } });
  cleanup.add(async () => void (await server.stop()));
  const client = await signIn(server);
  const identity = await enrollIdentity(client, { name: "alpha", backupNow: false });
  const now = Date.now();
  const holds: Record<string, number> = {};
  for (const [what, rows] of Object.entries({ first: 100_000, again: 100_000, half: 50_000 })) {
    const takenAt = now - 3000 + 1000 * Object.keys(holds).length;
    const argv = [server.url, JSON.stringify(identity), rows, now, takenAt].map(String);
    const sender = Bun.spawn([process.execPath, join(import.meta.dir, "list-sender.ts"), ...argv], {
      stderr: "inherit",
    });
    holds[what] = await longestHold(server, sender.exited);
    expect(sender.exitCode).toBe(0);
    expect(await client.get(`/api/repos/${identity.repoId}`)).toMatchObject({ snapshot_count: rows });
  }
  for (const [what, ms] of Object.entries(holds)) expect(ms, what).toBeLessThan(HOLD_MS);
}, 180_000);

/**
 * The longest that a person's request waited for, in ms of the server's main thread: other work on the machine does
 * not count, nor does what its collector does beside it.
 */
async function longestHold({ url, pid }: ServerProcess, isOver: Promise<unknown>): Promise<number> {
  const spentMs = () => Number(readFileSync(`/proc/${pid}/task/${pid}/schedstat`, "utf8").split(" ")[0]) / 1e6;
  let isOn = true;
  void isOver.then(() => {
    isOn = false;
  });
  let longest = 0;
  while (isOn) {
    const before = spentMs();
    await (await fetch(`${url}/healthz`)).text();
    longest = Math.max(longest, spentMs() - before);
    await Bun.sleep(0);
  }
  return longest;
}

test("40 parts of 860 KiB of a list that is never finished cost no more each than the first", async () => {
  const host = await enroll();
  const agent = await connectInside(app, host.identity);
  const big = (part: number) =>
    Array.from({ length: 200 }, (_, at) => snapshotRow(part * 1000 + at, { paths: [`/${"x".repeat(4000)}`] }));
  const reportId = newId();
  const times: number[] = [];
  for (let part = 1; part <= 40; part++) {
    const startedAt = performance.now();
    agent.tell("snapshots.report", listOf(host.rid, big(part), { report_id: reportId, part, parts: 1000 }));
    await agent.acknowledged();
    times.push(performance.now() - startedAt);
  }
  const sum = (some: number[]) => some.reduce((total, ms) => total + ms, 0);
  expect(sum(times)).toBeLessThan(5 * SECOND_MS);
  expect(sum(times.slice(20))).toBeLessThan(5 * sum(times.slice(0, 20)) + 500);
  expect(countSnapshots(app.db, host.rid)).toBe(0);
  expect(staged().n).toBe(40);

  // A newer list takes its place at once, one that grows beyond all measure is dropped and told.
  const next = newId();
  agent.tell("snapshots.report", listOf(host.rid, big(1), { report_id: next, part: 1, parts: 1000 }));
  await agent.acknowledged();
  expect(staged().n).toBe(1);
  for (let part = 2; part <= 90; part++) {
    agent.tell("snapshots.report", listOf(host.rid, big(part), { report_id: next, part, parts: 1000 }));
    await agent.acknowledged();
    expect(staged().bytes ?? 0).toBeLessThan(66 * 2 ** 20);
  }
  const page = await app.request(`/hosts/${host.id}`, { headers: { cookie: admin.cookie } });
  expect(await page.text()).toContain("The list that this host sent");
  agent.close();
}, 120_000);

test("a list that is broken off in the middle is neither half applied nor lost", async () => {
  const host = await enroll();
  const now = app.clock.now();
  const rows = Array.from({ length: 3000 }, (_, at) => snapshotRow(now - at * DAY_MS, { hostname: host.name }));
  await sendList(host, rows, 1000, now - 2000);
  const reportId = newId();
  const kept = rows.slice(0, 100);
  const part = (at: number) =>
    listOf(host.rid, kept.slice((at - 1) * 50, at * 50), { report_id: reportId, taken_at: now, part: at, parts: 2 });
  const first = await connectInside(app, host.identity);
  first.tell("snapshots.report", part(1));
  await first.acknowledged();
  first.tell("snapshots.report", part(2));
  // Gone while it is taken over: nothing was acknowledged, so it comes again.
  first.close();
  await Bun.sleep(0);
  expect(findRepo(app.db, host.rid)?.snapshotsTakenAt).toBe(now - 2000);
  const again = await connectInside(app, host.identity);
  again.tell("snapshots.report", part(2));
  await again.acknowledged();
  expect(countSnapshots(app.db, host.rid)).toBe(100);
  expect(findRepo(app.db, host.rid)).toMatchObject({ snapshotCount: 100, snapshotsTakenAt: now });
  // What is behind a list is applied after it.
  const later = { ...snapshotRow(now + 1, { hostname: host.name }) };
  again.tell("snapshots.report", listOf(host.rid, kept, { taken_at: app.clock.now() }));
  again.tell("snapshots.added", { repo_id: host.rid, snapshots: [later] });
  await again.acknowledged();
  expect(countSnapshots(app.db, host.rid)).toBe(101);
}, 60_000);

/** Long lists of snapshots, and hosts that never finish theirs: the event loop is never held, nothing is read twice, nothing half applied. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { findRepo } from "../../db/queries/repos.ts";
import { countSnapshots } from "../../db/queries/snapshots.ts";
import { DAY_MS, SECOND_MS } from "../../shared/clock.ts";
import { newId } from "../../shared/ids.ts";
import { type Person, signInAs, startApp, type TestApp } from "../testbed/app.ts";
import { enrollHost, type TestHost } from "../testbed/hosts.ts";
import { connectInside } from "../testbed/inside-agent.ts";
import { createCleanup } from "../testbed/temp.ts";
import { listOf, snapshotRow } from "./made-up.ts";

/** No portion may hold the loop longer; by processor time, which other work on the machine hardly changes. */
const HOLD_MS = 50;
/** What the collector of memory does on other threads counts, too. Alone the longest is some 30 ms. */
const FACTOR = 4;

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

/** Measures the longest work, in ms of processor time, between two turns of the loop. */
function watchLoop() {
  let longest = 0;
  let last = process.cpuUsage();
  let isOver = false;
  const look = () => {
    const { user, system } = process.cpuUsage(last);
    longest = Math.max(longest, (user + system) / 1000);
    last = process.cpuUsage();
    if (!isOver) setImmediate(look);
  };
  setImmediate(look);
  return async (): Promise<number> => {
    await Bun.sleep(1);
    look();
    isOver = true;
    return longest;
  };
}

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

test("100 000 snapshots are taken over, told again and dropped without holding the loop", async () => {
  const host = await enroll();
  const now = app.clock.now();
  const rows = Array.from({ length: 100_000 }, (_, at) => snapshotRow(now - at * SECOND_MS, { hostname: host.name }));
  const figures: Record<string, number> = {};
  const measured = async (what: string, list: typeof rows, takenAt: number) => {
    const longestHold = watchLoop();
    const startedAt = performance.now();
    await sendList(host, list, 700, takenAt);
    figures[`${what}, all`] = Math.round(performance.now() - startedAt);
    figures[`${what}, longest hold`] = Math.round(await longestHold());
    expect(countSnapshots(app.db, host.rid)).toBe(list.length);
  };
  await measured("first", rows, now - 3000);
  await measured("again", rows, now - 2000);
  await measured("half", rows.slice(50_000), now - 1000);
  for (const [what, ms] of Object.entries(figures))
    if (what.endsWith("hold")) expect(ms, what).toBeLessThan(HOLD_MS * FACTOR);
  expect(findRepo(app.db, host.rid)).toMatchObject({ snapshotCount: 50_000, snapshotsTakenAt: now - 1000 });
  expect(staged().n).toBe(0);
}, 180_000);

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
  expect(await page.text()).toContain("The list of snapshots that this host sent");
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

/** A repo's page and its forms without a browser: long-running work, what is blocked and why, re-initialising. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { listAudit } from "../db/queries/audit.ts";
import { listJobs } from "../db/queries/jobs.ts";
import { findRepo, updateRepo } from "../db/queries/repos.ts";
import { putTarget, updateSourceGroup } from "../db/queries/source-groups.ts";
import type { Hub } from "../server/agents/hub.ts";
import { createCancel } from "../server/jobs/cancel.ts";
import { createJobMaker } from "../server/jobs/create.ts";
import { createOrders } from "../server/jobs/orders.ts";
import { createReadiness } from "../server/jobs/readiness.ts";
import type { Credentials } from "../server/repos/credentials.ts";
import { createFactBus } from "../server/runtime/facts.ts";
import { newId } from "../shared/ids.ts";
import { silentLog } from "../shared/log.ts";
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

const GIB = 2 ** 30;
const pathOf = (host: TestHost) => `/hosts/${host.id}/repos/${host.rid}`;
const change = (host: TestHost, changes: Parameters<typeof updateRepo>[2]) => updateRepo(app.db, host.rid, changes);
const ready = {
  status: "ready",
  resticId: newId().replaceAll("-", ""),
  appendOnly: "violated",
  snapshotsTakenAt: 1,
} as const;

async function read(path: string, person: Person = operator): Promise<string> {
  return await (await app.request(path, { headers: { cookie: person.cookie } })).text();
}

async function send(path: string, fields: Record<string, string>, person: Person = operator): Promise<Response> {
  const headers = { cookie: person.cookie, "content-type": "application/x-www-form-urlencoded" };
  const body = new URLSearchParams({ csrf: person.csrf, ...fields }).toString();
  return await app.request(path, { method: "POST", headers, body });
}

test("a repo that takes years to be read is offered a budget; the link fills the form in and saves nothing", async () => {
  const host = await enrollHost(app, admin);
  change(host, { ...ready, sizeBytes: 1500 * GIB, checkCron: "30 5 1 * *" });
  const path = pathOf(host);
  const page = await read(path);
  expect(page).toContain("Checks take 12 years to read all data once.");
  expect(/href="([^"]*budget_gib[^"]*)"/.exec(page)?.[1]).toBe(`${path}?budget_gib=750#check_budget_gib`);
  expect(await read(path, viewer)).not.toContain("budget_gib=");

  const filled = await read(`${path}?budget_gib=750`);
  expect(filled).toMatch(/<input[^>]*name="check_budget_gib"[^>]*value="750"/);
  expect(filled).toMatch(/<details[^>]*open[^>]*id="change-maintenance"/);
  expect(filled).not.toContain('hx-trigger="live"');
  expect(findRepo(app.db, host.rid)?.checkBudgetBytes).toBe(10 * GIB);
  expect(await read(`${path}?budget_gib=1e9`)).toMatch(/<input[^>]*name="check_budget_gib"[^>]*value="10"/);

  const form = { enabled: "on", check_cron: "30 5 1 * *", check_budget_gib: "750" };
  expect((await send(`${path}/maintenance`, form)).status).toBe(303);
  expect(await read(path)).not.toContain("to read all data once");
});

test("a budget that is no number is refused beside its field", async () => {
  const host = await enrollHost(app, admin);
  const answer = await send(`${pathOf(host)}/maintenance`, { enabled: "on", check_budget_gib: "much" });
  expect(answer.status).toBe(400);
  expect(await answer.text()).toMatch(/id="check_budget_gib-error"/);
});

test("compression in a repository of format 1 says that it does nothing", async () => {
  const host = await enrollHost(app, admin);
  const words = "but without effect: format 1 repositories cannot compress";
  change(host, { ...ready, formatVersion: 2, compression: "max" });
  expect(await read(pathOf(host), admin)).not.toContain(words);
  change(host, { ...ready, formatVersion: 1, compression: "max" });
  const page = await read(pathOf(host), admin);
  expect(page).toContain(`Maximum (slower), ${words}`);
  expect(page).toContain("restic migrate upgrade_repo_v2");
  change(host, { ...ready, formatVersion: 1, compression: "off" });
  expect(await read(pathOf(host), admin)).not.toContain(words);
});

test("why a repo cannot be opened is said once", async () => {
  const host = await enrollHost(app, admin);
  const statusMessage =
    "There is no repository at this address: check the URL, or whether the disk behind it is mounted";
  change(host, { status: "failed", statusCode: "repo_missing", statusMessage });
  for (const path of [pathOf(host), `/hosts/${host.id}/repos`, `/hosts/${host.id}`])
    expect((await read(path)).match(/no repository at this address/gi), path).toHaveLength(1);
  const page = await read(pathOf(host));
  expect(page).toContain("check the URL, or whether the disk behind it is mounted.");
});

test("what is not possible now keeps its button, which points at the reason", async () => {
  const host = await enrollHost(app, admin);
  change(host, ready);
  const page = await read(pathOf(host), admin);
  expect(page).toMatch(/<button[^>]*aria-disabled="true"[^>]*aria-describedby="reinit-why">Re-initialise…/);
  expect(page).toMatch(/id="reinit-why"[^>]*>[^<]*Not possible while one exists there/);
  expect(page).toMatch(/<button[^>]*aria-disabled="true"[^>]*aria-describedby="remove-why">Remove…/);
  change(host, { status: "failed", statusCode: "repo_missing" });
  expect(await read(pathOf(host), admin)).toMatch(/<button[^>]*data-dialog="reinit"[^>]*>Re-initialise…/);
  expect(await read(pathOf(host), operator)).not.toContain("Re-initialise");
});

test.each([
  ["is backed up into as soon as it is there", { backup_now: "on" }, 1],
  ["waits for its next run when that was wished", {}, 0],
] as const)("a repository that is made anew %s; one audit row", async (_name, fields, backups) => {
  const { db, clock } = app;
  const host = await enrollHost(app, admin, { backupNow: false });
  change(host, { ...ready, status: "failed", statusCode: "repo_missing" });
  const audited = () => listAudit(db, {}, 1, 0).total;
  const before = audited();
  expect((await send(`${pathOf(host)}/reinit`, { confirm: host.name, ...fields }, admin)).status).toBe(303);
  expect(audited() - before).toBe(1);

  const hub = { isOnline: () => true } as unknown as Hub;
  const bus = createFactBus(silentLog);
  const orders = createOrders({ db, maker: createJobMaker({ db, clock, bus }) });
  const cancel = createCancel({ db, clock, bus });
  const credentials = {} as Credentials;
  const readiness = createReadiness({
    db,
    clock,
    log: silentLog,
    hub,
    orders,
    credentials,
    cancel,
    stateChanged: () => {},
  });
  const ordered = () => listJobs(db, { repo_id: host.rid, kind: "backup" }, 10, 0);
  readiness.evaluateAll();
  expect(ordered()).toHaveLength(0);
  change(host, { status: "ready", resticId: newId().replaceAll("-", "") });
  readiness.evaluateAll();
  readiness.evaluateAll();
  expect(ordered()).toHaveLength(backups);
  expect(audited() - before).toBe(1);
});

test("a held retention is told on the dashboard, the host's and the repo's page, with the way to agree for those who may", async () => {
  const host = await enrollHost(app, admin, { backupNow: false });
  change(host, ready);
  const at = app.clock.now();
  putTarget(app.db, {
    sourceGroupId: host.gid,
    repoId: host.rid,
    lastJobId: null,
    lastStatus: "succeeded",
    lastWarnings: 0,
    lastAt: at,
    lastSuccessAt: at,
    addedBytesMedian: null,
    filesMedian: null,
  });
  updateSourceGroup(app.db, host.gid, { retentionHeldSince: 5 });
  const confirmLink = `href="/hosts/${host.id}/sources/${host.gid}#held"`;
  for (const path of [`/hosts/${host.id}`, pathOf(host)]) {
    expect((await read(path)).includes(confirmLink), path).toBe(true);
    expect((await read(path, viewer)).includes(confirmLink), path).toBe(false);
  }
  expect(await read(`/hosts/${host.id}`, viewer)).toContain("retention needs confirmation");
  const page = await read(pathOf(host));
  expect(page).toMatch(/aria-disabled="true" aria-describedby="m-forget-why"/);
  expect(page).toMatch(/id="m-forget-why"[^>]*>held: needs confirmation/);
  expect(await read(`/hosts/${host.id}/sources/${host.gid}`)).toContain('id="held"');
  expect(await jsonClient(app, operator).ask("POST", `/api/repos/${host.rid}/forget`, {})).toMatchObject({
    status: 409,
    body: { error: { code: "retention_held" } },
  });
});

test("nothing to forget says why: keeps everything, never listed", async () => {
  const host = await enrollHost(app, admin);
  change(host, { ...ready, snapshotsTakenAt: null });
  expect(await read(pathOf(host))).toContain("waiting for the snapshot list");
  updateSourceGroup(app.db, host.gid, { retention: {} });
  expect(await read(pathOf(host))).toContain("not needed: everything is kept");
  const answer = await jsonClient(app, operator).ask("POST", `/api/repos/${host.rid}/forget`, {});
  expect(answer).toMatchObject({ status: 409, body: { error: { code: "nothing_to_forget" } } });
  expect(JSON.stringify(answer.body)).toContain("keeps all its snapshots");
});

test("a repo without snapshots says what the first backup waits for", async () => {
  const host = await enrollHost(app, admin);
  change(host, ready);
  change(host, { appendOnly: "proven" });
  const page = (await read(pathOf(host))).replace(/<[^>]+>/g, "");
  expect(page).toContain("main is ready but holds no snapshots of this host yet.");
  expect(page).toContain("Wait for the next scheduled run, or start one under Sources");
});

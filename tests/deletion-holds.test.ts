/** Deletion holds: who may place them, what they stop, and how everything goes on after the release. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { insertDeletionHold } from "../db/queries/deletion-holds.ts";
import { updateHost } from "../db/queries/hosts.ts";
import { findJob, listOpenJobsOfRepo } from "../db/queries/jobs.ts";
import { updateRepo } from "../db/queries/repos.ts";
import { newId } from "../shared/ids.ts";
import { DAY_MS, HOUR_MS } from "../shared/time/clock.ts";
import { type Person, signInAs, startApp, type TestApp } from "./testbed/app.ts";
import { enrollHost, jsonClient, type TestHost } from "./testbed/hosts.ts";
import { connectInside } from "./testbed/inside-agent.ts";
import { createCleanup } from "./testbed/temp.ts";
import { until } from "./testbed/wait.ts";

const cleanup = createCleanup();
let app: TestApp;
let admin: Person;
let operator: Person;
let viewer: Person;
beforeAll(async () => {
  app = await startApp(cleanup);
  admin = await signInAs(app, "admin");
  operator = await signInAs(app, "operator", "mara");
  viewer = await signInAs(app, "viewer");
});
afterAll(cleanup.run);

type Hold = { id: string };
const REASON = "Odd file names on the file server";
const as = (person: Person) => jsonClient(app, person);
const hold = (scope: { host_id?: string; tag?: string } = {}) =>
  as(operator).call<Hold>("POST", "/api/deletion-holds", { ...scope, reason: REASON });
const release = ({ id }: Hold) => as(operator).call("DELETE", `/api/deletion-holds/${id}`);
const actions = () =>
  app.db.$client
    .query<{ action: string }, []>("SELECT action FROM audit_log ORDER BY id")
    .all()
    .map(({ action }) => action);
const tick = async (name: string) => await app.wired.ticks.find((one) => one.name === name)?.run();
const htmlOf = async (path: string, person: Person) =>
  await (await app.request(path, { headers: { cookie: person.cookie } })).text();
const post = (path: string, person: Person, fields: Record<string, string> = {}) =>
  app.request(path, {
    method: "POST",
    redirect: "manual",
    headers: { cookie: person.cookie, "content-type": "application/x-www-form-urlencoded" },
    body: new URLSearchParams({ csrf: person.csrf, ...fields }).toString(),
  });

/** A host with a ready repo in which its everyday credential may delete. */
async function readyHost(changes: Parameters<typeof updateRepo>[2] = {}): Promise<TestHost> {
  const host = await enrollHost(app, admin, { backupNow: false });
  updateRepo(app.db, host.rid, {
    status: "ready",
    resticId: newId().replaceAll("-", ""),
    appendOnly: "violated",
    snapshotsTakenAt: 1,
    ...changes,
  });
  return host;
}
const order = (host: TestHost, kind: "forget" | "prune" | "check") =>
  as(operator).ask<{ job_id: string; error?: { code: string; message: string } }>(
    "POST",
    `/api/repos/${host.rid}/${kind}`,
    {},
  );
const codeOf = async (host: TestHost, kind: "forget" | "prune" | "check") =>
  (await order(host, kind)).body.error?.code ?? "ordered";

test("operators hold and release, viewers do neither; each leaves one row in the audit log", async () => {
  const host = await readyHost();
  const before = actions().length;
  expect((await as(viewer).ask("POST", "/api/deletion-holds", { reason: REASON })).status).toBe(403);
  expect((await as(viewer).ask("GET", "/api/deletion-holds")).status).toBe(403);
  const placed = await hold({ host_id: host.id });
  expect(placed).toMatchObject({ host_id: host.id, host_name: host.name, tag: null, reason: REASON, held_by: "mara" });
  expect(await as(operator).call("GET", "/api/deletion-holds")).toEqual({ items: [placed], total: 1 } as never);
  expect(await as(operator).ask("POST", "/api/deletion-holds", { host_id: host.id, reason: "again" })).toMatchObject({
    status: 409,
    body: { error: { code: "already_held" } },
  });
  expect((await as(viewer).ask("DELETE", `/api/deletion-holds/${placed.id}`)).status).toBe(403);
  await release(placed);
  expect((await as(operator).ask("DELETE", `/api/deletion-holds/${placed.id}`)).status).toBe(404);
  expect(actions().slice(before)).toEqual([
    "deletion_hold.placed.denied",
    "deletion_hold.placed",
    "deletion_hold.released.denied",
    "deletion_hold.released",
  ]);
});

test("a hold needs a reason, and a host or tag that exists, but not both", async () => {
  const host = await readyHost();
  const refused = async (body: object) => (await as(operator).ask("POST", "/api/deletion-holds", body)).body;
  expect(await refused({ reason: "  " })).toMatchObject({ error: { fields: { reason: expect.any(String) } } });
  expect(await refused({ reason: "x".repeat(161) })).toMatchObject({
    error: { fields: { reason: expect.any(String) } },
  });
  expect(await refused({ reason: REASON, tag: "nobody" })).toMatchObject({
    error: { fields: { tag: expect.any(String) } },
  });
  expect(await refused({ reason: REASON, tag: "nobody", host_id: host.id })).toMatchObject({
    error: { fields: { tag: expect.any(String) } },
  });
  expect(await refused({ reason: REASON, host_id: newId() })).toMatchObject({ error: { code: "not_found" } });
});

test("forget and prune by hand are refused with the reason, checks are not; re-initialising and purging are refused too", async () => {
  const host = await readyHost();
  const other = await readyHost();
  const held = await hold({ host_id: host.id });
  for (const kind of ["forget", "prune"] as const)
    expect(await order(host, kind)).toMatchObject({
      status: 409,
      body: {
        error: {
          code: "deletion_held",
          message: `Deletion is held for ${host.name} by mara: ${REASON}. Release the hold first.`,
        },
      },
    });
  expect(await codeOf(host, "check")).toBe("ordered");
  expect(await codeOf(other, "prune")).toBe("ordered");
  expect(await as(viewer).call("GET", `/api/repos/${host.rid}/maintenance`)).toMatchObject({
    forget: { state: "blocked", why: "deletion_held" },
    prune: { state: "blocked", why: "deletion_held" },
  });
  expect(await htmlOf(`/hosts/${host.id}/repos/${host.rid}`, operator)).toContain("deletion is held");
  updateRepo(app.db, host.rid, { status: "failed", statusCode: "repo_missing" });
  const confirm = { confirm: host.name };
  const reinit = () => as(admin).ask("POST", `/api/repos/${host.rid}/reinit`, confirm);
  expect(await reinit()).toMatchObject({ status: 409, body: { error: { code: "deletion_held" } } });
  await as(admin).call("DELETE", `/api/hosts/${other.id}`);
  const onArchived = await hold({ host_id: other.id });
  const purge = () => as(admin).ask("POST", `/api/hosts/${other.id}/purge`, { confirm: other.name });
  expect(await purge()).toMatchObject({ status: 409, body: { error: { code: "deletion_held" } } });
  await release(onArchived);
  expect((await purge()).status).toBe(204);
  await release(held);
  expect((await reinit()).status).toBe(202);
});

test("what is due is not ordered while held, and is ordered soon after the release", async () => {
  const host = await readyHost({ createdAt: app.clock.now() - 30 * DAY_MS });
  updateHost(app.db, host.id, { tags: ["held-one"] });
  const held = await hold({ tag: "held-one" });
  const agent = await connectInside(app, host.identity);
  app.clock.move(HOUR_MS);
  const kinds = () => listOpenJobsOfRepo(app.db, host.rid).map(({ kind }) => kind);
  await tick("maintenance");
  expect(kinds()).toContain("check");
  expect(kinds()).not.toContain("forget");
  await release(held);
  await tick("maintenance");
  expect(kinds()).toContain("forget");
  agent.close();
});

test("a waiting job is not sent while held, says so, and is sent after the release", async () => {
  const host = await readyHost();
  const { body } = await order(host, "prune");
  const first = await hold({ host_id: host.id });
  const fleetWide = await hold();
  const agent = await connectInside(app, host.identity);
  await agent.stored();
  await tick("dispatch");
  expect(agent.orders("prune")).toEqual([]);
  expect(await as(viewer).call("GET", `/api/jobs/${body.job_id}`)).toMatchObject({
    status: "queued",
    waiting_for: "waiting for a deletion hold to be released",
  });
  expect(await htmlOf(`/jobs/${body.job_id}`, viewer)).toContain("is waiting, because deletion is held.");
  // The other hold still covers it.
  expect(await htmlOf(`/deletion-holds/${first.id}/release`, operator)).not.toContain("waiting job");
  await release(first);
  await tick("dispatch");
  expect(agent.orders("prune")).toEqual([]);
  expect(await htmlOf(`/deletion-holds/${fleetWide.id}/release`, operator)).toContain("waiting job");
  await release(fleetWide);
  // At once, not with the next tick.
  expect(agent.orders("prune").map(({ job_id }) => job_id)).toEqual([body.job_id]);
  agent.close();
});

test("a job that the host already has is cancelled, whether it runs or waits its turn there", async () => {
  // A repo server of its own, because only two such jobs run at a time on one.
  const host = await readyHost({ url: "rest:http://quiet-vault:8000/x/" });
  const agent = await connectInside(app, host.identity);
  await agent.stored();
  const { body } = await order(host, "prune");
  const sent = await agent.order("prune");
  agent.accept(sent);
  await agent.acknowledged();
  const check = (await order(host, "check")).body.job_id;
  const held = await hold({ host_id: host.id });
  const cancels = () => agent.received.flatMap((one) => (one.type === "command.cancel" ? [one.payload.job_id] : []));
  await until(() => cancels().includes(body.job_id), { what: "the cancellation" });
  expect(cancels()).toEqual([body.job_id]);
  expect(findJob(app.db, body.job_id)?.cancelRequestedAt).not.toBeNull();
  expect(findJob(app.db, check)?.cancelRequestedAt).toBeNull();
  agent.end(sent, { status: "cancelled", exit_code: null, stats: null });
  await agent.acknowledged();
  expect(findJob(app.db, body.job_id)?.status).toBe("cancelled");
  await release(held);
  const next = (await order(host, "prune")).body.job_id;
  expect(agent.orders("prune").at(-1)?.job_id).toBe(next);
  // A hold whose fact was missed, as when the server stopped right after it was stored.
  const row = { id: newId(), hostId: host.id, tag: null, reason: REASON, heldByUserId: operator.userId };
  insertDeletionHold(app.db, { ...row, heldAt: app.clock.now() });
  await tick("held deletions");
  expect(cancels()).toEqual([body.job_id, next]);
  await release(row);
  agent.close();
});

test("a hold on any host that shares a repository protects all of it, even once that host is archived or its repo removed", async () => {
  const shared = { resticId: "a1".repeat(32), url: "rest:http://vault:8000/team/" };
  const one = await readyHost(shared);
  const two = await readyHost(shared);
  const elsewhere = await readyHost({ resticId: shared.resticId, url: "rest:http://10.0.0.5:8001/team/" });
  const held = await hold({ host_id: two.id });
  for (const host of [one, two, elsewhere]) expect(await codeOf(host, "forget")).toBe("deletion_held");
  await as(admin).call("DELETE", `/api/hosts/${two.id}`);
  expect(await codeOf(one, "prune")).toBe("deletion_held");
  updateRepo(app.db, two.rid, { removedAt: app.clock.now() });
  expect(await codeOf(one, "prune")).toBe("deletion_held");
  await release(held);
  expect(await codeOf(one, "prune")).toBe("ordered");
});

test("a host under suspicion is not handed the right to delete in other hosts' repos", async () => {
  const host = await readyHost();
  const keeper = await readyHost();
  await as(admin).call("PUT", `/api/repos/${host.rid}/maintenance`, { maintenance_host_id: keeper.id });
  const held = await hold({ host_id: keeper.id });
  expect(await codeOf(host, "prune")).toBe("deletion_held");
  await release(held);
  expect(await codeOf(host, "prune")).toBe("ordered");
});

test("every page shows the hold with its reason; only operators get the button; polls notice it", async () => {
  const host = await readyHost();
  const pages = [
    "/",
    "/repos",
    "/jobs",
    `/hosts/${host.id}`,
    `/hosts/${host.id}/settings`,
    "/settings/account",
    "/nowhere",
  ];
  const poll = (etag: string) =>
    app.request("/", { headers: { cookie: viewer.cookie, "hx-request": "true", "if-none-match": etag } });
  const etag = (await poll("")).headers.get("etag") ?? "";
  expect((await poll(etag)).status).toBe(304);
  const held = await hold();
  const changed = await poll(etag);
  expect(changed.status).toBe(200);
  expect((await poll(changed.headers.get("etag") ?? "")).status).toBe(304);
  for (const path of pages) {
    const seen = await htmlOf(path, viewer);
    expect(seen, path).toContain(REASON);
    expect(seen, path).not.toContain("Release…");
    expect(await htmlOf(path, operator), path).toContain("Release…");
  }
  await release(held);
  for (const path of pages) expect(await htmlOf(path, viewer), path).not.toContain(REASON);
});

test("forms: place a hold on one host, and release it in two tabs", async () => {
  const host = await readyHost();
  expect(await htmlOf(`/hosts/${host.id}`, operator)).toContain(`/deletion-holds?host_id=${host.id}`);
  expect(await htmlOf(`/deletion-holds?host_id=${host.id}`, operator)).toContain(`value="host:${host.id}" selected`);
  expect(await htmlOf("/deletion-holds", viewer)).not.toContain("<textarea");
  const scope = `host:${host.id}`;
  const empty = await post("/deletion-holds", operator, { scope, reason: " " });
  expect(empty.status).toBe(400);
  expect(await empty.text()).toContain("Enter a reason.");
  const placed = await post("/deletion-holds", operator, { scope, reason: REASON });
  expect(placed.status).toBe(303);
  expect(placed.headers.get("location")).toBe(`/hosts/${host.id}`);
  const again = await post("/deletion-holds", operator, { scope, reason: REASON });
  expect(again.status).toBe(409);
  expect(await again.text()).toContain("already held");
  const strange = await post("/deletion-holds", operator, { scope: "everything", reason: REASON });
  expect(strange.status).toBe(400);
  const { items } = await as(operator).call<{ items: Hold[] }>("GET", "/api/deletion-holds");
  const path = `/deletion-holds/${items[0]?.id}/release`;
  expect(await htmlOf(path, operator)).toContain("Release hold");
  const before = actions().length;
  for (const words of ["was released.", "already released."]) {
    const answer = await post(path, operator);
    expect(answer.status).toBe(303);
    expect(decodeURIComponent(answer.headers.get("set-cookie") ?? "")).toContain(words);
  }
  expect(actions().slice(before)).toEqual(["deletion_hold.released"]);
});

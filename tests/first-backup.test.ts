/** A backup at once: each group gets its first backup when its own repos are ready, whatever else fails. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { findHost } from "../db/queries/hosts.ts";
import { listJobs } from "../db/queries/jobs.ts";
import { findRepo, updateRepo } from "../db/queries/repos.ts";
import type { Hub } from "../server/agents/hub.ts";
import { createCancel } from "../server/jobs/cancel.ts";
import { createJobMaker } from "../server/jobs/create.ts";
import { createOrders, type Orders } from "../server/jobs/orders.ts";
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
beforeAll(async () => {
  app = await startApp(cleanup);
  admin = await signInAs(app, "admin");
});
afterAll(cleanup.run);

/** Looks at one host, whose agent seems to be there; `run` stands for what orders a group. */
function looker(run: (orders: Orders) => Orders["runGroup"] = (orders) => orders.runGroup) {
  const { db, clock } = app;
  const bus = createFactBus(silentLog);
  const orders = createOrders({ db, maker: createJobMaker({ db, clock, bus }) });
  const hub = { isOnline: () => true } as unknown as Hub;
  return createReadiness({
    db,
    clock,
    log: silentLog,
    hub,
    orders: { ...orders, runGroup: run(orders) },
    credentials: {} as Credentials,
    cancel: createCancel({ db, clock, bus }),
    stateChanged: () => {},
  });
}

const isReady = (repoId: string) => updateRepo(app.db, repoId, { status: "ready", resticId: newId() });
const backups = (host: TestHost) =>
  listJobs(app.db, { host_id: host.id, kind: "backup" }, 50, 0).map(({ sourceGroupId, repoId }) => [
    sourceGroupId,
    repoId,
  ]);
const isWaiting = (host: TestHost) => findHost(app.db, host.id)?.backupWhenReady;

async function withSecondGroup() {
  const host = await enrollHost(app, admin);
  const { call } = jsonClient(app, admin);
  const repo = await call<{ id: string }>("POST", `/api/hosts/${host.id}/repos`, {
    name: "second",
    kind: "local",
    url: "/srv/second",
  });
  const group = await call<{ id: string }>("POST", `/api/hosts/${host.id}/source-groups`, {
    name: "docs",
    includes: ["/docs"],
    repo_ids: [repo.id],
  });
  return { host, second: repo.id, docs: group.id };
}

test("a group whose own repo is not ready yet keeps its turn", async () => {
  const { host, second, docs } = await withSecondGroup();
  const readiness = looker();
  readiness.evaluate(host.id);
  expect(backups(host)).toEqual([]);

  isReady(host.rid);
  readiness.evaluate(host.id);
  expect(backups(host)).toEqual([[host.gid, host.rid]]);
  expect(isWaiting(host)).toBe(true);

  isReady(second);
  readiness.evaluate(host.id);
  expect(backups(host)).toContainEqual([docs, second]);
  expect(isWaiting(host)).toBe(false);
  readiness.evaluate(host.id);
  expect(backups(host)).toHaveLength(2);
});

test("a group that cannot be ordered now does not cost the others theirs, nor itself", async () => {
  const { host, second, docs } = await withSecondGroup();
  isReady(host.rid);
  isReady(second);
  const failing = looker((orders) => (actor, hostId, groupId, options) => {
    if (groupId === host.gid) throw new Error("the disk is full");
    return orders.runGroup(actor, hostId, groupId, options);
  });
  failing.evaluate(host.id);
  expect(backups(host)).toEqual([[docs, second]]);
  expect(isWaiting(host)).toBe(true);
  looker().evaluate(host.id);
  expect(backups(host)).toContainEqual([host.gid, host.rid]);
  expect(isWaiting(host)).toBe(false);
});

test("a repo that was made anew keeps its wish until its backups are ordered", async () => {
  const host = await enrollHost(app, admin, { backupNow: false });
  isReady(host.rid);
  updateRepo(app.db, host.rid, { backupWhenReady: true });
  const failing = looker(() => () => {
    throw new Error("the disk is full");
  });
  failing.evaluate(host.id);
  expect(findRepo(app.db, host.rid)?.backupWhenReady).toBe(true);
  looker().evaluate(host.id);
  expect(findRepo(app.db, host.rid)?.backupWhenReady).toBe(false);
  expect(backups(host)).toEqual([[host.gid, host.rid]]);
});

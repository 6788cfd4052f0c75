/** "Protected" is said of the repos that a group is to go into now: not of former ones, not of those that are empty or gone. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { findJob, insertJob } from "../db/queries/jobs.ts";
import { updateRepo } from "../db/queries/repos.ts";
import type { JobRow } from "../db/schema/jobs.ts";
import { recordBackupEnd, recordInitEnd } from "../server/jobs/outcomes.ts";
import { newId } from "../shared/ids.ts";
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

/** A job that has just ended, and what the server makes of it. */
function end(host: TestHost, repoId: string, changes: Partial<JobRow> = {}): void {
  const now = app.clock.now();
  const id = newId();
  const times = { queuedAt: now, startedAt: now, finishedAt: now, receivedAt: now };
  insertJob(app.db, {
    ...{ id, hostId: host.id, repoId, sourceGroupId: host.gid, kind: "backup", status: "succeeded", args: {} },
    ...{ attempt: 1, actorKind: "user", closedBy: "agent", ...times, ...changes },
  });
  recordBackupEnd(app.db, findJob(app.db, id) as JobRow);
  recordInitEnd(app.db, findJob(app.db, id) as JobRow);
}

const secondRepo = async (host: TestHost, name: string) => {
  const body = { name, kind: "local", url: `/srv/${name}`, repo_password: "a repo password" };
  const { id } = await jsonClient(app, admin).call<{ id: string }>("POST", `/api/hosts/${host.id}/repos`, body);
  updateRepo(app.db, id, { status: "ready", resticId: newId() });
  return id;
};
const target = (host: TestHost, repoIds: string[]) =>
  jsonClient(app, admin).call("PUT", `/api/hosts/${host.id}/source-groups/${host.gid}`, { repo_ids: repoIds });
/** The fleet is remembered for 15 s unless a fact says otherwise, and these rows come without one. */
const FORGOTTEN_MS = 20_000;
const protectedHosts = async () => {
  app.clock.move(FORGOTTEN_MS);
  const summary = await jsonClient(app, admin).call<{ protected_24h: number }>("GET", "/api/fleet/summary");
  return summary.protected_24h;
};
const pageOf = async (path: string) => {
  app.clock.move(FORGOTTEN_MS);
  const answer = await app.request(path, { headers: { cookie: admin.cookie } });
  return (await answer.text()).replace(/<[^>]*>/g, "");
};

test("of a host with two repos, a former one, one that is gone and one that was made anew", async () => {
  const host = await enrollHost(app, admin, { name: "web" });
  updateRepo(app.db, host.rid, { status: "ready", resticId: newId() });
  end(host, host.rid);
  expect(await protectedHosts()).toBe(1);

  const disk = await secondRepo(host, "disk");
  await target(host, [host.rid, disk]);
  expect(await protectedHosts()).toBe(0);
  expect(await pageOf("/")).toContain("has no backup of default in disk yet");
  end(host, disk, { status: "failed", errorCode: "repo_unreachable", errorMessage: "It does not answer." });
  expect(await pageOf("/")).toContain("web failed at its last backup");

  await target(host, [host.rid]);
  expect(await protectedHosts()).toBe(1);
  expect(await pageOf("/")).not.toContain("failed at its last backup");

  updateRepo(app.db, host.rid, { status: "failed", statusCode: "repo_missing" });
  await target(host, []);
  expect(await protectedHosts()).toBe(0);

  updateRepo(app.db, host.rid, { status: "ready", statusCode: null });
  end(host, host.rid, { kind: "init", sourceGroupId: null });
  await target(host, [host.rid]);
  expect(await protectedHosts()).toBe(0);
  expect(await pageOf("/")).toContain("web has no backup yet");
});

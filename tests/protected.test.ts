/** "Protected" refers to the repos that a group uses now, not to former, empty or missing ones. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { findHost } from "../db/queries/hosts.ts";
import { findJob, insertJob } from "../db/queries/jobs.ts";
import { updateRepo } from "../db/queries/repos.ts";
import { findTarget, listDailyOutcomes } from "../db/queries/source-groups.ts";
import type { JobRow } from "../db/schema/jobs.ts";
import { advance } from "../server/jobs/advance.ts";
import { createJobIngest } from "../server/jobs/ingest.ts";
import { recordBackupEnd, recordInitEnd } from "../server/jobs/outcomes.ts";
import { newId } from "../shared/ids.ts";
import { silentLog } from "../shared/log.ts";
import type { ToServerPayload } from "../shared/protocol/to-server.ts";
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
  expect(await pageOf("/")).toContain("web failed its last backup");

  await target(host, [host.rid]);
  expect(await protectedHosts()).toBe(1);
  expect(await pageOf("/")).not.toContain("failed its last backup");

  updateRepo(app.db, host.rid, { status: "failed", statusCode: "repo_missing" });
  await target(host, []);
  expect(await protectedHosts()).toBe(0);

  updateRepo(app.db, host.rid, { status: "ready", statusCode: null });
  end(host, host.rid, { kind: "init", sourceGroupId: null });
  await target(host, [host.rid]);
  expect(await protectedHosts()).toBe(0);
  expect(await pageOf("/")).toContain("web has no backup yet");
});

/** What an agent tells at the end of a backup. @returns the job's id */
function tell(host: TestHost, said: Partial<ToServerPayload<"job.finished">>): string {
  const now = app.clock.now();
  const id = newId();
  const fields = { hostId: host.id, repoId: host.rid, sourceGroupId: host.gid, kind: "backup" as const, args: {} };
  insertJob(app.db, { id, ...fields, status: "queued", attempt: 1, actorKind: "user", queuedAt: now });
  report(host, id, said);
  return id;
}

function report(host: TestHost, id: string, said: Partial<ToServerPayload<"job.finished">>): void {
  const now = app.clock.now();
  const deaf = { tell: () => {}, finished: () => {} };
  const ingest = createJobIngest({
    db: app.db,
    clock: app.clock,
    log: silentLog,
    bus: deaf as never,
    live: deaf as never,
    checkOwned: () => {},
  });
  const job = { job_id: id, kind: "backup" as const, repo_id: host.rid, source_group_id: host.gid, schedule_id: null };
  ingest.finished({ hostId: host.id, ip: "127.0.0.1" } as never, {
    ...{ ...job, attempt: 1, actor_kind: "user", scheduled_at: null, queued_at: now, status: "succeeded" },
    ...{ exit_code: 0, warnings: 0, stats: null, error_code: null, error_message: null },
    ...{ started_at: now, finished_at: now, ...said },
  });
}

const statsOf = (files: number) => ({ total_files_processed: files, data_added: files * 10 });

test.each([
  [
    "an agent that names the cause",
    { warnings: 1, warning_causes: [{ code: "emptied" as const, count: 1, paths: ["/mnt/disk"] }] },
  ],
  ["an agent of yesterday", { warnings: 0 }],
])("a backup without a file is no success of its target, told by %s", async (who, said) => {
  const host = await enrollHost(app, admin, { name: `bare-${who.length}` });
  updateRepo(app.db, host.rid, { status: "ready", resticId: newId() });
  const before = await protectedHosts();
  const id = tell(host, { stats: statsOf(0), ...said });
  expect(findTarget(app.db, host.gid, host.rid)).toMatchObject({ lastStatus: "succeeded", lastSuccessAt: null });
  expect(findHost(app.db, host.id)?.lastBackupAt).toBeNull();
  expect(await protectedHosts()).toBe(before);
  expect(listDailyOutcomes(app.db, [host.id], "2000-01-01").map(({ outcome }) => outcome)).toContain("warning");
  const { call } = jsonClient(app, admin);
  const [code, paths] = "warning_causes" in said ? ["emptied", ["/mnt/disk"]] : ["nothing_saved", []];
  expect(await call("GET", `/api/jobs/${id}`)).toMatchObject({
    warnings: 1,
    warning_causes: [{ code, count: 1, paths }],
  });
  expect(await pageOf("/")).toContain(`${host.name} saved no files in its last backup`);
  expect(await pageOf(`/hosts/${host.id}`)).toContain("saved no files");
  expect(await pageOf(`/hosts/${host.id}`)).not.toContain("is protected");
  const page = await pageOf(`/jobs/${id}`);
  expect(page).toContain("saved no files");
  if ("warning_causes" in said) expect(page).toContain("/mnt/disk");

  tell(host, { stats: statsOf(3) });
  expect(await protectedHosts()).toBe(before + 1);
  const good = findTarget(app.db, host.gid, host.rid)?.lastSuccessAt;
  tell(host, { stats: statsOf(0), ...said });
  expect(findTarget(app.db, host.gid, host.rid)?.lastSuccessAt).toBe(good as number);
  expect(await pageOf(`/hosts/${host.id}`)).toContain("saved no files");
});

test("the agent's own report of a job that the server had given up counts, although it ended earlier", async () => {
  const host = await enrollHost(app, admin, { name: "given-up" });
  const id = newId();
  const now = app.clock.now();
  const fields = { hostId: host.id, repoId: host.rid, sourceGroupId: host.gid, kind: "backup" as const, args: {} };
  const times = { queuedAt: now, sentAt: now, acceptedAt: now, startedAt: now };
  insertJob(app.db, { id, ...fields, ...times, status: "running", attempt: 1, actorKind: "user" });
  app.clock.move(60_000);
  const vanished = app.db.$client.transaction(() =>
    advance(app.db, findJob(app.db, id)!, "vanished", app.clock.now()),
  )();
  expect(vanished.job).toMatchObject({ status: "failed", errorCode: "host_vanished" });
  expect(findTarget(app.db, host.gid, host.rid)).toMatchObject({
    lastStatus: "failed",
    lastAt: vanished.job.finishedAt!,
  });
  report(host, id, { finished_at: now + 30_000, stats: statsOf(3) });
  expect(findTarget(app.db, host.gid, host.rid)).toMatchObject({
    ...{ lastStatus: "succeeded", lastAt: now + 30_000, lastSuccessAt: now + 30_000 },
  });
});

test("the median is of the last runs into this repo that saved something", async () => {
  const host = await enrollHost(app, admin, { name: "median" });
  const disk = await secondRepo(host, "disk");
  end(host, disk, { stats: statsOf(7) });
  for (let i = 0; i < 14; i++) {
    app.clock.move(1000);
    end(host, host.rid, { stats: statsOf(100) });
  }
  app.clock.move(1000);
  end(host, disk, { stats: statsOf(9) });
  app.clock.move(1000);
  end(host, disk, { stats: statsOf(0) });
  expect(findTarget(app.db, host.gid, disk)).toMatchObject({ filesMedian: 8, addedBytesMedian: 80 });
});

test("the job page tells each cause with its paths and what to do", async () => {
  const host = await enrollHost(app, admin, { name: "amber" });
  const causes: ToServerPayload<"job.finished">["warning_causes"] = [
    { code: "unreadable", count: 3, paths: ["/srv/closed"] },
    { code: "mount_left_out", count: 1, paths: ["/srv/disk"] },
    { code: "post_hook_failed", count: 1, paths: [] },
  ];
  const id = tell(host, { warnings: 5, warning_causes: causes, stats: statsOf(3) });
  const page = await pageOf(`/jobs/${id}`);
  expect(page).toContain("succeeded with warnings: 3 files unreadable, 1 mount skipped, post-hook failed");
  for (const words of ["/srv/closed", "/srv/disk", "3 files could not be read", "The post-hook failed"])
    expect(page).toContain(words);
  expect(await pageOf(`/hosts/${host.id}`)).not.toContain("could be read");
  const raw = await (await app.request("/", { headers: { cookie: admin.cookie } })).text();
  expect(raw).toContain("finished with warnings: files unreadable, mount skipped, post-hook failed");
});

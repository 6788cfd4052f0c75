/** What a stolen host makes up or holds on to: it stops nobody else's maintenance, and a lent repo is lent for the ordered job alone. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { changeJob, findJob, findLastJob, insertJob, listOpenJobs } from "../../db/queries/jobs.ts";
import { findRepo, updateRepo } from "../../db/queries/repos.ts";
import { countSnapshots, listSnapshots, upsertSnapshots } from "../../db/queries/snapshots.ts";
import { updateSourceGroup } from "../../db/queries/source-groups.ts";
import { createHeavyLimit } from "../../server/maintenance/heavy-limit.ts";
import { newId } from "../../shared/ids.ts";
import type { JobKind } from "../../shared/jobs.ts";
import { DAY_MS, HOUR_MS } from "../../shared/time/clock.ts";
import { type Person, signInAs, startApp, type TestApp } from "../testbed/app.ts";
import { enrollHost, jsonClient, type TestHost } from "../testbed/hosts.ts";
import { connectInside } from "../testbed/inside-agent.ts";
import { endOf, fieldsOf } from "../testbed/simulated-agent.ts";
import { createCleanup } from "../testbed/temp.ts";
import { until } from "../testbed/wait.ts";
import { listOf, madeUp, snapshotRow } from "./made-up.ts";

const cleanup = createCleanup();
let app: TestApp;
let admin: Person;
beforeAll(async () => {
  app = await startApp(cleanup);
  admin = await signInAs(app, "admin");
});
afterAll(cleanup.run);

const call = <T = { job_id: string }>(method: string, path: string, body: unknown = {}) =>
  jsonClient(app, admin).call<T>(method, path, body);
const started = (fields: ReturnType<typeof madeUp>) => ({ ...fields, started_at: Date.now(), restic_version: null });
const refusals = async (host: TestHost) =>
  (await call<{ total: number }>("GET", `/api/audit?action=agent.message_refused&target_id=${host.id}`, undefined))
    .total;

/** A host whose repo opens, on a repo server of its own unless one is named. */
async function readyHost(server = newId()): Promise<TestHost> {
  const host = await enrollHost(app, admin, { backupNow: false });
  updateRepo(app.db, host.rid, {
    status: "ready",
    resticId: newId().replaceAll("-", "").repeat(2),
    appendOnly: "violated",
    url: `rest:http://${server}:8000/${host.name}/`,
    snapshotsTakenAt: 1,
  });
  return host;
}

/** A repo whose maintenance another host does. */
async function lentRepo() {
  const [owner, keeper] = [await readyHost(), await readyHost()];
  await call("PUT", `/api/repos/${owner.rid}/maintenance`, { maintenance_host_id: keeper.id });
  const now = Date.now();
  const rows = [1, 2, 3, 4, 5].map((day) => snapshotRow(now - day * DAY_MS, { hostname: owner.name }));
  upsertSnapshots(app.db, owner.rid, rows, 1);
  return { owner, keeper, rows };
}
const idsIn = (repoId: string) =>
  listSnapshots(app.db, { repoIds: [repoId] }, 100, 0)
    .items.map(({ snapshotId }) => snapshotId)
    .sort();

test("open prunes and checks that a host makes up are refused, audited, and take no place on the repo server", async () => {
  const server = newId();
  const [thief, victim] = [await readyHost(server), await readyHost(server)];
  const agent = await connectInside(app, thief.identity);
  const kinds: JobKind[] = ["prune", "check", "forget", "probe", "init", "unlock"];
  for (const kind of kinds) agent.tell("job.started", started(madeUp(kind, thief.rid)));
  agent.tell("job.queued", madeUp("prune", thief.rid, { actor_kind: "user" }));
  await agent.acknowledged();
  expect(listOpenJobs(app.db, thief.id)).toEqual([]);
  expect(await refusals(thief)).toBe(kinds.length + 1);
  const other = await connectInside(app, victim.identity);
  const { job_id } = await call("POST", `/api/repos/${victim.rid}/check`);
  expect((await other.order("check")).job_id).toBe(job_id);
});

test("ends of jobs that the server did not order are history only: they settle nothing about the repo", async () => {
  const thief = await readyHost();
  const agent = await connectInside(app, thief.identity);
  const groups = [{ source_group_id: thief.gid, is_partial: true, removed: 5, kept: 1 }];
  const stats = { errors: 0, replan: true, groups, snapshots_removed: 5 };
  const fields = (["check", "prune", "forget"] as const).map((kind) => madeUp(kind, thief.rid));
  for (const one of fields) agent.tell("job.finished", endOf(one, { stats }));
  await agent.acknowledged();
  expect(fields.map(({ job_id }) => findJob(app.db, job_id)?.status)).toEqual(["succeeded", "succeeded", "succeeded"]);
  await app.wired.ticks.find(({ name }) => name === "maintenance")?.run();
  expect(findRepo(app.db, thief.rid)).toMatchObject({
    lastCheckAt: null,
    lastPruneAt: null,
    lastForgetAt: null,
    lastForgetJobId: null,
  });
  expect(["check", "prune", "forget"].map((kind) => findLastJob(app.db, thief.rid, kind as JobKind))).toEqual([
    null,
    null,
    null,
  ]);
});

test("rows that an older server made of an agent's word hold nobody back either", async () => {
  const server = newId();
  const [one, two, victim] = [await readyHost(server), await readyHost(server), await readyHost(server)];
  const now = app.clock.now();
  for (const host of [one, two]) {
    const row = { hostId: host.id, repoId: host.rid, sourceGroupId: null, attempt: 1, args: {}, queuedAt: now };
    const open = { status: "running", acceptedAt: now, startedAt: now, actorKind: "system" } as const;
    insertJob(app.db, { id: newId(), kind: "prune", ...row, ...open });
  }
  const agent = await connectInside(app, victim.identity);
  const { job_id } = await call("POST", `/api/repos/${victim.rid}/prune`);
  expect((await agent.order("prune")).job_id).toBe(job_id);
  const again = await call("POST", `/api/repos/${one.rid}/check`);
  expect(findJob(app.db, again.job_id)?.expiresAt).not.toBeNull();
});

test("one host takes one place of a repo server, however many jobs it holds, and none for longer than a day", async () => {
  const server = newId();
  const hosts = await Promise.all([1, 2, 3].map(() => readyHost(server)));
  const [thief, accomplice, victim] = hosts as [TestHost, TestHost, TestHost];
  const limit = createHeavyLimit({ db: app.db, clock: app.clock });
  const hold = async (host: TestHost, kinds: readonly string[]) => {
    for (const kind of kinds) {
      const { job_id } = await call("POST", `/api/repos/${host.rid}/${kind}`);
      changeJob(app.db, job_id, ["queued"], { status: "running", acceptedAt: app.clock.now() });
    }
  };
  await hold(thief, ["prune", "check"]);
  const { job_id } = await call("POST", `/api/repos/${victim.rid}/check`);
  const job = findJob(app.db, job_id);
  if (!job) throw new Error("no job");
  expect(limit.mayStart(job)).toBe(true);
  await hold(accomplice, ["check"]);
  expect(limit.mayStart(job)).toBe(false);
  app.clock.move(25 * HOUR_MS);
  expect(limit.mayStart(job)).toBe(true);
  app.clock.move(-25 * HOUR_MS);
});

test("a repo that was lent once is not kept by a job that the borrower makes up", async () => {
  const { owner, keeper } = await lentRepo();
  const agent = await connectInside(app, keeper.identity);
  await call("POST", `/api/repos/${owner.rid}/prune`);
  const fields = fieldsOf(await agent.order("prune"));
  agent.tell("job.started", started(fields));
  agent.tell("job.started", started(madeUp("check", owner.rid)));
  agent.tell("job.started", started(madeUp("backup", owner.rid, { source_group_id: keeper.gid, actor_kind: "user" })));
  agent.tell("job.finished", endOf(fields, { stats: null }));
  await agent.acknowledged();
  expect(listOpenJobs(app.db, keeper.id).filter(({ repoId }) => repoId === owner.rid)).toEqual([]);
  agent.tell("snapshots.report", listOf(owner.rid, []));
  agent.tell("repo.stats", statsOf(owner.rid, 1));
  await agent.acknowledged();
  expect(countSnapshots(app.db, owner.rid)).toBe(5);
  expect(findRepo(app.db, owner.rid)?.sizeBytes).not.toBe(1);
  expect(await refusals(keeper)).toBe(4);
});

const statsOf = (repoId: string, size: number) => ({
  ...{ repo_id: repoId, measured_at: Date.now(), size_bytes: size, uncompressed_bytes: null, compression_ratio: null },
  ...{ restore_size_bytes: null, file_count: null, snapshot_count: null },
});

test("a borrower's list takes no snapshot away that its job did not name, changes none, and settles nothing; the owner is asked", async () => {
  const { owner, keeper, rows } = await lentRepo();
  const agent = await connectInside(app, keeper.identity);
  await call("POST", `/api/repos/${owner.rid}/prune`);
  const fields = fieldsOf(await agent.order("prune"));
  agent.tell("job.queued", fields);
  const [first] = rows;
  if (!first) throw new Error("no row");
  const lies = [{ ...first, time: first.time - 300 * DAY_MS, tags: ["other"] }];
  agent.tell("snapshots.report", listOf(owner.rid, lies, { unreadable: ["f".repeat(64)] }));
  await agent.acknowledged();
  expect(idsIn(owner.rid)).toEqual(rows.map((row) => row.snapshot_id).sort());
  const kept = listSnapshots(app.db, { repoIds: [owner.rid], tag: "default" }, 100, 0);
  expect(kept.items.map(({ time }) => time)).toEqual(rows.map(({ time }) => time));
  expect(findRepo(app.db, owner.rid)).toMatchObject({ snapshotsTakenAt: 1, unreadableSnapshots: null });
  expect(listOpenJobs(app.db, owner.id).map(({ kind }) => kind)).toEqual(["snapshots"]);
  // Its own word about the repo's state is none of the loan's, and no attack.
  const before = await refusals(keeper);
  const status = {
    status: "failed",
    status_code: "wrong_password",
    status_message: "x",
    append_only: "violated",
  } as const;
  const looked = { restic_id: null, format_version: null, checked_at: Date.now(), locks: null };
  agent.tell("repo.status", { repo_id: owner.rid, ...status, ...looked });
  await agent.acknowledged();
  expect(findRepo(app.db, owner.rid)?.status).toBe("ready");
  expect(await refusals(keeper)).toBe(before);
});

test("a borrower that confirms no cancellation keeps neither the loan nor the repo's maintenance", async () => {
  const { owner, keeper } = await lentRepo();
  const next = await readyHost();
  const agent = await connectInside(app, keeper.identity);
  const { job_id } = await call("POST", `/api/repos/${owner.rid}/prune`);
  agent.tell("job.queued", fieldsOf(await agent.order("prune")));
  await agent.acknowledged();
  await call("POST", `/api/jobs/${job_id}/cancel`);
  await call("PUT", `/api/repos/${owner.rid}/maintenance`, { maintenance_host_id: next.id });
  agent.tell("snapshots.report", listOf(owner.rid, [snapshotRow(Date.now(), { hostname: owner.name })]));
  await agent.acknowledged();
  expect(countSnapshots(app.db, owner.rid)).toBe(5);
  expect(findJob(app.db, job_id)?.status).toBe("queued");
  const shown = await call<{ prune: { why: string | null } }>("GET", `/api/repos/${owner.rid}/maintenance`, undefined);
  expect(shown.prune.why).not.toBe("under_way");
});

test("what a borrower's forget was ordered to remove goes with its list", async () => {
  const { owner, keeper, rows } = await lentRepo();
  updateSourceGroup(app.db, owner.gid, { retention: { keep_last: 2 }, retentionSettledAt: Date.now() });
  const agent = await connectInside(app, keeper.identity);
  await call("POST", `/api/repos/${owner.rid}/forget`);
  const order = await agent.order("forget");
  if (order.kind !== "forget") throw new Error(order.kind);
  const named = new Set(order.args.groups.flatMap(({ remove }) => remove));
  expect(named.size).toBe(3);
  const fields = fieldsOf(order);
  agent.tell("job.started", started(fields));
  const [newest] = rows;
  if (!newest) throw new Error("no row");
  // It claims that all have gone.
  agent.tell("snapshots.report", listOf(owner.rid, []));
  agent.tell("job.finished", endOf(fields, { stats: { snapshots_removed: 3 } }));
  await agent.acknowledged();
  expect(idsIn(owner.rid)).toEqual(
    rows
      .map((row) => row.snapshot_id)
      .filter((id) => !named.has(id))
      .sort(),
  );
  await until(() => listOpenJobs(app.db, owner.id).some(({ kind }) => kind === "snapshots"), {
    what: "the owner's list",
  });
});

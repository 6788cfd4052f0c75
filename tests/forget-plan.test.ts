/** The server's plan for a forget: which snapshots go, by whose clock, after whose confirmation, and how the server uses the agent's answer. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { changeJob, findJob, findLastJob } from "../db/queries/jobs.ts";
import { findRepo, updateRepo } from "../db/queries/repos.ts";
import { upsertSnapshots } from "../db/queries/snapshots.ts";
import { findSourceGroup, putTarget } from "../db/queries/source-groups.ts";
import type { JobRow } from "../db/schema/jobs.ts";
import type { Hub } from "../server/agents/hub.ts";
import { createJobMaker } from "../server/jobs/create.ts";
import { createForgetPlanner, MOST_REPLANS } from "../server/maintenance/forget-plan.ts";
import { createMaintenance } from "../server/maintenance/maintenance.ts";
import { createMaintenanceResults } from "../server/maintenance/results.ts";
import { createMaintenanceSurvey } from "../server/maintenance/survey.ts";
import { createFactBus } from "../server/runtime/facts.ts";
import { createPendingConfirmations } from "../server/source-groups/confirmations.ts";
import { digestOfIds, MOST_REMOVED_PER_JOB } from "../shared/forget-plan.ts";
import { newId } from "../shared/ids.ts";
import { silentLog } from "../shared/log.ts";
import type { SnapshotRow } from "../shared/protocol/fields.ts";
import { DAY_MS, HOUR_MS } from "../shared/time/clock.ts";
import { type Person, signInAs, startApp, type TestApp } from "./testbed/app.ts";
import { enrollHost, jsonClient, type TestHost } from "./testbed/hosts.ts";
import { createCleanup } from "./testbed/temp.ts";

type Refused = { error: { code: string; message: string } };

const cleanup = createCleanup();
const NOW = Date.parse("2026-11-30T09:00:00Z");
let now = NOW;
let app: TestApp;
let admin: Person;
beforeAll(async () => {
  app = await startApp(cleanup, "warn", { now: () => now });
  admin = await signInAs(app, "admin");
});
afterAll(cleanup.run);

const parts = () => {
  const { db, clock } = app;
  const bus = createFactBus(silentLog);
  const hub = { find: () => null, isOnline: () => true } as unknown as Hub;
  const survey = createMaintenanceSurvey({ db, clock, hub, lastSeenAt: ({ lastSeenAt }) => lastSeenAt });
  const confirmations = createPendingConfirmations({ db, clock, bus });
  const maker = createJobMaker({ db, clock, bus });
  const planner = createForgetPlanner({ db, clock, confirmations, survey });
  const results = createMaintenanceResults({ db, clock, log: silentLog, bus, confirmations, maker });
  const maintenance = createMaintenance({ db, clock, log: silentLog, maker, planner, survey });
  return { confirmations, planner, results, maintenance };
};

async function readyHost(retention: Record<string, unknown>): Promise<TestHost> {
  const host = await enrollHost(app, admin);
  const changes = { status: "ready", resticId: newId().replaceAll("-", ""), appendOnly: "violated" } as const;
  updateRepo(app.db, host.rid, { ...changes, snapshotsTakenAt: NOW });
  const path = `/api/hosts/${host.id}/source-groups/${host.gid}`;
  await jsonClient(app, admin).call("PUT", path, { retention });
  return host;
}

function snapshot(host: TestHost, time: string, extra: Partial<SnapshotRow> = {}): SnapshotRow {
  const about = { hostname: host.name, username: "root", paths: ["/srv"], tags: ["default"] };
  const figures = { size_bytes: 1, file_count: 1, added_bytes: 1 };
  const snapshot_id = new Bun.CryptoHasher("sha256").update(newId()).digest("hex");
  const identity = { snapshot_id, time: Date.parse(time), utc_offset_minutes: 0 };
  return { ...identity, ...about, parent: null, program_version: null, ...figures, ...extra };
}

const order = (host: TestHost): JobRow => parts().maintenance.order({ kind: "system" }, host.rid, "forget").job;
const planOf = (host: TestHost) => parts().planner.plan(order(host));
const end = (id: string, changes: Partial<JobRow>) => {
  const times = { startedAt: now, finishedAt: now, receivedAt: now };
  changeJob(app.db, id, ["queued", "running"], { status: "succeeded", closedBy: "agent", ...times, ...changes });
  parts().results.jobFinished(id);
  return findJob(app.db, id)!;
};
const groupStats = (host: TestHost, extra: Record<string, number | boolean> = {}) => ({
  source_group_id: host.gid,
  removed: 0,
  kept: 1,
  disputed: 0,
  is_partial: false,
  ...extra,
});

test("the first forget of a host in Tokyo asks before snapshots go that were made in UTC", async () => {
  const host = await readyHost({ keep_daily: 30 });
  const { call, ask } = jsonClient(app, admin);
  await call("PATCH", `/api/hosts/${host.id}`, { timezone_override: "Asia/Tokyo" });
  const rows = ["20", "22", "24", "26"].flatMap((day) => [
    snapshot(host, `2026-11-${day}T02:00:00Z`),
    snapshot(host, `2026-11-${day}T16:00:00Z`),
  ]);
  upsertSnapshots(app.db, host.rid, rows, NOW);
  const refused = await ask<Refused>("POST", `/api/repos/${host.rid}/forget`, {});
  expect(refused).toMatchObject({ status: 409, body: { error: { code: "retention_held" } } });
  expect(findSourceGroup(app.db, host.gid)?.retentionHeldSince).toBe(NOW);
  await call("POST", `/api/hosts/${host.id}/source-groups/${host.gid}/confirm-retention`, {});
  expect(planOf(host)).toEqual({
    restic_id: findRepo(app.db, host.rid)?.resticId ?? null,
    replans_left: MOST_REPLANS,
    groups: [
      {
        ...{ source_group_id: host.gid, tag: "default", host: host.name, retention: { keep_daily: 30 } },
        known: digestOfIds(rows.map((row) => row.snapshot_id)),
        remove: [rows[2]!.snapshot_id, rows[4]!.snapshot_id, rows[6]!.snapshot_id],
        is_partial: false,
      },
    ],
  });
});

test("what an old agent told without offsets is asked for anew; what cannot be read is left out of the plan", async () => {
  const host = await readyHost({ keep_last: 1 });
  const { utc_offset_minutes: _, ...bare } = snapshot(host, "2026-11-20T02:00:00Z");
  upsertSnapshots(app.db, host.rid, [bare], NOW);
  expect(planOf(host)?.groups).toMatchObject([{ known: "0".repeat(64), remove: [] }]);
  const told = { ...bare, utc_offset_minutes: 540 };
  const unread = snapshot(host, "2026-11-01T02:00:00Z");
  upsertSnapshots(app.db, host.rid, [told, unread], NOW);
  updateRepo(app.db, host.rid, { unreadableSnapshots: [unread.snapshot_id] });
  const { utc_offset_minutes: __, ...again } = told;
  upsertSnapshots(app.db, host.rid, [again], NOW);
  expect(planOf(host)?.groups).toMatchObject([{ known: digestOfIds([told.snapshot_id]), remove: [] }]);
});

test("a policy that removes nothing today is settled by being carried out, not by being looked at", async () => {
  const host = await readyHost({ keep_last: 2 });
  upsertSnapshots(app.db, host.rid, [snapshot(host, "2026-11-20T02:00:00Z")], NOW);
  const job = order(host);
  expect(parts().planner.plan(job)?.groups).toMatchObject([{ remove: [] }]);
  expect(findSourceGroup(app.db, host.gid)?.retentionSettledAt).toBeNull();
  // The agent finds more than was known: the list arrives, and now there is something to ask.
  upsertSnapshots(
    app.db,
    host.rid,
    [1, 2, 3].map((n) => snapshot(host, `2026-10-0${n}T02:00:00Z`)),
    NOW,
  );
  end(job.id, { stats: { replan: true, snapshots_removed: 0 } });
  const next = findLastJob(app.db, host.rid, "forget")!;
  expect(next).toMatchObject({ status: "queued", actorKind: "system", args: { replans_left: MOST_REPLANS - 1 } });
  expect(next.id).not.toBe(job.id);
  expect(parts().planner.plan(next)).toBeNull();
  expect(findSourceGroup(app.db, host.gid)?.retentionHeldSince).toBe(NOW);
  expect(findRepo(app.db, host.rid)?.lastForgetAt).toBeNull();
});

test("planning anew ends: told twice it is done once, and not for ever", async () => {
  const host = await readyHost({ keep_last: 2 });
  let job = order(host);
  for (let left = MOST_REPLANS; left > 0; left--) {
    end(job.id, { stats: { replan: true, snapshots_removed: 0 } });
    parts().results.jobFinished(job.id);
    const next = findLastJob(app.db, host.rid, "forget")!;
    expect(next.args["replans_left"]).toBe(left - 1);
    now += 1000;
    job = next;
  }
  end(job.id, { status: "failed", errorCode: "plan_outdated", stats: { replan: false, snapshots_removed: 0 } });
  expect(findLastJob(app.db, host.rid, "forget")?.id).toBe(job.id);
  expect(findRepo(app.db, host.rid)?.lastForgetStatus).toBe("failed");
});

test("a settled policy goes on by itself, but asks about old snapshots that turn up afterwards", async () => {
  const host = await readyHost({ keep_last: 2 });
  const nights = (from: number, count: number) =>
    Array.from({ length: count }, (_, n) => snapshot(host, new Date(from + n * DAY_MS).toISOString()));
  upsertSnapshots(app.db, host.rid, nights(now - 2 * DAY_MS, 2), now);
  end(order(host).id, { stats: { groups: [groupStats(host)] } });
  expect(findSourceGroup(app.db, host.gid)?.retentionSettledAt).toBe(now);
  now += 3 * DAY_MS;
  upsertSnapshots(app.db, host.rid, nights(now - 3 * DAY_MS, 3), now);
  expect(planOf(host)?.groups[0]?.remove).toHaveLength(3);
  // Told late by a host that was away, and copied into the repository from elsewhere.
  upsertSnapshots(app.db, host.rid, [snapshot(host, new Date(now - 9 * DAY_MS).toISOString())], now);
  expect(planOf(host)?.groups[0]?.remove).toHaveLength(4);
  upsertSnapshots(app.db, host.rid, [snapshot(host, "2024-01-01T00:00:00Z")], now);
  expect(() => order(host)).toThrow("awaits confirmation");
  expect(findSourceGroup(app.db, host.gid)?.retentionHeldSince).toBe(now);
});

test("what restic alone would remove is shown and held; a yes puts it into the next plan", async () => {
  const host = await readyHost({ keep_last: 5 });
  const rows = ["2026-11-20T02:00:00Z", "2026-11-21T02:00:00Z"].map((time) => snapshot(host, time));
  upsertSnapshots(app.db, host.rid, rows, now);
  const other = await readyHost({ keep_last: 5 });
  const disputed = [
    { source_group_id: host.gid, snapshot_id: rows[0]!.snapshot_id },
    { source_group_id: other.gid, snapshot_id: "f".repeat(64) },
  ];
  const groups = [groupStats(host, { disputed: 1 }), groupStats(other, { disputed: 1 })];
  end(order(host).id, { status: "failed", errorCode: "retention_held", stats: { groups, disputed } });
  expect(findSourceGroup(app.db, host.gid)).toMatchObject({ retentionHeldSince: now, retentionSettledAt: null });
  expect(findSourceGroup(app.db, other.gid)?.retentionHeldSince).toBeNull();
  expect(findRepo(app.db, host.rid)?.lastForgetStatus).toBeNull();
  const page = await app.request(`/hosts/${host.id}/sources/${host.gid}`, { headers: { cookie: admin.cookie } });
  expect(await page.text()).toContain("1 snapshot of 2 would be removed by the next forget: made on 20 Nov 2026.");
  const { call } = jsonClient(app, admin);
  await call("POST", `/api/hosts/${host.id}/source-groups/${host.gid}/confirm-retention`, {});
  expect(planOf(host)?.groups).toMatchObject([{ remove: [rows[0]!.snapshot_id] }]);
  end(order(host).id, { stats: { groups: [groupStats(host, { removed: 1 })] } });
  expect(planOf(host)?.groups).toMatchObject([{ remove: [] }]);
});

test("a first forget that is too long for one job goes in several, oldest first", async () => {
  const host = await readyHost({ keep_last: 1 });
  const count = MOST_REMOVED_PER_JOB + 3;
  const rows = Array.from({ length: count }, (_, n) =>
    snapshot(host, new Date(NOW - (count - n) * HOUR_MS).toISOString()),
  );
  app.db.$client.transaction(() => upsertSnapshots(app.db, host.rid, rows, now))();
  expect(() => order(host)).toThrow("awaits confirmation");
  const { call } = jsonClient(app, admin);
  await call("POST", `/api/hosts/${host.id}/source-groups/${host.gid}/confirm-retention`, {});
  const job = order(host);
  const [planned] = parts().planner.plan(job)?.groups ?? [];
  expect(planned).toMatchObject({ is_partial: true });
  expect(planned?.remove).toEqual(rows.slice(0, MOST_REMOVED_PER_JOB).map((row) => row.snapshot_id));
  end(job.id, { stats: { groups: [groupStats(host, { removed: MOST_REMOVED_PER_JOB, is_partial: true })] } });
  expect(findLastJob(app.db, host.rid, "forget")).toMatchObject({ status: "queued" });
});

test("while the newest backup saved no file, its empty snapshots push out no full ones", async () => {
  const host = await readyHost({ keep_last: 1 });
  const target = { sourceGroupId: host.gid, repoId: host.rid, lastJobId: null, lastWarnings: 1 };
  const medians = { addedBytesMedian: null, filesMedian: null };
  putTarget(app.db, { ...target, ...medians, lastStatus: "succeeded", lastAt: now, lastSuccessAt: now - DAY_MS });
  const { ask } = jsonClient(app, admin);
  const refused = await ask<Refused>("POST", `/api/repos/${host.rid}/forget`, {});
  expect(refused).toMatchObject({ status: 409, body: { error: { code: "nothing_to_forget" } } });
  expect(refused.body.error.message).toContain("saved no files, so older snapshots are kept");
  putTarget(app.db, { ...target, ...medians, lastStatus: "succeeded", lastAt: now, lastSuccessAt: now });
  expect(planOf(host)?.groups).toHaveLength(1);
});

/** What is deleted by age and what is kept whatever its age, on a real database. */
import { afterEach, beforeEach, expect, test } from "bun:test";
import type { Db } from "../../db/open.ts";
import { insertHost } from "../../db/queries/hosts.ts";
import { insertJob } from "../../db/queries/jobs.ts";
import { newId } from "../../shared/ids.ts";
import { silentLog } from "../../shared/log.ts";
import { DAY_MS } from "../../shared/time/clock.ts";
import { openTestDb } from "../../tests/testbed/database.ts";
import { createCleanup as createFolders } from "../../tests/testbed/temp.ts";
import { createCleanup, JOBS_KEPT_PER_HOST } from "./cleanup.ts";

const folders = createFolders();
const NOW = Date.UTC(2026, 10, 21);
let db: Db;

beforeEach(async () => {
  db = await openTestDb(folders);
});
afterEach(folders.run);

const cleanup = () =>
  createCleanup({ db, clock: { now: () => NOW }, log: silentLog, logRetentionDays: 90, jobRetentionDays: 120 })();
const count = (sql: string) => (db.$client.query(`SELECT count(*) AS n FROM ${sql}`).get() as { n: number }).n;

function addHost(): string {
  const id = newId();
  insertHost(db, {
    id,
    name: id.slice(-12),
    resticHost: "web",
    machineId: id,
    os: "linux",
    arch: "x64",
    hostname: "web",
    agentVersion: "0.1.0",
    protocolVersion: 1,
    timezone: "UTC",
    tags: [],
    roaming: false,
    enrolledAt: 0,
    capabilities: [],
    stateVersion: 1,
    stateErrors: [],
    createdAt: 0,
    updatedAt: 0,
  });
  return id;
}

function addJob(hostId: string, daysAgo: number, { lines = 3, isOpen = false } = {}): string {
  const id = newId();
  const at = NOW - daysAgo * DAY_MS;
  insertJob(db, {
    id,
    hostId,
    kind: "backup",
    status: isOpen ? "running" : "succeeded",
    attempt: 1,
    actorKind: "schedule",
    args: {},
    queuedAt: at,
    startedAt: at,
    finishedAt: isOpen ? null : at,
    logLines: lines,
  });
  const insert = db.$client.query(
    "INSERT INTO job_logs (job_id, seq, ts, stream, payload) VALUES (?, ?, ?, 'stdout', 'x')",
  );
  for (let seq = 1; seq <= lines; seq++) insert.run(id, seq, at);
  return id;
}

test("a quiet host keeps its newest 200 jobs with their logs forever", async () => {
  const host = addHost();
  for (let n = 0; n < JOBS_KEPT_PER_HOST; n++) addJob(host, 1000 - n);
  expect(await cleanup()).toEqual({ logLines: 0, jobs: 0, rows: 0 });
});

test("beyond those, logs are deleted after 90 days and jobs after 120, but open jobs and other hosts' jobs stay", async () => {
  const host = addHost();
  const quiet = addHost();
  for (let n = 0; n < JOBS_KEPT_PER_HOST; n++) addJob(host, 10, { lines: 1 });
  const [recent, old, oldest, open, silent] = [
    addJob(host, 89),
    addJob(host, 91, { lines: 2500 }),
    addJob(host, 121),
    addJob(host, 130, { isOpen: true }),
    addJob(host, 125, { lines: 0 }),
  ];
  const other = addJob(quiet, 500);
  expect(await cleanup()).toEqual({ logLines: 2503, jobs: 2, rows: 0 });
  expect(count(`jobs WHERE id IN ('${oldest}', '${silent}')`)).toBe(0);
  expect(count(`jobs WHERE id IN ('${recent}', '${old}', '${open}', '${other}')`)).toBe(4);
  expect(count(`jobs WHERE id = '${old}' AND log_removed_at IS NOT NULL AND log_lines = 2500`)).toBe(1);
  expect(count(`job_logs WHERE job_id = '${old}'`)).toBe(0);
  expect(count(`job_logs WHERE job_id = '${recent}'`)).toBe(3);
  expect(await cleanup()).toEqual({ logLines: 0, jobs: 0, rows: 0 });
});

test("audit rows stay two years, days and samples somewhat more than one", async () => {
  const host = addHost();
  const audit = db.$client.query(
    "INSERT INTO audit_log (id, ts, actor, action, payload) VALUES (?, ?, 'system', 'x.y', '{}')",
  );
  audit.run("old", NOW - 731 * DAY_MS);
  audit.run("kept", NOW - 729 * DAY_MS);
  const skip = db.$client.query(
    "INSERT INTO schedule_skips (schedule_id, due_at, source_group_id, repo_id, host_id, reason) VALUES (?, ?, 'g', 'r', ?, 'busy')",
  );
  skip.run("old", NOW - 91 * DAY_MS, host);
  skip.run("kept", NOW - 89 * DAY_MS, host);
  expect(await cleanup()).toEqual({ logLines: 0, jobs: 0, rows: 2 });
  expect(count("audit_log WHERE id = 'kept'")).toBe(1);
  expect(count("schedule_skips WHERE schedule_id = 'kept'")).toBe(1);
});

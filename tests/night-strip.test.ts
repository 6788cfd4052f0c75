/** The night strip is correct however late reports arrive: random schedules, downtimes and reports against a plain model. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { findJob, insertJob } from "../db/queries/jobs.ts";
import { deleteSchedule, listSchedules } from "../db/queries/schedules.ts";
import { listDailyOutcomes } from "../db/queries/source-groups.ts";
import { createDayCloser } from "../server/jobs/close-days.ts";
import { evaluateDayAt, recordBackupEnd } from "../server/jobs/outcomes.ts";
import { createFactBus } from "../server/runtime/facts.ts";
import { createDueAccounting } from "../server/schedules/accounting.ts";
import { createSkipIngest } from "../server/schedules/ingest.ts";
import { createSchedules } from "../server/schedules/schedules.ts";
import { newId } from "../shared/ids.ts";
import { silentLog } from "../shared/log.ts";
import { parseCron } from "../shared/time/cron.ts";
import { dayIn } from "../shared/time/days.ts";
import { type Person, signInAs, startApp, type TestApp } from "./testbed/app.ts";
import { enrollHost, type TestHost } from "./testbed/hosts.ts";
import { createRandom } from "./testbed/random.ts";
import { createCleanup } from "./testbed/temp.ts";

const SEED = Number(process.env["RANDOM_SEED"] ?? Date.now() % 1_000_000);
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const START = Date.parse("2026-10-20T12:00:00Z");
const cleanup = createCleanup();
let app: TestApp;
let admin: Person;
let now = START;

beforeAll(async () => {
  app = await startApp(cleanup, "warn", { now: () => now });
  admin = await signInAs(app, "admin");
});
afterAll(cleanup.run);

const clock = { now: () => now };
const bus = createFactBus(silentLog);

/** The parts that keep the strip, on the test's clock; the host's own schedule is gone. */
async function scene(timezone: string) {
  now = START;
  const host = await enrollHost(app, admin, { timezone });
  for (const { id } of listSchedules(app.db, host.id)) deleteSchedule(app.db, id);
  const accounting = createDueAccounting({ db: app.db, clock, log: silentLog });
  const schedules = createSchedules({ db: app.db, clock, bus, accounting, checkStateSize: () => undefined });
  return {
    host,
    accounting,
    schedules,
    close: createDayCloser({ db: app.db, clock, log: silentLog, bus, startedAt: 0 }).run,
  };
}

function report(host: TestHost, due: number, status: "succeeded" | "failed", finishedAt = due + 600_000): void {
  const id = newId();
  const job = { id, hostId: host.id, repoId: host.rid, sourceGroupId: host.gid, kind: "backup", status } as const;
  const times = { scheduledAt: due, queuedAt: due, startedAt: due, finishedAt, acceptedAt: due };
  insertJob(app.db, { ...job, ...times, attempt: 1, actorKind: "schedule", args: {} });
  recordBackupEnd(app.db, findJob(app.db, id) as never);
}

const strip = (host: TestHost) =>
  Object.fromEntries(listDailyOutcomes(app.db, [host.id], "2026-01-01").map((row) => [row.day, row.outcome]));

test(`whatever comes in whatever order, each day is what it was (RANDOM_SEED=${SEED})`, async () => {
  const random = createRandom(SEED);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
  for (let round = 0; round < 6; round++) {
    const timezone = pick(["UTC", "Europe/Berlin", "America/New_York", "Pacific/Kiritimati", "Asia/Kathmandu"]);
    const { host, accounting, schedules, close } = await scene(timezone);
    const cron = pick(["0 2 * * *", "0 */6 * * *", "30 23 * * *", "0 4 * * 0", "15 1 * * 1-5"]);
    const parsed = parseCron(cron);
    if (!parsed.ok) throw new Error(parsed.problem);
    const expr = { cron, splay_minutes: pick([0, 90]), source_group_ids: [host.gid] };
    const { id } = schedules.create({ kind: "system" }, host.id, expr);

    const isDownAt = (() => {
      const windows = Array.from({ length: 3 }, () => START + random() * 12 * DAY).map((from) => [
        from,
        from + random() * 3 * DAY,
      ]);
      return (at: number) => windows.some(([from = 0, until = 0]) => at >= from && at < until);
    })();
    const model = new Map<string, { due: number; runs: number; failed: boolean }>();
    const late: { at: number; due: number; status: "succeeded" | "failed" }[] = [];
    let enabled = true;
    let known = START;
    for (now = START; now < START + 14 * DAY; now += HOUR) {
      // The agent's side: it knows the newest state, fires by itself, and keeps what it has to tell.
      for (let due = parsed.cron.next(known, timezone); due <= now; due = parsed.cron.next(due, timezone)) {
        if (!enabled) continue;
        const day = dayIn(timezone, due);
        const entry = model.get(day) ?? { due: 0, runs: 0, failed: false };
        model.set(day, entry);
        entry.due++;
        if (random() < 0.3) continue;
        const status = random() < 0.2 ? "failed" : "succeeded";
        entry.runs++;
        entry.failed = status === "failed";
        late.push({ at: now + random() ** 3 * 4 * DAY, due, status });
      }
      known = now;
      if (isDownAt(now)) continue;
      for (const message of late.filter((one) => one.at <= now)) {
        late.splice(late.indexOf(message), 1);
        report(host, message.due, message.status);
      }
      if (random() < 0.04) {
        enabled = !enabled;
        schedules.update({ kind: "system" }, host.id, id, { enabled });
      }
      accounting.countAllDueRuns();
      close();
    }
    now += 2 * DAY;
    for (const message of late) report(host, message.due, message.status);
    accounting.countAllDueRuns();
    close();

    const shown = strip(host);
    for (const [day, { due, runs, failed }] of model) {
      const expected = runs === 0 ? (due > 0 ? "missed" : "none_due") : failed ? "failed" : null;
      const seen = expected === null ? ["ok", "recovered"].includes(shown[day] ?? "") : shown[day] === expected;
      expect({ timezone, cron, day, due, runs, failed, shown: shown[day], seen }).toMatchObject({ seen: true });
    }
    const lastDay = dayIn(timezone, now - 2 * DAY);
    const strangers = Object.entries(shown).filter(
      ([day, outcome]) => !model.has(day) && day < lastDay && outcome !== "none_due",
    );
    expect(strangers).toEqual([]);
  }
}, 60_000);

test("a due run that nobody made is missed when the day is over, and not before", async () => {
  const { host, accounting, schedules, close } = await scene("Europe/Berlin");
  schedules.create({ kind: "system" }, host.id, {
    cron: "0 2 * * *",
    splay_minutes: 120,
    source_group_ids: [host.gid],
  });
  const tick = (at: string) => {
    now = Date.parse(at);
    accounting.countAllDueRuns();
    close();
    return strip(host)["2026-10-21"];
  };
  expect(tick("2026-10-21T21:30:00Z")).toBe("none_due");
  expect(tick("2026-10-22T00:30:00Z")).toBe("none_due");
  expect(tick("2026-10-22T01:30:00Z")).toBe("missed");
  report(host, Date.parse("2026-10-21T00:00:00Z"), "succeeded", Date.parse("2026-10-21T00:30:00Z"));
  expect(strip(host)["2026-10-21"]).toBe("ok");
});

test("a run left out because an earlier one was still at work is no miss; one left out for the battery is", async () => {
  const { host, accounting, schedules, close } = await scene("UTC");
  const { id } = schedules.create({ kind: "system" }, host.id, { cron: "0 2 * * *", source_group_ids: [host.gid] });
  const ingest = createSkipIngest({
    db: app.db,
    clock: app.clock,
    bus,
    evaluateDayAt: (group, at) => {
      judged++;
      evaluateDayAt(app.db, group, at);
    },
  });
  let judged = 0;
  const skip = (day: string, because: string | null, reason: string, rid = host.rid, minute = 0) =>
    ingest.skipped({ hostId: host.id } as never, {
      schedule_id: id,
      source_group_id: host.gid,
      repo_id: rid,
      due_at: Date.parse(`${day}T02:00:00Z`) + minute * 60_000,
      reason,
      because_job_id: because,
    });
  now = Date.parse("2026-10-24T12:00:00Z");
  accounting.countAllDueRuns();
  close();
  expect(strip(host)).toMatchObject({ "2026-10-21": "missed", "2026-10-22": "missed", "2026-10-23": "missed" });
  skip("2026-10-21", newId(), "still_running");
  skip("2026-10-22", null, "on_battery");
  expect(strip(host)).toMatchObject({ "2026-10-21": "none_due", "2026-10-22": "missed", "2026-10-23": "missed" });
  expect(skip("2026-10-21", newId(), "still_running")).toBeUndefined();

  const other = await scene("UTC");
  now = Date.parse("2026-10-24T12:00:00Z");
  expect(() => skip("2026-10-20", newId(), "still_running", other.host.rid)).toThrow("belongs to another host");
  judged = 0;
  for (let minute = 0; minute < 600; minute++) skip("2026-10-23", newId(), "still_running", host.rid, minute);
  expect(judged).toBe(1);
  expect(strip(host)).toMatchObject({ "2026-10-23": "none_due" });
});

test("nothing is due while schedules are paused, and what comes back counts from then on", async () => {
  const { host, accounting, schedules, close } = await scene("UTC");
  const { id } = schedules.create({ kind: "system" }, host.id, { cron: "0 2 * * *", source_group_ids: [host.gid] });
  schedules.update({ kind: "system" }, host.id, id, { enabled: false });
  now = Date.parse("2026-10-23T12:00:00Z");
  accounting.countAllDueRuns();
  schedules.update({ kind: "system" }, host.id, id, { enabled: true });
  now = Date.parse("2026-10-25T12:00:00Z");
  accounting.countAllDueRuns();
  close();
  expect(strip(host)).toMatchObject({ "2026-10-21": "none_due", "2026-10-23": "none_due", "2026-10-24": "missed" });
});

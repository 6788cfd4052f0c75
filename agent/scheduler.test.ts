/** The scheduler with real SQLite and the real queue; only the clock and the work itself are replaced. */
import { afterAll, expect, test } from "bun:test";
import { HOUR_MS, MINUTE_MS } from "../shared/clock.ts";
import { newId } from "../shared/ids.ts";
import { silentLog } from "../shared/log.ts";
import type { DesiredSchedule, DesiredState } from "../shared/protocol/to-agent.ts";
import { createRedactor } from "../shared/redact.ts";
import { createCleanup } from "../tests/testbed/temp.ts";
import { until } from "../tests/testbed/wait.ts";
import { createDesiredState } from "./desired-state.ts";
import type { FollowUps } from "./follow-ups.ts";
import { cancelled, failed, type Handler, type HandlerDeps, succeeded } from "./handlers/handler.ts";
import { createJobRunner } from "./job-runner.ts";
import { createOutbox } from "./outbox.ts";
import { createQueue } from "./queue.ts";
import { recoverJobs } from "./recovery.ts";
import type { ResticFinder } from "./restic/binary.ts";
import type { Restic } from "./restic/restic.ts";
import { createScheduler, type RoamingObstacle } from "./scheduler.ts";
import { openAgentDb } from "./store/open.ts";
import { createStore } from "./store/store.ts";
import { desiredState, order, QUICK } from "./testing/fixture.ts";

const cleanup = createCleanup();
afterAll(() => cleanup.run());

const START = Date.parse("2026-11-20T12:00Z");
const TWO = Date.parse("2026-11-21T02:00Z");
const DAY = 24 * HOUR_MS;
const repoId = newId();
const credential = { url: "/srv/repo", http_username: null, http_password: null, repo_password: "secret!", env: {} };
const groupId = newId();

const daily = (extra: Partial<DesiredSchedule> = {}): DesiredSchedule => ({
  id: newId(),
  cron: "0 2 * * *",
  timezone: "UTC",
  splay_minutes: 0,
  enabled: true,
  source_group_ids: [groupId],
  ...extra,
});

function wanted(schedules: DesiredSchedule[], extra: Partial<DesiredState> = {}): DesiredState {
  const state = desiredState({ repoId, credential, group: { id: groupId, retry: { max: 2, backoff_seconds: 60 } } });
  return { ...state, schedules, ...extra };
}

type Frame = { type: string; payload: Record<string, unknown> };

/** An agent's inside whose clock is moved by hand: `at` moves it and lets the scheduler look. */
async function inside(handle: Handler, folder?: string, roaming: RoamingObstacle | null = null, startAt = START) {
  const stateFolder = folder ?? (await cleanup.tempFolder());
  let time = startAt;
  const clock = { now: () => time };
  const store = createStore(openAgentDb(stateFolder, 0).db);
  const outbox = createOutbox({ store, clock, log: silentLog, writeAgainMs: 50 });
  const redactor = createRedactor();
  const secrets = { stateFolder, secretsKey: "0".repeat(64), allowedEnv: [], os: "linux" as const };
  const state = createDesiredState({ store, ...secrets, redactor, log: silentLog, now: 0 });
  const runner = createJobRunner({
    store,
    outbox,
    state,
    restic: {} as Restic,
    finder: { known: () => null } as unknown as ResticFinder,
    handlerDeps: {} as HandlerDeps,
    handlers: { backup: handle, unlock: handle },
    sendProgress: () => {},
    ended: (end) => scheduler.noteEnd(end),
    redactor,
    clock,
    log: silentLog,
    timings: QUICK,
  });
  const queue = createQueue({
    store,
    outbox,
    runner,
    followUps: { runNext: () => {}, giveWay: () => {}, wake: () => {}, stop: () => {} } as unknown as FollowUps,
    clock,
    serverNow: () => time,
    refuseBusy: () => {},
    changed: () => {},
    log: silentLog,
  });
  const scheduler = createScheduler({
    store,
    state,
    queue,
    clock,
    hostZone: () => "UTC",
    roamingObstacle: () => roaming,
    log: silentLog,
    everyMs: 1_000_000,
  });
  const frames: Frame[] = [];
  outbox.attach((frame) => void frames.push(JSON.parse(frame) as Frame));
  queue.start(recoverJobs({ store, outbox, clock, log: silentLog }));
  scheduler.start();
  const list = (type: string) => frames.filter((frame) => frame.type === type).map(({ payload }) => payload);
  return {
    stateFolder,
    store,
    queue,
    list,
    apply(next: DesiredState) {
      state.apply(next);
      scheduler.stateChanged();
    },
    at(now: number) {
      time = now;
      scheduler.stateChanged();
    },
    /** Until no job waits or runs. */
    settled: () => until(() => queue.openJobs().length === 0),
    fired: () => list("job.queued").map(({ scheduled_at }) => Number(scheduled_at)),
    async stop() {
      scheduler.stop();
      await queue.stop();
      outbox.close();
      store.close();
    },
  };
}

const fine: Handler = async () => succeeded();
const unreachable: Handler = async () => failed("repo_unreachable", "it does not answer");
const endless: Handler = async ({ signal }) => {
  await new Promise((resolve) => signal.addEventListener("abort", resolve));
  return cancelled();
};

test("fires once at its time, as a job of the schedule", async () => {
  const agent = await inside(fine);
  const schedule = daily();
  agent.apply(wanted([schedule]));
  agent.at(TWO - 1);
  expect(agent.fired()).toEqual([]);
  agent.at(TWO);
  agent.at(TWO + 1000);
  await agent.settled();
  agent.at(TWO + 20 * MINUTE_MS);
  expect(agent.fired()).toEqual([TWO]);
  expect(agent.list("job.queued")[0]).toMatchObject({
    kind: "backup",
    actor_kind: "schedule",
    schedule_id: schedule.id,
    source_group_id: groupId,
    repo_id: repoId,
    attempt: 1,
    scheduled_at: TWO,
    queued_at: TWO,
  });
  agent.at(TWO + DAY);
  expect(agent.fired()).toEqual([TWO, TWO + DAY]);
  await agent.stop();
});

test("one job for each source group and repo; disabled schedules do nothing", async () => {
  const other = newId();
  const state = wanted([daily({ source_group_ids: [groupId, other] }), daily({ enabled: false })]);
  const second = newId();
  state.source_groups[0]!.repo_ids = [repoId, second];
  state.source_groups.push({ ...state.source_groups[0]!, id: other, tag: "other", repo_ids: [repoId] });
  const agent = await inside(fine);
  agent.apply(state);
  agent.at(TWO);
  await agent.settled();
  const pairs = agent.list("job.queued").map(({ source_group_id, repo_id }) => [source_group_id, repo_id]);
  expect(pairs).toEqual([
    [groupId, repoId],
    [groupId, second],
    [other, repoId],
  ]);
  await agent.stop();
});

test("of several missed runs the newest happens once, also after a restart", async () => {
  const first = await inside(fine);
  first.apply(wanted([daily()]));
  first.at(TWO);
  await first.settled();
  await first.stop();
  // Off over three due times.
  const again = await inside(fine, first.stateFolder, null, TWO + 3 * DAY + 5 * HOUR_MS);
  await again.settled();
  expect(again.fired().slice(1)).toEqual([TWO + 3 * DAY]);
  await again.stop();
});

test("a new schedule does not make up for what was due before it", async () => {
  const agent = await inside(fine);
  agent.at(TWO + HOUR_MS);
  agent.apply(wanted([daily()]));
  agent.at(TWO + 2 * HOUR_MS);
  expect(agent.fired()).toEqual([]);
  await agent.stop();
});

test("switching on again, another zone or another expression begin anew", async () => {
  const agent = await inside(fine);
  const schedule = daily();
  agent.apply(wanted([{ ...schedule, enabled: false }]));
  agent.at(TWO + HOUR_MS);
  agent.apply(wanted([schedule]));
  agent.at(TWO + 2 * HOUR_MS);
  agent.apply(wanted([{ ...schedule, timezone: "Europe/Berlin" }]));
  agent.at(TWO + 3 * HOUR_MS);
  expect(agent.fired()).toEqual([]);
  agent.at(TWO + DAY - HOUR_MS);
  await agent.settled();
  expect(agent.fired()).toEqual([TWO + DAY - HOUR_MS]);
  await agent.stop();
});

test("fires noted by a clock that ran ahead hold nothing up, and none is repeated", async () => {
  const agent = await inside(fine);
  agent.apply(wanted([daily()]));
  const ahead = TWO + 400 * DAY;
  agent.at(ahead);
  await agent.settled();
  expect(agent.fired()).toEqual([ahead]);
  // Set right again, some hours before the next due time.
  agent.at(TWO - 3 * HOUR_MS);
  agent.at(TWO);
  await agent.settled();
  expect(agent.fired()).toEqual([ahead, TWO]);
  // Set back over a run that has happened.
  agent.at(TWO - 30 * MINUTE_MS);
  agent.at(TWO);
  agent.at(TWO + MINUTE_MS);
  expect(agent.fired()).toEqual([ahead, TWO]);
  await agent.stop();
});

test("a rule that was applied while the clock ran ahead counts from when the clock is set right", async () => {
  const agent = await inside(fine);
  agent.at(TWO + 400 * DAY);
  agent.apply(wanted([daily()]));
  agent.at(TWO - HOUR_MS);
  agent.at(TWO);
  await agent.settled();
  expect(agent.fired()).toEqual([TWO]);
  await agent.stop();
});

test("a run is skipped and reported while a job of the same pair waits or runs", async () => {
  const agent = await inside(endless);
  const schedule = daily({ cron: "0 * * * *" });
  agent.apply(wanted([schedule]));
  agent.at(TWO);
  const running = agent.list("job.queued")[0]!["job_id"];
  agent.at(TWO + HOUR_MS);
  expect(agent.list("schedule.skipped")).toEqual([
    {
      schedule_id: schedule.id,
      source_group_id: groupId,
      repo_id: repoId,
      due_at: TWO + HOUR_MS,
      reason: "already_running",
      because_job_id: running,
    },
  ]);
  agent.queue.cancel(String(running));
  await agent.settled();
  agent.at(TWO + HOUR_MS + MINUTE_MS);
  expect(agent.fired()).toEqual([TWO]);
  await agent.stop();
});

test("a backup that a person ordered counts as well", async () => {
  const agent = await inside(endless);
  agent.apply(wanted([daily()]));
  const ordered = order("backup", repoId, { source_group_id: groupId, state_version: 1, bandwidth: null });
  agent.queue.accept({ ...ordered, expires_at: TWO + DAY });
  agent.at(TWO);
  expect(agent.list("schedule.skipped")[0]).toMatchObject({ because_job_id: ordered.job_id });
  await agent.stop();
});

test("an unreachable repo is tried again twice, with growing waits, and holds nothing up meanwhile", async () => {
  const agent = await inside(unreachable);
  agent.apply(wanted([daily()]));
  agent.at(TWO);
  await agent.settled();
  agent.at(TWO + MINUTE_MS - 1);
  expect(agent.fired()).toHaveLength(1);
  agent.at(TWO + MINUTE_MS);
  await agent.settled();
  agent.at(TWO + 3 * MINUTE_MS);
  await agent.settled();
  agent.at(TWO + 60 * MINUTE_MS);
  const jobs = agent.list("job.queued");
  expect(jobs.map(({ attempt, scheduled_at }) => [attempt, scheduled_at])).toEqual([
    [1, TWO],
    [2, TWO],
    [3, TWO],
  ]);
  expect(new Set(jobs.map(({ job_id }) => job_id)).size).toBe(3);
  await agent.stop();
});

test("a retry outlives a restart", async () => {
  const first = await inside(unreachable);
  first.apply(wanted([daily()]));
  first.at(TWO);
  await first.settled();
  await first.stop();
  const again = await inside(fine, first.stateFolder, null, TWO + 10 * MINUTE_MS);
  await again.settled();
  expect(again.list("job.queued").map(({ attempt }) => attempt)).toEqual([1, 2]);
  expect(again.list("job.finished").map(({ status }) => status)).toEqual(["failed", "succeeded"]);
  await again.stop();
});

test("a backup that succeeds meanwhile, whoever ordered it, makes the retry needless", async () => {
  let reachable = false;
  const agent = await inside(async () => (reachable ? succeeded() : failed("repo_unreachable", "no answer")));
  agent.apply(wanted([daily()]));
  agent.at(TWO);
  await agent.settled();
  expect(agent.store.retries.list()).toHaveLength(1);
  reachable = true;
  const ordered = order("backup", repoId, { source_group_id: groupId, state_version: 1, bandwidth: null });
  agent.queue.accept({ ...ordered, expires_at: TWO + DAY });
  await agent.settled();
  agent.at(TWO + HOUR_MS);
  expect(agent.list("job.queued")).toHaveLength(2);
  await agent.stop();
});

test("other failures, and jobs that people ordered, are not tried again", async () => {
  const wrong = await inside(async () => failed("wrong_password", "no"));
  wrong.apply(wanted([daily()]));
  wrong.at(TWO);
  await wrong.settled();
  expect(wrong.store.retries.list()).toEqual([]);
  await wrong.stop();

  const manual = await inside(unreachable);
  manual.apply(wanted([daily()]));
  const ordered = order("backup", repoId, { source_group_id: groupId, state_version: 1, bandwidth: null });
  manual.queue.accept({ ...ordered, expires_at: TWO + DAY });
  await manual.settled();
  expect(manual.store.retries.list()).toEqual([]);
  await manual.stop();
});

test("paused or revoked, schedules rest, and nothing is made up for afterwards", async () => {
  const agent = await inside(fine);
  const schedule = daily();
  agent.apply(wanted([schedule], { schedules_paused: true }));
  agent.at(TWO);
  agent.at(TWO + HOUR_MS);
  agent.apply(wanted([schedule]));
  agent.at(TWO + 2 * HOUR_MS);
  agent.store.notes.set("revoked", "");
  agent.at(TWO + DAY);
  expect(agent.fired()).toEqual([]);
  agent.store.notes.delete("revoked");
  agent.at(TWO + DAY + HOUR_MS);
  agent.at(TWO + 2 * DAY);
  await agent.settled();
  expect(agent.fired()).toEqual([TWO + 2 * DAY]);
  await agent.stop();
});

test("a roaming host on little battery skips and says so; another host does not look", async () => {
  const agent = await inside(fine, undefined, "battery_low");
  agent.apply(wanted([daily()], { roaming: true }));
  agent.at(TWO);
  agent.at(TWO + MINUTE_MS);
  expect(agent.fired()).toEqual([]);
  expect(agent.list("schedule.skipped")).toMatchObject([{ reason: "battery_low", because_job_id: null, due_at: TWO }]);
  agent.apply(wanted([daily()], { roaming: false }));
  agent.at(TWO + DAY);
  expect(agent.fired()).toEqual([TWO + DAY]);
  await agent.stop();
});

test("an expression that this agent does not understand is reported and holds up no other", async () => {
  const agent = await inside(fine);
  agent.apply(wanted([daily({ cron: "0 2 31 2 *" }), daily()]));
  agent.at(TWO);
  expect(agent.fired()).toEqual([TWO]);
  await agent.stop();
});

test("only the newest 500 due times are remembered", async () => {
  const agent = await inside(fine);
  const schedule = daily({ cron: "* * * * *" });
  agent.apply(wanted([schedule]));
  for (let minute = 1; minute <= 520; minute++) {
    agent.at(START + minute * MINUTE_MS);
    await agent.settled();
  }
  expect(agent.store.fires.listAt(schedule.id, START + 19 * MINUTE_MS)).toEqual([]);
  expect(agent.store.fires.listAt(schedule.id, START + 20 * MINUTE_MS)).toHaveLength(1);
  await agent.stop();
}, 60_000);

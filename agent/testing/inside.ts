/** The inside of an agent with real SQLite and the real queue, for tests of its schedules; only the clock and the work itself are replaced. */
import { HOUR_MS } from "../../shared/clock.ts";
import { newId } from "../../shared/ids.ts";
import { silentLog } from "../../shared/log.ts";
import type { DesiredSchedule, DesiredState } from "../../shared/protocol/to-agent.ts";
import { createRedactor } from "../../shared/redact.ts";
import type { Cleanup } from "../../tests/testbed/temp.ts";
import { until } from "../../tests/testbed/wait.ts";
import type { FollowUps } from "../jobs/follow-ups.ts";
import { cancelled, failed, type Handler, type HandlerDeps, succeeded } from "../jobs/handlers/handler.ts";
import { createQueue } from "../jobs/queue.ts";
import { recoverJobs } from "../jobs/recovery.ts";
import { createJobRunner } from "../jobs/runner.ts";
import { createOutbox } from "../outbox/outbox.ts";
import type { ResticFinder } from "../restic/binary.ts";
import type { Restic } from "../restic/restic.ts";
import { createScheduler, type RoamingObstacle } from "../schedule/scheduler.ts";
import { createDesiredState } from "../state/desired-state.ts";
import { openAgentDb } from "../store/open.ts";
import { createStore } from "../store/store.ts";
import { desiredState, QUICK } from "./fixture.ts";

export const START = Date.parse("2026-11-20T12:00Z");
export const TWO = Date.parse("2026-11-21T02:00Z");
export const DAY = 24 * HOUR_MS;
export const repoId = newId();
const credential = { url: "/srv/repo", http_username: null, http_password: null, repo_password: "secret!", env: {} };
export const groupId = newId();

export const daily = (extra: Partial<DesiredSchedule> = {}): DesiredSchedule => ({
  id: newId(),
  cron: "0 2 * * *",
  timezone: "UTC",
  splay_minutes: 0,
  enabled: true,
  source_group_ids: [groupId],
  ...extra,
});

export function wanted(schedules: DesiredSchedule[], extra: Partial<DesiredState> = {}): DesiredState {
  const state = desiredState({ repoId, credential, group: { id: groupId, retry: { max: 2, backoff_seconds: 60 } } });
  return { ...state, schedules, ...extra };
}

type Frame = { type: string; payload: Record<string, unknown> };

/** Opens agents' insides whose clock is moved by hand: `at` moves it and lets the scheduler look. */
export const insides =
  (cleanup: Cleanup) =>
  async (handle: Handler, folder?: string, roaming: RoamingObstacle | null = null, startAt = START) => {
    const stateFolder = folder ?? (await cleanup.tempFolder());
    let time = startAt;
    const fatal: unknown[] = [];
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
      owed: () => null,
      refuseBusy: () => {},
      fatal: (error) => fatal.push(error),
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
    queue.start(recoverJobs({ store, outbox, ended: scheduler.noteEnd, clock, log: silentLog }));
    scheduler.start();
    const list = (type: string) => frames.filter((frame) => frame.type === type).map(({ payload }) => payload);
    return {
      stateFolder,
      store,
      queue,
      /** Errors of the lane that it cannot recover from. */
      fatal,
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
      /** Dies at its work, as by a kill. */
      crash() {
        scheduler.stop();
        outbox.close();
        store.close();
      },
      async stop() {
        scheduler.stop();
        await queue.stop();
        outbox.close();
        store.close();
      },
    };
  };

export const fine: Handler = async () => succeeded();
export const unreachable: Handler = async () => failed("repo_unreachable", "it does not answer");
export const endless: Handler = async ({ signal }) => {
  await new Promise((resolve) => signal.addEventListener("abort", resolve));
  return cancelled();
};
/** Neither ends nor hears that it is to. */
export const deaf: Handler = () => new Promise(() => {});

/** A job queue and a scheduler for tests of schedules; only the clock and the work itself are replaced. */

import { newId } from "../../shared/ids.ts";
import { silentLog } from "../../shared/log.ts";
import type { DesiredSchedule, DesiredState } from "../../shared/protocol/to-agent.ts";
import { HOUR_MS } from "../../shared/time/clock.ts";
import type { Cleanup } from "../../tests/testbed/temp.ts";
import { until } from "../../tests/testbed/wait.ts";
import { cancelled, failed, type Handler, succeeded } from "../jobs/handlers/handler.ts";
import { createScheduler, type RoamingObstacle } from "../schedule/scheduler.ts";
import { desiredState } from "./fixture.ts";
import { openLane } from "./lane.ts";

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
    const clock = { now: () => time };
    const lane = openLane({
      stateFolder,
      clock,
      handlers: { backup: handle, unlock: handle },
      ended: (end) => scheduler.noteEnd(end),
    });
    const { store, outbox, state, queue } = lane;
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
    lane.start();
    scheduler.start();
    const list = (type: string) => frames.filter((frame) => frame.type === type).map(({ payload }) => payload);
    return {
      stateFolder,
      store,
      queue,
      /** Errors that the lane cannot recover from. */
      fatal: lane.fatal,
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
      /** Stops abruptly, as if killed. */
      crash() {
        scheduler.stop();
        lane.crash();
      },
      async stop() {
        scheduler.stop();
        await queue.stop();
        lane.crash();
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

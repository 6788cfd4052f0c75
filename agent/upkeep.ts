/** Once an hour: checks restic's version, makes day-old snapshot lists due, and deletes old jobs. */

import type { Log } from "../shared/log.ts";
import { type Clock, DAY_MS } from "../shared/time/clock.ts";
import type { FollowUps } from "./jobs/follow-ups.ts";
import type { Queue } from "./jobs/queue.ts";
import type { ResticFinder } from "./restic/binary.ts";
import type { DesiredStateHolder } from "./state/desired-state.ts";
import type { Store } from "./store/store.ts";

/** How long the end of a job is kept, to answer a repeated order. */
export const REMEMBER_JOBS_MS = 30 * DAY_MS;

type Options = {
  store: Store;
  state: DesiredStateHolder;
  followUps: FollowUps;
  queue: Queue;
  finder: ResticFinder;
  clock: Clock;
  log: Log;
  everyMs: number;
};

export function createUpkeep(options: Options) {
  const { store, clock, log } = options;
  let timer: ReturnType<typeof setTimeout> | null = null;

  async function once(): Promise<void> {
    try {
      await options.finder.search();
      const past = clock.now() - REMEMBER_JOBS_MS;
      store.jobs.forgetFinishedBefore(past);
      store.notes.forgetCancelledBefore(past);
      for (const repoId of options.state.repoIds()) {
        const reportedAt = store.notes.find(`reported_at:${repoId}`);
        // A repo that was never listed is not ready yet: its probe will make the list due.
        if (reportedAt === null || clock.now() - Number(reportedAt) < DAY_MS) continue;
        store.notes.set(`snapshots_due:${repoId}`, "all");
      }
      options.followUps.wake();
      options.queue.nudge();
    } catch (error) {
      log.warn("Hourly upkeep failed", { problem: String(error) });
    }
  }

  function arm(): void {
    timer = setTimeout(() => void once().then(arm), options.everyMs);
  }

  return {
    start: arm,
    stop(): void {
      if (timer) clearTimeout(timer);
    },
  };
}

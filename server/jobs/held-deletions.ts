/** Cancels forget and prune jobs that a host already has when deletion is held. Those still waiting are simply not sent. */
import type { Db } from "../../db/open.ts";
import { listDeletionHolds } from "../../db/queries/deletion-holds.ts";
import { listHostsWithOpenJobs, listOpenJobs } from "../../db/queries/jobs.ts";
import type { JobRow } from "../../db/schema/jobs.ts";
import type { Log } from "../../shared/log.ts";
import { type Clock, MINUTE_MS } from "../../shared/time/clock.ts";
import { readHoldOfJob } from "../deletion-holds/read-hold.ts";
import { createIsolation } from "../runtime/isolated.ts";
import type { Tick } from "../runtime/ticker.ts";
import type { CancelJob } from "./cancel.ts";
import { phaseOf } from "./life.ts";

export type HeldDeletions = {
  cancelAll(): void;
  /** Catches jobs for which the fact was missed. */
  ticks: readonly Tick[];
};

type Deps = { db: Db; clock: Clock; log: Log; cancel: CancelJob };

export function createHeldDeletions({ db, clock, log, cancel }: Deps): HeldDeletions {
  const isolation = createIsolation({ task: "cancel the job while deletion is held", of: "job", clock, log });
  const mustEnd = (job: JobRow): boolean =>
    job.cancelRequestedAt === null && phaseOf(job) !== "waiting" && readHoldOfJob(db, job) !== null;
  const cancelAll = () => {
    if (listDeletionHolds(db).length === 0) return;
    for (const hostId of listHostsWithOpenJobs(db))
      for (const job of listOpenJobs(db, hostId))
        if (mustEnd(job)) isolation.attempt(job.id, () => void cancel({ kind: "system" }, job.id));
  };
  const run = () => {
    cancelAll();
    isolation.conclude();
  };
  return { cancelAll, ticks: [{ name: "held deletions", everyMs: MINUTE_MS, run }] };
}

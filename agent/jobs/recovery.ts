/** After a crash: ends jobs that were running, keeps every log line that was stored, and returns the waiting jobs. */

import type { Log } from "../../shared/log.ts";
import type { CommandRun } from "../../shared/protocol/to-agent.ts";
import type { Clock } from "../../shared/time/clock.ts";
import type { Outbox } from "../outbox/outbox.ts";
import { killLeftover } from "../restic/run.ts";
import type { JobFinished, StoredJob } from "../store/job-rows.ts";
import type { Store } from "../store/store.ts";
import { unstartedEnd } from "./unstarted-end.ts";

export type WaitingJob = { stored: StoredJob; order: CommandRun };

type Options = {
  store: Store;
  outbox: Outbox;
  /** Called within the write that ends a job. */
  ended(end: JobFinished): void;
  clock: Clock;
  log: Log;
};

/** @returns the jobs that were accepted but had not started, in order of arrival. */
export function recoverJobs({ store, outbox, ended, clock, log }: Options): WaitingJob[] {
  const waiting: WaitingJob[] = [];
  for (const stored of store.jobs.listOpen()) {
    if (stored.status === "queued" && stored.order !== null) {
      waiting.push({ stored, order: stored.order });
      continue;
    }
    if (stored.child && killLeftover(stored.child)) {
      log.warn("Killed a restic process left behind by an earlier agent", {
        job: stored.fields.job_id,
        pid: stored.child.pid,
      });
    }
    close(stored);
  }
  return waiting;

  function close(stored: StoredJob): void {
    const { fields } = stored;
    const now = clock.now();
    const message = "The agent was restarted while this job was running: run it again";
    const wasCancelled = store.notes.isCancelled(fields.job_id);
    const how = wasCancelled
      ? ({ status: "cancelled", error_code: null, error_message: null } as const)
      : ({ status: "failed", error_code: "agent_restarted", error_message: message } as const);
    const end: JobFinished = {
      ...unstartedEnd(fields, Math.max(now, stored.startedAt ?? 0), how),
      started_at: stored.startedAt,
    };
    const words = wasCancelled ? "Cancelled" : `Failed: ${message}`;
    const seq = stored.lastLine + 1;
    outbox.put(
      [
        {
          type: "log.stream",
          payload: { job_id: fields.job_id, lines: [{ seq, ts: now, stream: "event", payload: words }] },
        },
        { type: "job.finished", payload: end },
      ],
      () => {
        store.jobs.setLastLine(fields.job_id, seq);
        store.jobs.setFinished(end);
        ended(end);
        if (fields.repo_id === null || stored.status !== "running") return;
        // The process that may have left a lock, if known.
        store.notes.set(`unlock_first:${fields.repo_id}`, String(stored.child?.pid ?? ""));
      },
    );
    log.warn("Ended an interrupted job", { job: fields.job_id, kind: fields.kind });
  }
}

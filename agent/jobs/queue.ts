/** The job queue: one job at a time, in order of arrival, after any pending post hooks. Waiting jobs are stored on disk. */

import type { Log } from "../../shared/log.ts";
import type { JobFields } from "../../shared/protocol/fields.ts";
import type { CommandRun } from "../../shared/protocol/to-agent.ts";
import type { ToServerPayload } from "../../shared/protocol/to-server.ts";
import type { Clock } from "../../shared/time/clock.ts";
import type { DurableMessage, Outbox } from "../outbox/outbox.ts";
import type { StoredJob } from "../store/job-rows.ts";
import type { Store } from "../store/store.ts";
import type { FollowUps } from "./follow-ups.ts";
import { cancelled, failed, type Verdict } from "./handlers/handler.ts";
import type { JobRunner, OpenJob } from "./runner.ts";
import { unstartedEnd } from "./unstarted-end.ts";

export type Queue = ReturnType<typeof createQueue>;

type Options = {
  store: Store;
  outbox: Outbox;
  runner: JobRunner;
  followUps: FollowUps;
  clock: Clock;
  /** The server's time as far as known, Unix ms. Orders expire by its clock. */
  serverNow(): number;
  /** Runs the pending post hooks of earlier jobs; they end before a job starts. null when there are none. */
  pendingHooks(): Promise<void> | null;
  /** Reports that an order with its own credential cannot start at once. */
  refuseBusy(jobId: string): void;
  /** The queue cannot continue: its records cannot be written. */
  fatal(error: unknown): void;
  changed(): void;
  log: Log;
};

export function createQueue(options: Options) {
  const { store, outbox, runner, followUps, clock, log } = options;
  const open = new Map<string, OpenJob>();
  const lane: OpenJob[] = [];
  const parked = new Map<string, ReturnType<typeof setTimeout>>();
  let current: OpenJob | null = null;
  let runsPendingHooks = false;
  let working: Promise<void> = Promise.resolve();
  let stopped = true;

  return {
    /** Takes over the jobs queued before the last stop, and starts working. */
    start(waiting: { stored: StoredJob; order: CommandRun }[]): void {
      for (const { stored, order } of waiting) add(openJob(stored.fields, order));
      stopped = false;
      pump();
    },
    accept(order: CommandRun): void {
      const known = open.get(order.job_id);
      if (known) {
        repeat(known);
        return;
      }
      const stored = store.jobs.find(order.job_id);
      if (stored?.finished) {
        if (!outbox.hasJobMessage(order.job_id, "job.finished")) {
          outbox.put([{ type: "job.finished", payload: stored.finished }]);
        }
        return;
      }
      const job = openJob(fieldsOf(order), order);
      if (isExpired(job)) {
        if (keep(job)) runner.end(job, expired());
        return;
      }
      if (store.notes.isCancelled(order.job_id)) {
        if (keep(job)) runner.end(job, cancelled());
        return;
      }
      if (order.credential && (stopped || runsPendingHooks || current !== null || lane.length > 0)) {
        options.refuseBusy(order.job_id);
        return;
      }
      // Not on disk, so not accepted: the server sends the order again.
      if (!keep(job)) {
        log.warn("A job was not accepted: it could not be stored on the disk", { job: order.job_id });
        return;
      }
      add(job);
      followUps.giveWay();
      pump();
    },
    /**
     * Queues jobs that the agent creates itself, all or none: together with `also` and `messages` they are on disk
     * when it returns. Returns false when they could not be written.
     */
    mint(minted: { fields: JobFields; order: CommandRun }[], messages: DurableMessage[], also: () => void): boolean {
      const queued = minted.map(({ fields }): DurableMessage => ({ type: "job.queued", payload: fields }));
      const kept = outbox.tryPut([...queued, ...messages], () => {
        for (const { fields, order } of minted) store.jobs.insertQueued(fields, order, order.expires_at);
        also();
      });
      if (!kept) return false;
      for (const { fields, order } of minted) add(openJob(fields, order));
      if (minted.length > 0) followUps.giveWay();
      pump();
      return true;
    },
    /** The waiting or running backup of this source group into this repo. */
    findBackup: (groupId: string, repoId: string): JobFields | null =>
      [...open.values()].find(
        ({ fields }) => fields.kind === "backup" && fields.source_group_id === groupId && fields.repo_id === repoId,
      )?.fields ?? null,
    /** Also works for jobs that have not arrived: they will not run when they do. @param fields of the job, when the server sent them */
    cancel(jobId: string, fields: JobFields | null): void {
      const job = open.get(jobId);
      if (!job) {
        cancelAbsent(jobId, fields);
        return;
      }
      job.abortedBy ??= "cancel";
      if (job === current) {
        job.abort.abort();
        // If the agent dies before restic has ended, the job still ends as cancelled and is not retried.
        store.notes.cancel(jobId, clock.now());
        return;
      }
      endWaiting(job);
    },
    /** Every job whose end is not on disk: an end that a full disk refused still has to be reported. */
    openJobs(): ToServerPayload<"hello">["open_jobs"] {
      const stored = store.jobs.listOpen().map(({ fields, status }) => ({ ...fields, status }));
      const held = [...open.values()].map(({ fields, status }) => ({ ...fields, status }));
      return [...new Map([...stored, ...held].map((job) => [job.job_id, job])).values()];
    },
    runningIds: (): string[] =>
      [...open.values()].filter((job) => job.status === "running").map((job) => job.fields.job_id),
    queuedCount: (): number => lane.length,
    /** Whether jobs are waiting for a pending post hook. */
    runsPendingHooks: (): boolean => runsPendingHooks,
    /** A follow-up is due for a repo: runs it when no job is waiting. */
    nudge: () => pump(),
    /** Ends the running job and keeps waiting ones for the next start. */
    async stop(): Promise<void> {
      stopped = true;
      followUps.stop();
      for (const id of [...parked.keys()]) {
        const job = open.get(id);
        if (!job) continue;
        job.abortedBy ??= "stop";
        endWaiting(job);
      }
      if (current) {
        current.abortedBy ??= "stop";
        current.abort.abort();
      }
      await working;
    },
  };

  function keep(job: OpenJob): boolean {
    const { order, fields } = job;
    // An order with its own credential cannot run after a restart, so it is not stored as waiting.
    const kept = order.credential ? null : order;
    return outbox.tryPut([{ type: "job.queued", payload: fields }], () => {
      store.jobs.insertQueued(fields, kept, order.expires_at);
    });
  }

  function add(job: OpenJob): void {
    open.set(job.fields.job_id, job);
    lane.push(job);
    options.changed();
  }

  function pump(): void {
    if (stopped || runsPendingHooks || current !== null) return;
    try {
      const hooks = options.pendingHooks();
      const job = hooks === null ? nextInTime() : null;
      if (hooks !== null) working = runPendingHooks(hooks).catch(fail);
      else if (job === null) followUps.runNext(() => pump());
      else {
        current = job;
        working = work(job).catch(fail);
      }
    } catch (error) {
      fail(error);
    }
  }

  function fail(error: unknown): void {
    stopped = true;
    options.fatal(error);
  }

  async function runPendingHooks(hooks: Promise<void>): Promise<void> {
    runsPendingHooks = true;
    options.changed();
    await hooks;
    runsPendingHooks = false;
    options.changed();
    pump();
  }

  /** The next job; those that have expired end here. */
  function nextInTime(): OpenJob | null {
    for (let job = lane.shift(); job; job = lane.shift()) {
      if (!isExpired(job)) return job;
      open.delete(job.fields.job_id);
      runner.end(job, expired());
      options.changed();
    }
    return null;
  }

  /** By the clock of whoever set the expiry. A job that has started does not expire. */
  function isExpired({ startedAt, fields, order }: OpenJob): boolean {
    const now = fields.schedule_id === null ? options.serverNow() : clock.now();
    return startedAt === null && order.expires_at < now;
  }

  async function work(job: OpenJob): Promise<void> {
    options.changed();
    const outcome = await runner.run(job);
    current = null;
    followUps.wake();
    if (outcome === "ended") open.delete(job.fields.job_id);
    else park(job, outcome.afterMs);
    options.changed();
    pump();
  }

  /** The job continues later, and other jobs can run in the meantime. */
  function park(job: OpenJob, afterMs: number): void {
    job.tries += 1;
    const id = job.fields.job_id;
    const again = () => {
      parked.delete(id);
      lane.push(job);
      pump();
    };
    parked.set(id, setTimeout(again, afterMs));
  }

  function endWaiting(job: OpenJob): void {
    const id = job.fields.job_id;
    const timer = parked.get(id);
    if (timer) clearTimeout(timer);
    parked.delete(id);
    runner.end(job, cancelled());
    const place = lane.indexOf(job);
    if (place >= 0) lane.splice(place, 1);
    open.delete(id);
    options.changed();
  }

  /** A job that has ended, or never arrived: reports its end to the server, and ignores an order that arrives later. */
  function cancelAbsent(jobId: string, fields: JobFields | null): void {
    const stored = store.jobs.find(jobId);
    if (stored?.finished && !outbox.hasJobMessage(jobId, "job.finished"))
      outbox.put([{ type: "job.finished", payload: stored.finished }]);
    if (stored) return;
    const now = clock.now();
    if (fields?.job_id !== jobId) {
      store.notes.cancel(jobId, now);
      return;
    }
    const end = unstartedEnd(fields, now, { status: "cancelled", error_code: null, error_message: null });
    // Not on disk, so not answered: the server asks again.
    outbox.tryPut([{ type: "job.finished", payload: end }], () => {
      store.jobs.insertQueued(fields, null, null);
      store.jobs.setFinished(end);
      store.notes.cancel(jobId, now);
    });
  }

  /** A known job was ordered again: repeats its state, unless that is still in the outbox. */
  function repeat(job: OpenJob): void {
    const { fields } = job;
    if (job.status === "queued") {
      if (!outbox.hasJobMessage(fields.job_id, "job.queued")) outbox.put([{ type: "job.queued", payload: fields }]);
      return;
    }
    if (outbox.hasJobMessage(fields.job_id, "job.started")) return;
    const payload = { ...fields, started_at: job.startedAt ?? clock.now(), restic_version: null };
    outbox.put([{ type: "job.started", payload }]);
  }
}

function expired(): Verdict {
  return failed("expired", "This job expired before it could start. Run it again if you still need it");
}

function openJob(fields: JobFields, order: CommandRun): OpenJob {
  return {
    fields,
    order,
    status: "queued",
    startedAt: null,
    tries: 0,
    lastLine: 0,
    abort: new AbortController(),
    abortedBy: null,
  };
}

function fieldsOf(order: CommandRun): JobFields {
  return {
    job_id: order.job_id,
    kind: order.kind,
    repo_id: order.repo_id,
    source_group_id: order.kind === "backup" ? order.args.source_group_id : null,
    schedule_id: null,
    attempt: 1,
    actor_kind: order.actor_kind,
    scheduled_at: null,
    queued_at: order.queued_at,
  };
}

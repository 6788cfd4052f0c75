/** The work lane: one job at a time, in order of arrival, after whatever earlier jobs still owe. What waits here is on the disk. */
import type { Clock } from "../../shared/clock.ts";
import type { Log } from "../../shared/log.ts";
import type { JobFields } from "../../shared/protocol/fields.ts";
import type { CommandRun } from "../../shared/protocol/to-agent.ts";
import type { ToServerPayload } from "../../shared/protocol/to-server.ts";
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
  /** The server's time as far as known, Unix ms: orders expire by its clock. */
  serverNow(): number;
  /** What earlier jobs still owe, such as a post hook: it ends before a job starts. null when nothing is owed. */
  owed(): Promise<void> | null;
  /** Tells that an order with its own credential cannot start at once. */
  refuseBusy(jobId: string): void;
  /** The lane cannot go on: its records do not take what must be in them. */
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
  let paysOwed = false;
  let settling: Promise<void> = Promise.resolve();
  let stopped = true;

  return {
    /** Takes up what was queued before the agent went down, and begins to work. */
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
      if (order.credential && (stopped || paysOwed || current !== null || lane.length > 0)) {
        options.refuseBusy(order.job_id);
        return;
      }
      // Not on the disk, not accepted: the server sends the order again.
      if (!keep(job)) {
        log.warn("A job was not accepted: it could not be stored on the disk", { job: order.job_id });
        return;
      }
      add(job);
      followUps.giveWay();
      pump();
    },
    /**
     * Takes jobs that this agent orders of itself, all or none of them: with `also` and `messages` they are on the disk
     * when it returns. Returns false when the disk did not take them.
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
    /** The backup of this source group into this repo that waits or runs. */
    findBackup: (groupId: string, repoId: string): JobFields | null =>
      [...open.values()].find(
        ({ fields }) => fields.kind === "backup" && fields.source_group_id === groupId && fields.repo_id === repoId,
      )?.fields ?? null,
    /** Also for jobs that never came: they will not run when they do. @param fields of the job, when the server sent them */
    cancel(jobId: string, fields: JobFields | null): void {
      const job = open.get(jobId);
      if (!job) {
        cancelAbsent(jobId, fields);
        return;
      }
      job.abortedBy ??= "cancel";
      if (job === current) {
        job.abort.abort();
        // Should the agent die before restic has ended, it still ends as cancelled and is not tried again.
        store.notes.cancel(jobId, clock.now());
        return;
      }
      endWaiting(job);
    },
    /** Every job whose end is not on the disk: one that a full disk did not take is still to be reported. */
    openJobs(): ToServerPayload<"hello">["open_jobs"] {
      const stored = store.jobs.listOpen().map(({ fields, status }) => ({ ...fields, status }));
      const held = [...open.values()].map(({ fields, status }) => ({ ...fields, status }));
      return [...new Map([...stored, ...held].map((job) => [job.job_id, job])).values()];
    },
    runningIds: (): string[] =>
      [...open.values()].filter((job) => job.status === "running").map((job) => job.fields.job_id),
    queuedCount: (): number => lane.length,
    /** Whether the lane waits for what an earlier job still owes. */
    paysOwed: (): boolean => paysOwed,
    /** Something is due for a repo: done when no job waits. */
    nudge: () => pump(),
    /** Ends what runs, leaves what waits for the next start. */
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
      await settling;
    },
  };

  function keep(job: OpenJob): boolean {
    const { order, fields } = job;
    // An order that needs its own credential cannot be run after a restart, so it is not kept as one that waits.
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
    if (stopped || paysOwed || current !== null) return;
    try {
      const owed = options.owed();
      const job = owed === null ? nextInTime() : null;
      if (owed !== null) settling = pay(owed).catch(fail);
      else if (job === null) followUps.runNext(() => pump());
      else {
        current = job;
        settling = work(job).catch(fail);
      }
    } catch (error) {
      fail(error);
    }
  }

  function fail(error: unknown): void {
    stopped = true;
    options.fatal(error);
  }

  async function pay(owed: Promise<void>): Promise<void> {
    paysOwed = true;
    options.changed();
    await owed;
    paysOwed = false;
    options.changed();
    pump();
  }

  /** The job whose turn it is; those that waited past their expiry end here. */
  function nextInTime(): OpenJob | null {
    for (let job = lane.shift(); job; job = lane.shift()) {
      if (!isExpired(job)) return job;
      open.delete(job.fields.job_id);
      runner.end(job, expired());
      options.changed();
    }
    return null;
  }

  /** By the clock of whoever set the expiry. What has begun does not expire. */
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

  /** The job goes on later and holds no lane meanwhile. */
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

  /** A job that ended, or that never came: the server hears its end, and an order that comes later changes nothing. */
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
    // Not on the disk, not answered: the server asks again.
    outbox.tryPut([{ type: "job.finished", payload: end }], () => {
      store.jobs.insertQueued(fields, null, null);
      store.jobs.setFinished(end);
      store.notes.cancel(jobId, now);
    });
  }

  /** A known job was ordered again: says what is known, unless that still waits in the outbox. */
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

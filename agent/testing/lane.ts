/** The agent's job queue on a state folder: real SQLite, outbox, runner and queue; only the work itself is replaced. */

import { silentLog } from "../../shared/log.ts";
import { createRedactor } from "../../shared/redact.ts";
import type { Clock } from "../../shared/time/clock.ts";
import type { FollowUps } from "../jobs/follow-ups.ts";
import type { Handler, HandlerDeps } from "../jobs/handlers/handler.ts";
import { createQueue } from "../jobs/queue.ts";
import { recoverJobs } from "../jobs/recovery.ts";
import { createJobRunner } from "../jobs/runner.ts";
import { createOutbox } from "../outbox/outbox.ts";
import type { ResticFinder } from "../restic/binary.ts";
import type { Restic } from "../restic/restic.ts";
import { createDesiredState, type DesiredStateHolder } from "../state/desired-state.ts";
import type { JobFinished } from "../store/job-rows.ts";
import { openAgentDb } from "../store/open.ts";
import { createStore } from "../store/store.ts";
import { QUICK } from "./fixture.ts";

export type LaneOptions = {
  stateFolder: string;
  clock: Clock;
  /** By kind of job: what each one does. */
  handlers: Record<string, Handler>;
  /** Default: the real one, in the state folder. */
  state?: DesiredStateHolder;
  /** Called within the write that ends a job. */
  ended?(end: JobFinished): void;
  /** Pending post hooks, which end before the next job starts; default: none. */
  pendingHooks?(): Promise<void> | null;
  refuseBusy?(jobId: string): void;
};

export function openLane(options: LaneOptions) {
  const { stateFolder, clock, handlers, ended = () => {} } = options;
  const log = silentLog;
  const store = createStore(openAgentDb(stateFolder, 0).db);
  const outbox = createOutbox({ store, clock, log, writeAgainMs: 50 });
  const redactor = createRedactor();
  const secrets = { stateFolder, secretsKey: "0".repeat(64), allowedEnv: [], os: "linux" as const };
  const state = options.state ?? createDesiredState({ store, ...secrets, redactor, log, now: 0 });
  const fatal: unknown[] = [];
  const runner = createJobRunner({
    store,
    outbox,
    state,
    restic: {} as Restic,
    finder: { known: () => null } as unknown as ResticFinder,
    handlerDeps: {} as HandlerDeps,
    handlers,
    sendProgress: () => {},
    ended,
    redactor,
    clock,
    log,
    timings: QUICK,
  });
  const queue = createQueue({
    store,
    outbox,
    runner,
    followUps: { runNext: () => {}, giveWay: () => {}, wake: () => {}, stop: () => {} } as unknown as FollowUps,
    clock,
    serverNow: clock.now,
    pendingHooks: options.pendingHooks ?? (() => null),
    refuseBusy: options.refuseBusy ?? (() => {}),
    fatal: (error) => void fatal.push(error),
    changed: () => {},
    log,
  });
  return {
    store,
    outbox,
    state,
    queue,
    /** Errors that the lane cannot recover from. */
    fatal,
    /** Ends jobs that a crash interrupted, and takes over waiting ones. */
    start: () => queue.start(recoverJobs({ store, outbox, ended, clock, log })),
    /** Stops abruptly, as if killed. */
    crash(): void {
      outbox.close();
      store.close();
    },
  };
}

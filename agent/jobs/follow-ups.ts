/** Queries a repo after its jobs, when no job is waiting: new snapshot, full snapshot list, state and locks, sizes. */

import type { ErrorCode } from "../../shared/jobs.ts";
import type { Log } from "../../shared/log.ts";
import type { Clock } from "../../shared/time/clock.ts";
import { DAY_MS } from "../../shared/time/clock.ts";
import type { DurableMessage, Outbox } from "../outbox/outbox.ts";
import type { RepoAccess } from "../restic/access.ts";
import { askLocks } from "../restic/locks.ts";
import type { Reach } from "../restic/reach.ts";
import type { Restic } from "../restic/restic.ts";
import { reportMessages } from "../restic/snapshot-row.ts";
import { type Ask, askConfig, askSnapshots, askStats } from "../restic/survey.ts";
import type { DesiredStateHolder } from "../state/desired-state.ts";
import type { NoteKey } from "../store/note-rows.ts";
import type { Store } from "../store/store.ts";
import { UNAUTHORISED } from "./handlers/approach.ts";
import type { Due } from "./handlers/handler.ts";
import { readyMessage, statusMessage } from "./handlers/repo-status.ts";

export type FollowUps = ReturnType<typeof createFollowUps>;

type Options = {
  store: Store;
  outbox: Outbox;
  state: DesiredStateHolder;
  restic: Restic;
  reach(access: RepoAccess, signal: AbortSignal): Promise<Reach>;
  clock: Clock;
  log: Log;
};

/** Failures of the repository itself. A server that does not answer now may answer later, so it is not reported. */
const LASTING_FAILURES = new Set<ErrorCode>(["repo_missing", "wrong_password", "unauthorised"]);

type Task = { key: NoteKey; repoId: string; what: Due; value: string };

export function createFollowUps(options: Options) {
  const { store, outbox, state, clock, log } = options;
  let running: AbortController | null = null;
  let stopped = false;
  /** Failed tasks wait until something makes them due again, so that a dead repo is not queried over and over. */
  const resting = new Set<string>();

  return {
    /** Runs the next due task, if any, and calls `then` afterwards. */
    runNext(then: () => void): void {
      if (stopped || running) return;
      const task = nextTask();
      if (!task) return;
      const abort = new AbortController();
      running = abort;
      void runTask(task, abort.signal).then((ok) => {
        running = null;
        if (!ok && !abort.signal.aborted) resting.add(task.key);
        then();
      });
    },
    /** A job has arrived: aborts the running task, which takes no lock, and restarts it when no job is waiting. */
    giveWay: (): void => running?.abort(),
    /** Makes failed tasks due again. */
    wake: () => resting.clear(),
    stop(): void {
      stopped = true;
      running?.abort();
    },
  };

  function nextTask(): Task | null {
    for (const what of ["snapshots", "status", "stats"] as const) {
      for (const { id, value } of store.notes.listByPrefix(`${what}_due:`)) {
        const key: NoteKey = `${what}_due:${id}`;
        if (!resting.has(key)) return { key, repoId: id, what, value };
      }
    }
    return null;
  }

  async function runTask(task: Task, signal: AbortSignal): Promise<boolean> {
    try {
      const found = state.findRepo(task.repoId);
      if (found.found !== "ok") return complete(task, []);
      const { access } = found;
      if (task.what === "stats" && !isMeasuringDue(task.repoId)) return complete(task, []);
      const there = await options.reach(access, signal);
      if (!there.reached) return false;
      if (there.httpStatus === 401) return task.what === "status" && reportFailure(task, UNAUTHORISED);
      const ask: Ask = (order) => options.restic.run(order, access, { signal, capture: true });
      if (task.what === "status") return await checkState(task, ask);
      return task.what === "snapshots" ? await listSnapshots(task, ask) : await measure(task, ask);
    } catch (error) {
      log.warn("Could not query a repository after a job", {
        repo: task.repoId,
        what: task.what,
        error: String(error),
      });
      return false;
    }
  }

  /** Reports the new snapshot, or the complete list when that is due too. */
  async function listSnapshots(task: Task, ask: Ask): Promise<boolean> {
    const takenAt = clock.now();
    const one = task.value !== "all" && !isListDue(task.repoId) ? task.value : null;
    const found = await askSnapshots(ask, one);
    if (found.is !== "ok") return false;
    if (one !== null) {
      const snapshots = found.value.rows;
      return complete(
        task,
        snapshots.length === 0 ? [] : [{ type: "snapshots.added", payload: { repo_id: task.repoId, snapshots } }],
      );
    }
    return complete(
      task,
      reportMessages(task.repoId, found.value, takenAt),
      { key: `reported_at:${task.repoId}`, value: String(takenAt) },
      { key: `status_due:${task.repoId}`, value: "1" },
    );
  }

  /** Whether the repo still opens, with which id, and which locks it has. */
  async function checkState(task: Task, ask: Ask): Promise<boolean> {
    const found = await askConfig(ask);
    if (found.is === "stopped") return false;
    if (found.is === "failed") {
      return LASTING_FAILURES.has(found.code) && reportFailure(task, found);
    }
    const locks = await askLocks(ask);
    store.notes.delete(`told_failed:${task.repoId}`);
    return complete(task, [readyMessage(task.repoId, { ...found.value, appendOnly: "unknown", locks }, clock.now())]);
  }

  function reportFailure(task: Task, why: { code: ErrorCode; message: string }): boolean {
    const message = statusMessage(task.repoId, "failed", why, clock.now());
    return complete(task, [message], { key: `told_failed:${task.repoId}`, value: "1" });
  }

  async function measure(task: Task, ask: Ask): Promise<boolean> {
    const now = clock.now();
    const listed = await askSnapshots(ask, null);
    if (listed.is !== "ok") return false;
    const measured = await askStats(ask, task.repoId, listed.value.rows, now);
    if (measured.is !== "ok") return false;
    const key: NoteKey = `measured:${task.repoId}`;
    const value = JSON.stringify({ at: now, snapshots: listed.value.rows.length });
    return complete(task, [{ type: "repo.stats", payload: measured.value }], { key, value });
  }

  function complete(task: Task, messages: DurableMessage[], ...notes: { key: NoteKey; value: string }[]): boolean {
    return outbox.put(messages, () => {
      // A job that ended in the meantime may have made it due again.
      if (store.notes.find(task.key) === task.value) store.notes.delete(task.key);
      for (const { key, value } of notes) store.notes.set(key, value);
    });
  }

  function isListDue(repoId: string): boolean {
    const at = Number(store.notes.find(`reported_at:${repoId}`) ?? Number.NEGATIVE_INFINITY);
    return clock.now() - at >= DAY_MS || at > clock.now();
  }

  /** At most once a day, unless the repository was still empty last time. */
  function isMeasuringDue(repoId: string): boolean {
    const text = store.notes.find(`measured:${repoId}`);
    if (text === null) return true;
    const { at, snapshots } = JSON.parse(text) as { at: number; snapshots: number };
    return snapshots === 0 || clock.now() - at >= DAY_MS || at > clock.now();
  }
}

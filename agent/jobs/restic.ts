/** restic as a job uses it: commands and output go to the job's log, and stale locks of interrupted jobs are removed first. */
import type { Clock } from "../../shared/time/clock.ts";
import { HOUR_MS, MINUTE_MS } from "../../shared/time/clock.ts";
import type { RepoAccess } from "../restic/access.ts";
import type { ResticOrder } from "../restic/argv.ts";
import { askLocks, type LockTrouble, lockTrouble } from "../restic/locks.ts";
import type { Restic, ResticResult, ResticUse } from "../restic/restic.ts";
import { type ChildIdentity, untilGone } from "../restic/run.ts";
import { type StallTimes, type StallWatch, watchForStall } from "../restic/stall.ts";
import type { JobLog } from "./log.ts";

type Options = {
  jobId: string;
  restic: Restic;
  access: RepoAccess;
  log: JobLog;
  signal: AbortSignal;
  /** The process now working for this job; null when it has ended. */
  child(identity: ChildIdentity | null): void;
  /** An earlier job on this repo was killed, so it may have left a lock. */
  unlockFirst: { find(): { pid: number | null } | null; set(): void; clear(): void };
  /** What the job is doing now, in a few words. */
  phase(name: string): void;
  clock: Clock;
  stall: StallTimes;
};

/** These take no lock, so a stale lock does not block them. */
const LOCKLESS = new Set<ResticOrder["do"]>([
  "cat_config",
  "init",
  "list_locks",
  "cat_lock",
  "snapshots",
  "stats",
  "ls",
  "preview_forget",
]);

/** A server may need hours for these; stopping them costs more than waiting. */
const PATIENT = new Set<ResticOrder["do"]>(["prune", "check"]);

const GONE_WITHIN_MS = 5000;

export function createJobRestic(options: Options) {
  const { log, unlockFirst } = options;
  let versionLogged = false;

  async function once(order: ResticOrder, use: Partial<ResticUse>): Promise<ResticResult> {
    const stalled = new AbortController();
    let watch: StallWatch | null = null;
    const result = await options.restic.run(order, options.access, {
      signal: AbortSignal.any([options.signal, stalled.signal]),
      capture: use.capture ?? false,
      jobId: options.jobId,
      onLine: use.onLine ?? (() => {}),
      onStart(child, command, binary) {
        if (!versionLogged) log.event(`restic ${binary.version} at ${binary.path}`);
        versionLogged = true;
        log.event(command.join(" "));
        options.child(child);
        watch = watchFor(child.pid, PATIENT.has(order.do) ? null : stalled);
        use.onStart?.(child, command, binary);
      },
    });
    (watch as StallWatch | null)?.end();
    options.child(null);
    if (stalled.signal.aborted && !options.signal.aborted) result.judgement = stallFailure();
    if (result.judgement.is !== "ok" && use.capture && result.lastError) log.stderr(result.lastError);
    // Killed by a signal: restic could not remove its lock.
    if (result.exitCode === null && result.durationMs > 0) unlockFirst.set();
    return result;
  }

  /** @param stalled null: the stall is only logged. */
  function watchFor(pid: number, stalled: AbortController | null): StallWatch {
    const { clock, stall } = options;
    return watchForStall({
      pid,
      times: stall,
      clock,
      said: (idleMs) =>
        log.event(`restic has used no CPU and done no I/O for ${Math.round(idleMs / MINUTE_MS)} min: it looks stalled`),
      stop(idleMs) {
        if (stalled === null) return;
        log.event(`restic has been idle for ${Math.round(idleMs / HOUR_MS)} h and is being stopped`);
        stalled.abort();
      },
    });
  }

  return async (order: ResticOrder, use: Partial<ResticUse> = {}): Promise<ResticResult> => {
    const locking = !LOCKLESS.has(order.do) && order.do !== "unlock";
    const interrupted = locking ? unlockFirst.find() : null;
    if (interrupted) {
      log.event("An earlier job was interrupted: removing its stale lock first");
      if (interrupted.pid !== null) await untilGone(interrupted.pid, GONE_WITHIN_MS);
      const unlocked = await once({ do: "unlock" }, { capture: true });
      if (unlocked.judgement.is === "stopped") return unlocked;
      if (unlocked.judgement.is === "ok") unlockFirst.clear();
    }
    const result = await once(order, use);
    return locking && isLocked(result) ? await pastStaleLocks(order, use, result) : result;
  };

  /** Logs at once who holds the lock, removes stale locks, and tries once more. */
  async function pastStaleLocks(order: ResticOrder, use: Partial<ResticUse>, refused: ResticResult) {
    const { judgement } = refused;
    if (judgement.is === "failed" && judgement.lasts) {
      log.event(judgement.message);
      return refused;
    }
    const before = await troubleNow(order);
    if (before !== null) report(before);
    log.event("The repository is locked: removing stale locks, then trying once more");
    const unlocked = await once({ do: "unlock" }, { capture: true });
    if (unlocked.judgement.is === "stopped") return unlocked;
    const again = await once(order, use);
    if (!isLocked(again)) return again;
    const trouble = await troubleNow(order);
    if (trouble !== null && trouble.message !== before?.message) report(trouble);
    return withTrouble(again, trouble ?? before);
  }

  async function troubleNow(order: ResticOrder): Promise<LockTrouble | null> {
    const list = await askLocks((one) => once(one, { capture: true }));
    return list && lockTrouble(list, order.do, options.clock.now());
  }

  function report({ message, phase }: LockTrouble): void {
    log.event(message);
    options.phase(phase);
  }
}

function isLocked({ judgement }: ResticResult): boolean {
  return judgement.is === "failed" && judgement.code === "repo_locked";
}

/** The same result, with a message that names the lock's holder. */
function withTrouble(result: ResticResult, trouble: LockTrouble | null): ResticResult {
  if (trouble === null) return result;
  const { message, lasts } = trouble;
  return { ...result, judgement: { is: "failed", code: "repo_locked", message, ...(lasts ? { lasts } : {}) } };
}

function stallFailure(): ResticResult["judgement"] {
  const message =
    "restic was idle for hours and was stopped: check the repo server and the host's disks, then run the job again";
  return { is: "failed", code: "stalled", message };
}

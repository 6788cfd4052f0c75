/** Postpones a job whose repository is locked, so that the host's other jobs can run, and retries it later. */
import { askLocks, lockTrouble } from "../../restic/locks.ts";
import type { Ask } from "../../restic/survey.ts";
import { failed, type Handler, type HandlerDeps, type JobContext, type Later, type Verdict } from "./handler.ts";

export function waitingForLocks(handle: Handler): Handler {
  return async (context, deps) => {
    const verdict = await handle(context, deps);
    return verdict.end === "failed" && verdict.error?.code === "repo_locked" ? putOff(context, deps, verdict) : verdict;
  };
}

function putOff({ startedAt, tries, log }: JobContext, deps: HandlerDeps, verdict: Verdict): Verdict | Later {
  const { firstMs, mostMs, giveUpAfterMs } = deps.lockWait;
  const afterMs = Math.min(mostMs, firstMs * 2 ** Math.min(tries, 16));
  if (verdict.error?.lasts || deps.clock.now() + afterMs > startedAt + giveUpAfterMs) return verdict;
  log.event("Other jobs on this host go first. This one retries until it gets the lock");
  return { end: "later", afterMs };
}

/** For a backup whose pre hook must not run while others lock the repository. @returns null when it may start */
export async function refusedByLock(context: JobContext, deps: HandlerDeps): Promise<Verdict | null> {
  const ask: Ask = (order) => context.restic(order, { capture: true });
  const trouble = async () => {
    const list = await askLocks(ask);
    return list && lockTrouble(list, "backup", deps.clock.now());
  };
  if ((await trouble()) === null) return null;
  // This removes stale locks and keeps those of running processes.
  await ask({ do: "unlock" });
  const left = await trouble();
  if (left === null) return null;
  const { message, phase, lasts } = left;
  context.log.event(message);
  context.progress.phase(phase);
  return { ...failed("repo_locked", message), error: { code: "repo_locked", message, ...(lasts ? { lasts } : {}) } };
}

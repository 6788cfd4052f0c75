/** Runs the pending post hooks of interrupted jobs to their end, before the next job starts. */
import type { Log } from "../../shared/log.ts";
import type { DesiredStateHolder } from "../state/desired-state.ts";
import type { Hooks, Interrupted } from "./hooks.ts";
import type { JobLog } from "./log.ts";

type Options = {
  hooks: Hooks;
  state: Pick<DesiredStateHolder, "hooksOf">;
  /** The log of a job that has ended; lines are appended to it. */
  logOf(jobId: string): JobLog;
  log: Log;
};

export function createPendingHooks({ hooks, state, logOf, log }: Options) {
  const stopping = new AbortController();

  async function runAll(pending: { jobId: string; note: string }[]): Promise<void> {
    for (const { jobId, note } of pending) {
      await runOne(jobId, note);
      // One that was interrupted is still pending: the next start runs it.
      if (stopping.signal.aborted) return;
      hooks.clearPending(jobId);
    }
  }

  async function runOne(jobId: string, note: string): Promise<void> {
    const interrupted = parse(note);
    const reason = interrupted === null ? "its record cannot be read" : obstacle(interrupted);
    const script = interrupted === null ? null : state.hooksOf(interrupted.groupId).post;
    if (interrupted === null || reason !== null || script === null) {
      log.warn("The post hook of an interrupted job was not run", { job: jobId, reason });
      const jobLog = logOf(jobId);
      jobLog.stderr(`The post hook of this job was not run: ${reason}`);
      jobLog.flush();
      return;
    }
    const { groupId, groupName, repoName } = interrupted;
    log.info("Running the post hook of an interrupted job", { job: jobId });
    const jobLog = logOf(jobId);
    jobLog.event("The job ended before its post hook ran. Running it now");
    const job = { job_id: jobId, kind: "backup" as const, source_group_id: groupId };
    const call = { when: "post" as const, script, job, groupName, repoName, status: "failed", snapshotId: null };
    const end = await hooks.run(call, jobLog, stopping.signal);
    if (!end.ok) {
      log.warn("The post hook of an interrupted job failed", { job: jobId, problem: end.words });
      jobLog.stderr(`The post hook failed: ${end.words}`);
    }
    jobLog.flush();
  }

  function obstacle({ groupId }: Interrupted): string | null {
    if (state.hooksOf(groupId).post === null) return "its source group was removed or no longer has a post hook";
    return hooks.allowed ? null : "this host no longer allows hooks (allow_hooks in agent.yaml)";
  }

  return {
    /** Runs the pending hooks; null when there are none. */
    run(): Promise<void> | null {
      const pending = hooks.listPending();
      return pending.length === 0 ? null : runAll(pending);
    },
    /** Interrupts the running hook. */
    stop: (): void => stopping.abort(),
  };
}

function parse(note: string): Interrupted | null {
  try {
    return JSON.parse(note) as Interrupted;
  } catch {
    return null;
  }
}

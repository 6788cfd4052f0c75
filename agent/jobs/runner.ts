/** Runs one job from start to end, and records both with everything the job found out. */

import type { Log } from "../../shared/log.ts";
import type { JobFields, WarningCause } from "../../shared/protocol/fields.ts";
import type { CommandRun } from "../../shared/protocol/to-agent.ts";
import type { ToServerPayload } from "../../shared/protocol/to-server.ts";
import type { Redactor } from "../../shared/redact.ts";
import { isDiskTrouble } from "../../shared/sqlite-errors.ts";
import type { Clock } from "../../shared/time/clock.ts";
import { countWarnings } from "../../shared/warnings.ts";
import type { Outbox } from "../outbox/outbox.ts";
import { accessOf, type RepoAccess, redactCredential } from "../restic/access.ts";
import type { ResticFinder } from "../restic/binary.ts";
import type { Restic } from "../restic/restic.ts";
import type { DesiredStateHolder } from "../state/desired-state.ts";
import type { JobFinished } from "../store/job-rows.ts";
import type { Store } from "../store/store.ts";
import type { Timings } from "../timings.ts";
import { clip, countOf } from "../words.ts";
import {
  cancelled,
  failed,
  type Handler,
  type HandlerDeps,
  type JobContext,
  type Later,
  type Verdict,
} from "./handlers/handler.ts";
import { HANDLERS } from "./handlers/table.ts";
import { createJobLog, type JobLog } from "./log.ts";
import { createProgress, type JobProgress } from "./progress.ts";
import { createJobRestic } from "./restic.ts";

/** A job that has not ended, as kept in memory. */
export type OpenJob = {
  fields: JobFields;
  /** With its one-job credential, if it has one. */
  order: CommandRun;
  status: "queued" | "running";
  startedAt: number | null;
  /** How often it has been postponed. */
  tries: number;
  lastLine: number;
  abort: AbortController;
  abortedBy: "cancel" | "stop" | null;
};

export type JobRunner = {
  /** `later`: run the job again after so many ms; else it has ended. @throws when records cannot be written, except for a full disk */
  run(job: OpenJob): Promise<Later | "ended">;
  /** Ends a job that is not running. */
  end(job: OpenJob, verdict: Verdict): void;
};

type Options = {
  store: Store;
  outbox: Outbox;
  state: DesiredStateHolder;
  restic: Restic;
  finder: ResticFinder;
  handlerDeps: HandlerDeps;
  handlers?: Record<string, Handler>;
  sendProgress(progress: JobProgress): void;
  /** Called within the write that ends a job, so that what it writes is on disk together with the end. */
  ended?(end: JobFinished): void;
  redactor: Redactor;
  clock: Clock;
  log: Log;
  timings: Timings;
};

export function createJobRunner(options: Options): JobRunner {
  const { store, outbox, state, clock } = options;

  async function run(job: OpenJob): Promise<Later | "ended"> {
    begin(job);
    const log = logOf(job);
    let verdict: Verdict | Later;
    try {
      verdict = await handle(job, log);
    } catch (error) {
      options.log.error("A job failed because of an error in the agent", {
        job: job.fields.job_id,
        error: String(error),
      });
      log.stderr(error instanceof Error ? (error.stack ?? error.message) : String(error));
      verdict = failed("internal", `Error in the agent: ${error instanceof Error ? error.message : error}`);
    }
    if (verdict.end === "later" && !job.abort.signal.aborted) {
      log.flush();
      return verdict;
    }
    finish(job, verdict.end === "later" ? cancelled() : verdict, log);
    return "ended";
  }

  function begin(job: OpenJob): void {
    if (job.startedAt !== null) return;
    const startedAt = clock.now();
    job.startedAt = startedAt;
    job.status = "running";
    const payload = { ...job.fields, started_at: startedAt, restic_version: options.finder.known()?.version ?? null };
    outbox.put([{ type: "job.started", payload }], () => store.jobs.setRunning(job.fields.job_id, startedAt));
  }

  async function handle(job: OpenJob, log: JobLog): Promise<Verdict | Later> {
    const { order } = job;
    const found = accessFor(order);
    if ("end" in found) return found;
    const progress = createProgress({
      jobId: job.fields.job_id,
      everyMs: options.timings.progressEveryMs,
      send: options.sendProgress,
    });
    const context: JobContext = {
      job: job.fields,
      order,
      access: found.access,
      compression: found.compression,
      signal: job.abort.signal,
      log,
      progress,
      restic: createJobRestic({
        jobId: job.fields.job_id,
        restic: options.restic,
        access: found.access,
        log,
        signal: job.abort.signal,
        child: (identity) => rememberChild(job.fields.job_id, identity),
        unlockFirst: unlockNote(order.repo_id),
        phase: progress.phase,
        clock,
        stall: options.timings.stall,
      }),
      emit: (messages) => void outbox.put(messages),
      tries: job.tries,
      startedAt: job.startedAt ?? clock.now(),
    };
    return await (options.handlers ?? HANDLERS)[order.kind]!(context, options.handlerDeps);
  }

  function accessFor(order: CommandRun): { access: RepoAccess; compression: JobContext["compression"] } | Verdict {
    if (order.credential) {
      redactCredential(options.redactor, order.credential);
      const refusal = state.refusal(order.credential);
      if (refusal !== null) return failed("refused_by_host", refusal);
      const known = state.findRepo(order.repo_id);
      const name = known.found === "ok" ? known.access.name : "the repository";
      return { access: accessOf(order.repo_id, name, order.credential), compression: null };
    }
    const found = state.findRepo(order.repo_id);
    if (found.found === "ok") return found;
    if (found.found === "refused") return failed("refused_by_host", found.message);
    return failed(
      "no_credentials",
      "This host has no credential for this repo yet: the server sends it with the next desired state",
    );
  }

  function unlockNote(repoId: string) {
    const key = `unlock_first:${repoId}` as const;
    return {
      find() {
        const note = store.notes.find(key);
        return note === null ? null : { pid: Number(note) || null };
      },
      set: () => tolerant(() => store.notes.set(key, "")),
      clear: () => tolerant(() => store.notes.delete(key)),
    };
  }

  function rememberChild(jobId: string, identity: { pid: number; birth: string } | null): void {
    tolerant(() => store.jobs.setChild(jobId, identity));
  }

  function logOf(job: OpenJob): JobLog {
    const jobId = job.fields.job_id;
    return createJobLog({
      lastLine: job.lastLine,
      write(lines) {
        job.lastLine = lines.at(-1)?.seq ?? job.lastLine;
        outbox.putLines(jobId, lines);
      },
      redactor: options.redactor,
      clock,
      flushMs: options.timings.logFlushMs,
    });
  }

  function finish(job: OpenJob, verdict: Verdict, log: JobLog): void {
    const end = endOf(job, verdict);
    log.event(endInWords(end));
    log.flush();
    outbox.put([...verdict.messages, { type: "job.finished", payload: end }], () => {
      store.jobs.setFinished(end);
      options.ended?.(end);
      if (job.order.credential) return;
      const repoId = job.order.repo_id;
      if (verdict.due.includes("snapshots")) {
        const snapshotId = typeof verdict.stats?.snapshot_id === "string" ? verdict.stats.snapshot_id : "all";
        store.notes.set(`snapshots_due:${repoId}`, snapshotId);
      }
      if (verdict.due.includes("stats")) store.notes.set(`stats_due:${repoId}`, "1");
      const isBack = end.status === "succeeded" && store.notes.find(`told_failed:${repoId}`) !== null;
      if (verdict.due.includes("status") || isBack || CHECK_REPO_AFTER.has(end.error_code))
        store.notes.set(`status_due:${repoId}`, "1");
    });
    options.log.info("Job ended", { job: end.job_id, kind: end.kind, status: end.status, code: end.error_code });
  }

  function endOf(job: OpenJob, verdict: Verdict): JobFinished {
    const { status, error } = statusOf(job, verdict);
    return {
      ...job.fields,
      status,
      exit_code: verdict.exitCode,
      warnings: countWarnings(verdict.causes),
      warning_causes: verdict.causes.map(named),
      stats: verdict.stats as ToServerPayload<"job.finished">["stats"],
      error_code: error?.code ?? null,
      error_message: error ? clip(options.redactor.redact(error.message), 4096) : null,
      started_at: job.startedAt,
      finished_at: Math.max(clock.now(), job.startedAt ?? 0),
    };
  }

  function named({ paths, ...cause }: WarningCause): WarningCause {
    return { ...cause, paths: paths.map((path) => clip(options.redactor.redact(path), MAX_PATH)) };
  }

  return {
    run,
    end: (job, verdict) => finish(job, verdict, logOf(job)),
  };
}

const MAX_PATH = 4096;

/** Error codes after which the repo is checked: is it gone, who holds its lock? */
const CHECK_REPO_AFTER = new Set<JobFinished["error_code"]>([
  ...(["repo_missing", "wrong_repo", "wrong_password", "unauthorised", "repo_locked"] as const),
]);

function statusOf(job: OpenJob, verdict: Verdict): Pick<JobFinished, "status"> & { error: Verdict["error"] } {
  if (verdict.end !== "cancelled") return { status: verdict.end, error: verdict.error };
  if (job.abortedBy !== "stop") return { status: "cancelled", error: null };
  const message = "The agent was stopped while this job was running: run it again";
  return { status: "failed", error: { code: "agent_restarted", message } };
}

function endInWords(end: JobFinished): string {
  if (end.status === "failed") return `Failed: ${end.error_message}`;
  if (end.status === "cancelled") return end.started_at === null ? "Cancelled before it started" : "Cancelled";
  return end.warnings > 0 ? `Done, with ${countOf(end.warnings, "warning")}` : "Done";
}

/** A note that does not fit on a full disk is no reason to end a job. */
function tolerant(write: () => void): void {
  try {
    write();
  } catch (error) {
    if (!isDiskTrouble(error)) throw error;
  }
}

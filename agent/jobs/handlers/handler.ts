/** What every job handler receives and returns. */

import type { ErrorCode } from "../../../shared/jobs.ts";
import type { JobFields, JobStats, WarningCause } from "../../../shared/protocol/fields.ts";
import type { CommandRun } from "../../../shared/protocol/to-agent.ts";
import type { AppendOnly } from "../../../shared/repos.ts";
import type { Clock } from "../../../shared/time/clock.ts";
import type { Platform } from "../../machine/platform.ts";
import type { DurableMessage } from "../../outbox/outbox.ts";
import type { RepoAccess } from "../../restic/access.ts";
import type { ResticOrder } from "../../restic/argv.ts";
import type { Reach } from "../../restic/reach.ts";
import type { ResticResult, ResticUse } from "../../restic/restic.ts";
import type { DesiredStateHolder } from "../../state/desired-state.ts";
import type { Hooks } from "../hooks.ts";
import type { JobLog } from "../log.ts";
import type { Progress } from "../progress.ts";
import type { SourceMemory } from "./source-memory.ts";

/** How a job ended; `messages` are stored in the same write as its end. */
export type Verdict = {
  end: "succeeded" | "failed" | "cancelled";
  exitCode: number | null;
  /** Causes of warnings; the number of warnings is the sum of their counts. */
  causes: WarningCause[];
  stats: JobStats | null;
  /** `lasts`: waiting does not help. */
  error: { code: ErrorCode; message: string; lasts?: true } | null;
  messages: DurableMessage[];
  /** What to query about this repo after the job. */
  due: Due[];
};
export type Due = "snapshots" | "stats" | "status";

/** The job has not ended: it runs again later, and other jobs can run in the meantime. */
export type Later = { end: "later"; afterMs: number };

export type JobContext = {
  job: JobFields;
  order: CommandRun;
  access: RepoAccess;
  signal: AbortSignal;
  log: JobLog;
  progress: Progress;
  /** Runs restic for this job: its output goes to the log, unless `onLine` or `capture` takes it. */
  restic(order: ResticOrder, use?: Partial<ResticUse>): Promise<ResticResult>;
  /** Writes messages at once, before the job ends. */
  emit(messages: DurableMessage[]): void;
  /** How often this job has been postponed. */
  tries: number;
  /** Start of the job's first try, Unix ms. */
  startedAt: number;
  /** null when the job came with its own credential */
  compression: "auto" | "off" | "max" | null;
};

/** In ms; each pause is twice as long as the last. */
export type LockWait = { firstMs: number; mostMs: number; giveUpAfterMs: number };

export type HandlerDeps = {
  clock: Clock;
  state: DesiredStateHolder;
  hooks: Hooks;
  sourceMemory: SourceMemory;
  platform: Platform;
  /** The machine's own zone. */
  hostZone(): string;
  reach(access: RepoAccess, signal: AbortSignal): Promise<Reach>;
  proveAppendOnly(access: RepoAccess, signal: AbortSignal): Promise<AppendOnly>;
  /** Pause between two tries of a probe, in ms. */
  probeAgainMs: number;
  /** How a job waits for a lock that somebody else holds. */
  lockWait: LockWait;
  /** Folder for files needed during a job. */
  tempFolder: string;
  /** Folders of the agent itself, never backed up. */
  ownFolders: string[];
  /** KiB/s, from agent.yaml */
  maxUploadKbps: number | null;
};

type Failure = Extract<ResticResult["judgement"], { is: "failed" }>;

export type Handler = (context: JobContext, deps: HandlerDeps) => Promise<Verdict | Later>;

export function succeeded(part: Partial<Omit<Verdict, "end" | "error">> = {}): Verdict {
  return { end: "succeeded", exitCode: 0, causes: [], stats: null, error: null, messages: [], due: [], ...part };
}

export function failed(code: ErrorCode, message: string, part: Partial<Omit<Verdict, "end" | "error">> = {}): Verdict {
  const error = { code, message };
  return { end: "failed", exitCode: null, causes: [], stats: null, error, messages: [], due: [], ...part };
}

/** A failure taken from the end of a restic command. */
function failedAs({ code, message, lasts }: Failure, part: Partial<Omit<Verdict, "end" | "error">>): Verdict {
  return { ...failed(code, message, part), error: { code, message, ...(lasts ? { lasts } : {}) } };
}

export function cancelled(exitCode: number | null = null): Verdict {
  return { end: "cancelled", exitCode, causes: [], stats: null, error: null, messages: [], due: [] };
}

/** The verdict of a restic command that failed or was stopped; null when it succeeded. */
export function verdictOfEnd(result: ResticResult): Verdict | null {
  switch (result.judgement.is) {
    case "ok":
    case "incomplete":
      return null;
    case "stopped":
      return cancelled(result.exitCode);
    case "failed":
      return failedAs(result.judgement, { exitCode: result.exitCode });
  }
}

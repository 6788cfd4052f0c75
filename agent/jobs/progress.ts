/** The progress of a job: at most one message a second, the first at once, the last phase always. Nothing is stored. */
import { noProgress, type ToServerPayload } from "../../shared/protocol/to-server.ts";
import type { BackupStatus } from "../../shared/restic/backup.ts";
import { clip } from "../words.ts";

export type JobProgress = ToServerPayload<"job.progress">;

export type Progress = {
  /** What the job is doing now. A phase that follows another message too soon is sent when that message's second is over. */
  phase(name: string): void;
  backup(status: BackupStatus): void;
};

type Options = {
  jobId: string;
  everyMs: number;
  send(progress: JobProgress): void;
  now?: () => number;
  /** Runs the work after so many ms; the returned function cancels it. */
  after?: (ms: number, work: () => void) => () => void;
};

const MAX_FILES = 8;
const MAX_PATH = 4096;
/** Weight of the newest second in the displayed throughput. */
const SMOOTHING = 0.3;

export function createProgress({ jobId, everyMs, send, now = monotonic, after = timer }: Options): Progress {
  let sentAt = Number.NEGATIVE_INFINITY;
  let before: { at: number; bytes: number } | null = null;
  let throughput: number | null = null;
  let phase = { name: "", since: 0 };
  let figures = noProgress(jobId);
  let callOff: (() => void) | null = null;

  function due(): boolean {
    // restic's seconds are not exactly ours: without tolerance every other status would be lost.
    if (now() - sentAt < everyMs * 0.9) return false;
    sentAt = now();
    return true;
  }

  function enter(name: string): void {
    if (name !== phase.name) phase = { name, since: now() };
  }

  function post(): void {
    callOff?.();
    callOff = null;
    send({ ...figures, phase: phase.name, phase_ms: Math.round(now() - phase.since) });
  }

  return {
    phase(name) {
      enter(name);
      figures = { ...figures, eta_seconds: null, throughput_bps: null, current_files: [] };
      if (due()) return post();
      callOff ??= after(everyMs - (now() - sentAt), () => {
        sentAt = now();
        post();
      });
    },
    backup(status) {
      enter(status.percent_done >= 1 ? "uploading" : "reading");
      if (!due()) return;
      const bytes = Math.round(status.bytes_done);
      if (before !== null && now() > before.at) {
        const rate = Math.max(0, ((bytes - before.bytes) * 1000) / (now() - before.at));
        throughput = throughput === null ? rate : throughput + SMOOTHING * (rate - throughput);
      }
      before = { at: now(), bytes };
      figures = {
        ...noProgress(jobId),
        percent_done: Math.min(1, Math.max(0, status.percent_done)),
        files_done: Math.round(status.files_done),
        total_files: status.total_files > 0 ? Math.round(status.total_files) : null,
        bytes_done: bytes,
        total_bytes: status.total_bytes > 0 ? Math.round(status.total_bytes) : null,
        eta_seconds: status.seconds_remaining === undefined ? null : Math.round(status.seconds_remaining),
        throughput_bps: throughput === null ? null : Math.round(throughput),
        current_files: status.current_files.slice(0, MAX_FILES).map((path) => clip(path, MAX_PATH)),
      };
      post();
    },
  };
}

const monotonic = () => performance.now();

function timer(ms: number, work: () => void): () => void {
  const planned = setTimeout(work, ms);
  return () => clearTimeout(planned);
}

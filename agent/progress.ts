/** Progress of a job: at most one message a second, the first at once, nothing stored. */
import type { ToServerPayload } from "../shared/protocol/to-server.ts";
import type { BackupStatus } from "../shared/restic/backup.ts";
import { clip } from "./words.ts";

export type JobProgress = ToServerPayload<"job.progress">;

export type Progress = {
  /** What the job does now, while there are no figures. */
  phase(name: string): void;
  backup(status: BackupStatus): void;
};

type Options = { jobId: string; everyMs: number; send(progress: JobProgress): void; now?: () => number };

const MAX_FILES = 8;
const MAX_PATH = 4096;
/** How much the newest second counts in the shown throughput. */
const SMOOTHING = 0.3;

export function createProgress({ jobId, everyMs, send, now = () => performance.now() }: Options): Progress {
  let sentAt = Number.NEGATIVE_INFINITY;
  let before: { at: number; bytes: number } | null = null;
  let throughput: number | null = null;

  function due(): boolean {
    // restic's own second is not exactly ours: without some tolerance every other status would be lost.
    if (now() - sentAt < everyMs * 0.9) return false;
    sentAt = now();
    return true;
  }

  return {
    phase(name) {
      if (due()) send(empty(jobId, name));
    },
    backup(status) {
      if (!due()) return;
      const bytes = Math.round(status.bytes_done);
      if (before !== null && now() > before.at) {
        const rate = Math.max(0, ((bytes - before.bytes) * 1000) / (now() - before.at));
        throughput = throughput === null ? rate : throughput + SMOOTHING * (rate - throughput);
      }
      before = { at: now(), bytes };
      send({
        ...empty(jobId, status.percent_done >= 1 ? "uploading" : "reading"),
        percent_done: Math.min(1, Math.max(0, status.percent_done)),
        files_done: Math.round(status.files_done),
        total_files: status.total_files > 0 ? Math.round(status.total_files) : null,
        bytes_done: bytes,
        total_bytes: status.total_bytes > 0 ? Math.round(status.total_bytes) : null,
        eta_seconds: status.seconds_remaining === undefined ? null : Math.round(status.seconds_remaining),
        throughput_bps: throughput === null ? null : Math.round(throughput),
        current_files: status.current_files.slice(0, MAX_FILES).map((path) => clip(path, MAX_PATH)),
      });
    },
  };
}

function empty(jobId: string, phase: string): JobProgress {
  return {
    job_id: jobId,
    percent_done: null,
    files_done: 0,
    total_files: null,
    bytes_done: 0,
    total_bytes: null,
    eta_seconds: null,
    throughput_bps: null,
    current_files: [],
    phase,
  };
}

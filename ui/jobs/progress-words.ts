// Formats a job's progress, for both the server and the browser script.
import type { ToServerPayload } from "../../shared/protocol/to-server.ts";
import { formatBytes, formatCount, formatDuration, formatPercent, formatRate, formatSpan } from "../format.ts";

/** Reported by the agent once a second. */
export type Progress = ToServerPayload<"job.progress">;

/** Texts for the elements marked `data-progress`. Times in Unix ms; `heardAt` is when this progress arrived. */
export function progressTexts(progress: Progress, startedAt: number | null, now: number, heardAt = now) {
  const { files_done, total_files, bytes_done, total_bytes, throughput_bps, eta_seconds, current_files } = progress;
  return {
    files: formatCount(files_done),
    "files-total": total_files === null ? "" : `of ${formatCount(total_files)}`,
    bytes: formatBytes(bytes_done),
    "bytes-total": total_bytes === null ? "" : `of ${formatBytes(total_bytes)}`,
    rate: throughput_bps === null ? "–" : formatRate(throughput_bps),
    elapsed: startedAt === null ? "–" : formatDuration(now - startedAt),
    left: eta_seconds === null ? "–" : formatDuration(eta_seconds * 1000),
    current: current_files[0] ?? phaseInWords(progress, now - heardAt),
  };
}

/** "pre hook, 12 s" */
function phaseInWords({ phase, phase_ms }: Progress, sinceMs: number): string {
  return phase === "" || phase_ms === undefined
    ? phase
    : `${phase}, ${formatDuration(phase_ms + Math.max(0, sinceMs))}`;
}

/** ": 41 %, about 1 h left"; empty while the total is unknown. */
export function shareInWords(progress: Pick<Progress, "percent_done" | "eta_seconds"> | null): string {
  if (!progress || progress.percent_done === null) return "";
  const left = progress.eta_seconds ? `, about ${formatSpan(progress.eta_seconds * 1000)} left` : "";
  return `: ${formatPercent(progress.percent_done)}${left}`;
}

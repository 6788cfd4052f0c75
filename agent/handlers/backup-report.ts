/** Turns the output of `restic backup` into log lines in words, progress, and the figures of the job's end. */
import type { JobStats } from "../../shared/protocol/fields.ts";
import type { BackupSummary, BackupVerboseStatus } from "../../shared/restic/backup.ts";
import type { JobLog } from "../job-log.ts";
import type { Progress } from "../progress.ts";
import type { ResticLine } from "../restic/output.ts";
import { bytesInWords, clip, countOf, durationInWords } from "../words.ts";

export type BackupReport = {
  line(line: ResticLine, stream: "stdout" | "stderr"): void;
  summary(): BackupSummary | null;
  /** Paths that could not be read or do not exist, each counted once. */
  warnings(): number;
  stats(): JobStats | null;
};

/** So many unreadable paths are named in the log; the rest is counted. */
const MAX_NAMED = 1000;
const MAX_PATHS_IN_STATS = 100;
const MISSING = /^(.*) does not exist, skipping$/;
const SHADOW_COPY_FAILED = /VSS error|failed to create snapshot for/i;

export function createBackupReport(log: JobLog, progress: Progress): BackupReport {
  const unread = new Set<string>();
  const unreadPaths: string[] = [];
  let summary: BackupSummary | null = null;

  function warn(path: string, words: string): void {
    if (unread.has(path)) return;
    unread.add(path);
    if (unreadPaths.length < MAX_PATHS_IN_STATS) unreadPaths.push(clip(path, 2000));
    if (unread.size <= MAX_NAMED) log.stderr(words);
    if (unread.size === 1) log.event("1 path could not be read; the backup goes on and will end with warnings");
    if (unread.size === MAX_NAMED) log.event("Further paths that cannot be read are counted, but not listed");
  }

  function text(words: string, stream: "stdout" | "stderr"): void {
    if (words.trim() === "") return;
    const missing = MISSING.exec(words)?.[1];
    if (missing !== undefined) {
      warn(missing, words);
      return;
    }
    if (SHADOW_COPY_FAILED.test(words)) {
      warn(words, words);
      return;
    }
    if (stream === "stdout") log.stdout(words);
    else log.stderr(words);
  }

  return {
    line(line, stream) {
      switch (line.is) {
        case "status":
          return progress.backup(line.status);
        case "file":
          return fileLine(line.file, log);
        case "error":
          return warn(
            line.error.item || line.error.error.message,
            `error: ${line.error.error.message || line.error.item}`,
          );
        case "summary":
          summary = line.summary;
          return log.event(summaryInWords(line.summary));
        case "exit_error":
          // Code 3 repeats what the errors before it said.
          return line.exitError.code === 3 ? undefined : log.stderr(line.exitError.message.trim());
        case "text":
        case "other":
          return text(line.text, stream);
      }
    },
    summary: () => summary,
    warnings: () => unread.size,
    stats: () => summary && statsOf(summary, unreadPaths),
  };
}

function fileLine(file: BackupVerboseStatus, log: JobLog): void {
  if (file.action === "scan_finished") {
    log.stdout(`scan finished: ${countOf(file.total_files, "file")}, ${bytesInWords(file.data_size)}`);
  } else if (file.action !== "unchanged" && !file.item.endsWith("/")) {
    const added = `saved in ${durationInWords(file.duration * 1000)} (${bytesInWords(file.data_size_in_repo)} added)`;
    log.stdout(`${file.action.padEnd(9)} ${file.item}, ${added}`);
  }
}

function summaryInWords(summary: BackupSummary): string {
  const files = `${countOf(summary.total_files_processed, "file")} (${summary.files_new} new, ${summary.files_changed} changed)`;
  const sizes = `${bytesInWords(summary.total_bytes_processed)} read, ${bytesInWords(summary.data_added_packed)} stored`;
  const id = summary.snapshot_id?.slice(0, 8);
  const saved = id ? `Snapshot ${id} saved` : "Nothing has changed, no snapshot was saved";
  return `${saved}: ${files}, ${sizes} in ${durationInWords(summary.total_duration * 1000)}`;
}

/** restic's own names. */
function statsOf(summary: BackupSummary, unreadPaths: string[]): JobStats {
  return {
    files_new: summary.files_new,
    files_changed: summary.files_changed,
    files_unmodified: summary.files_unmodified,
    dirs_new: summary.dirs_new,
    dirs_changed: summary.dirs_changed,
    dirs_unmodified: summary.dirs_unmodified,
    data_added: summary.data_added,
    data_added_packed: summary.data_added_packed,
    total_files_processed: summary.total_files_processed,
    total_bytes_processed: summary.total_bytes_processed,
    total_duration: summary.total_duration,
    snapshot_id: summary.snapshot_id ?? null,
    unreadable_paths: unreadPaths,
  };
}

/** Turns the output of `restic backup` into readable log lines, progress, and the job's statistics. */
import type { WarningCode } from "../../../shared/jobs.ts";
import type { JobStats, WarningCause } from "../../../shared/protocol/fields.ts";
import type { BackupSummary, BackupVerboseStatus } from "../../../shared/restic/backup.ts";
import { causeOf } from "../../../shared/warnings.ts";
import { damageAdvice } from "../../restic/damage.ts";
import type { ResticLine } from "../../restic/output.ts";
import { bytesInWords, clip, countOf, durationInWords } from "../../words.ts";
import type { JobLog } from "../log.ts";
import type { Progress } from "../progress.ts";

export type BackupReport = {
  line(line: ResticLine, stream: "stdout" | "stderr"): void;
  summary(): BackupSummary | null;
  /** Paths that are unreadable or missing, and volumes without a shadow copy, each counted once. */
  causes(): WarningCause[];
  stats(): JobStats | null;
};

/** Problems that restic itself reports. */
const READ_PROBLEMS = [
  "unreadable",
  "path_missing",
  "shadow_copy_failed",
  "repo_damaged",
] as const satisfies WarningCode[];
type ReadProblem = (typeof READ_PROBLEMS)[number];

/** Unreadable paths listed in the log; the rest are only counted. */
const MAX_NAMED = 1000;
const MAX_PATHS_IN_STATS = 100;
const MISSING = /^(.*) does not exist, skipping$/;
const SHADOW_COPY_FAILED = /VSS error|failed to create snapshot for/i;

export function createBackupReport(log: JobLog, progress: Progress): BackupReport {
  const seen = new Map<ReadProblem, Set<string>>(READ_PROBLEMS.map((code) => [code, new Set()]));
  const paths = new Map<ReadProblem, string[]>(READ_PROBLEMS.map((code) => [code, []]));
  let total = 0;
  let summary: BackupSummary | null = null;

  function warn(code: ReadProblem, path: string, words: string): void {
    const known = seen.get(code)!;
    if (known.has(path)) return;
    known.add(path);
    total += 1;
    const named = paths.get(code)!;
    if (path !== "" && named.length < MAX_PATHS_IN_STATS) named.push(clip(path, 2000));
    if (total <= MAX_NAMED) log.stderr(words);
    if (code === "unreadable" && known.size === 1)
      log.event("1 path could not be read. The backup continues and will end with warnings");
    if (total === MAX_NAMED) log.event("Further unreadable paths are counted but not listed");
  }

  /** restic reports this like an unreadable file, but it is the parent snapshot that cannot be read. */
  function damage(message: string): boolean {
    const advice = damageAdvice(message);
    if (advice === null) return false;
    if (seen.get("repo_damaged")?.size === 0) log.event(advice);
    warn("repo_damaged", "", `error: ${message}`);
    return true;
  }

  function text(words: string, stream: "stdout" | "stderr"): void {
    if (words.trim() === "") return;
    const missing = MISSING.exec(words)?.[1];
    if (missing !== undefined) warn("path_missing", missing, words);
    else if (SHADOW_COPY_FAILED.test(words)) warn("shadow_copy_failed", words, words);
    else if (stream === "stdout") log.stdout(words);
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
          if (damage(line.error.error.message)) return;
          return warn(
            "unreadable",
            line.error.item || line.error.error.message,
            `error: ${line.error.error.message || line.error.item}`,
          );
        case "summary":
          summary = line.summary;
          return log.event(summaryInWords(line.summary));
        case "exit_error":
          // Code 3 repeats the errors before it.
          return line.exitError.code === 3 ? undefined : log.stderr(line.exitError.message.trim());
        case "text":
        case "other":
          return text(line.text, stream);
      }
    },
    summary: () => summary,
    causes: () => READ_PROBLEMS.flatMap((code) => causeOf(code, paths.get(code) ?? [], seen.get(code)?.size)),
    stats: () => summary && statsOf(summary, paths.get("unreadable") ?? []),
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
  const saved = id ? `Snapshot ${id} saved` : "Nothing has changed, so no snapshot was saved";
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

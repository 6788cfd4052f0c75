/** Schemas for the lines of `restic backup --json`: progress, files, errors, and the summary at the end. */
import * as v from "valibot";

const size = v.pipe(v.number(), v.minValue(0));

export const backupStatus = v.object({
  message_type: v.literal("status"),
  /** 0 to 1 of the bytes read. Stays at 1 while uploads continue. */
  percent_done: v.optional(v.number(), 0),
  total_files: v.optional(size, 0),
  files_done: v.optional(size, 0),
  total_bytes: v.optional(size, 0),
  bytes_done: v.optional(size, 0),
  error_count: v.optional(size, 0),
  /** Present once the scan has ended. */
  seconds_remaining: v.optional(size),
  current_files: v.optional(v.array(v.string()), []),
});
export type BackupStatus = v.InferOutput<typeof backupStatus>;

/** One file or phase, with `--verbose=2` only. */
export const backupVerboseStatus = v.object({
  message_type: v.literal("verbose_status"),
  /** new, modified, unchanged, scan_finished */
  action: v.string(),
  item: v.optional(v.string(), ""),
  /** seconds */
  duration: v.optional(v.number(), 0),
  data_size: v.optional(size, 0),
  data_size_in_repo: v.optional(size, 0),
  total_files: v.optional(size, 0),
});
export type BackupVerboseStatus = v.InferOutput<typeof backupVerboseStatus>;

/** A path that could not be read. Printed on stderr. */
export const backupError = v.object({
  message_type: v.literal("error"),
  error: v.optional(v.object({ message: v.optional(v.string(), "") }), { message: "" }),
  /** archival or scan: both may report the same path */
  during: v.optional(v.string(), ""),
  item: v.optional(v.string(), ""),
});
export type BackupError = v.InferOutput<typeof backupError>;

export const backupSummary = v.object({
  message_type: v.literal("summary"),
  files_new: v.optional(size, 0),
  files_changed: v.optional(size, 0),
  files_unmodified: v.optional(size, 0),
  dirs_new: v.optional(size, 0),
  dirs_changed: v.optional(size, 0),
  dirs_unmodified: v.optional(size, 0),
  /** bytes before and after compression */
  data_added: v.optional(size, 0),
  data_added_packed: v.optional(size, 0),
  total_files_processed: v.optional(size, 0),
  total_bytes_processed: v.optional(size, 0),
  /** seconds */
  total_duration: v.optional(v.number(), 0),
  backup_start: v.optional(v.string()),
  /** Absent when nothing was saved (`--skip-if-unchanged`). */
  snapshot_id: v.optional(v.string()),
});
export type BackupSummary = v.InferOutput<typeof backupSummary>;

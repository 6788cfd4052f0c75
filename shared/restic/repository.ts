/** Schemas for what restic prints about itself and about a repository: version, init, config, locks, statistics, fatal errors. */
import * as v from "valibot";

const size = v.pipe(v.number(), v.minValue(0));

export const version = v.object({ message_type: v.literal("version"), version: v.string() });

export const initialized = v.object({ message_type: v.literal("initialized"), id: v.string() });

/** The last line on stderr of a command that failed. */
export const exitError = v.object({
  message_type: v.literal("exit_error"),
  code: v.optional(v.number(), 1),
  message: v.optional(v.string(), ""),
});
export type ExitError = v.InferOutput<typeof exitError>;

/** `restic cat config`. `version` is the repository format. */
export const config = v.object({ version: v.pipe(v.number(), v.integer()), id: v.string() });

/** `restic cat lock ID` */
export const lock = v.object({
  time: v.string(),
  exclusive: v.optional(v.boolean(), false),
  hostname: v.optional(v.string(), ""),
  username: v.optional(v.string(), ""),
  pid: v.optional(size, 0),
});

/** `restic stats --mode raw-data`: the size of the repository. */
export const rawDataStats = v.object({
  total_size: size,
  total_uncompressed_size: v.optional(size),
  compression_ratio: v.optional(v.number()),
  snapshots_count: v.optional(size),
});

/** `restic stats --mode restore-size`: the size of a restore. */
export const restoreSizeStats = v.object({
  total_size: size,
  total_file_count: v.optional(size),
  snapshots_count: v.optional(size),
});

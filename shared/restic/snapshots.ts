/** Schemas for the output of `restic snapshots --json` and `restic ls --json`. */
import * as v from "valibot";

const size = v.pipe(v.number(), v.minValue(0));

export const snapshot = v.object({
  id: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/)),
  /** RFC 3339 with nanoseconds */
  time: v.string(),
  hostname: v.optional(v.string(), ""),
  username: v.optional(v.string(), ""),
  paths: v.optional(v.nullable(v.array(v.string()), []), []),
  tags: v.optional(v.nullable(v.array(v.string()), []), []),
  parent: v.optional(v.string()),
  program_version: v.optional(v.string()),
  /** Since restic 0.17. */
  summary: v.optional(
    v.object({
      data_added_packed: v.optional(size),
      data_added: v.optional(size),
      total_files_processed: v.optional(size),
      total_bytes_processed: v.optional(size),
    }),
  ),
});
export type Snapshot = v.InferOutput<typeof snapshot>;

export const snapshotList = v.nullable(v.array(snapshot), []);

/** One entry of a directory. The first line of `ls` is the snapshot, which is not a node. */
export const node = v.object({
  message_type: v.literal("node"),
  name: v.string(),
  /** file, dir, symlink, fifo, … */
  type: v.string(),
  path: v.string(),
  /** Absent for directories. */
  size: v.optional(size),
  mtime: v.optional(v.string()),
  /** Go's file mode. The lowest nine bits are the Unix permissions. */
  mode: v.optional(size),
});
export type Node = v.InferOutput<typeof node>;

/** Schemas for the output of `restic forget --json` and `restic check --json`. */
import * as v from "valibot";

const listedSnapshot = v.object({
  id: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/)),
  /** RFC 3339 with nanoseconds */
  time: v.string(),
  hostname: v.optional(v.string(), ""),
  tags: v.optional(v.nullable(v.array(v.string()), []), []),
});

/** One group of equal host and tags: the kept snapshots with reasons, and the removed ones. */
export const forgetOutput = v.nullable(
  v.array(
    v.object({
      host: v.optional(v.string(), ""),
      tags: v.optional(v.nullable(v.array(v.string()), []), []),
      keep: v.optional(v.nullable(v.array(listedSnapshot), []), []),
      remove: v.optional(v.nullable(v.array(listedSnapshot), []), []),
      reasons: v.optional(
        v.nullable(v.array(v.object({ snapshot: v.object({ id: v.string() }), matches: v.array(v.string()) })), []),
        [],
      ),
    }),
  ),
  [],
);
export type ForgetOutput = v.InferOutput<typeof forgetOutput>;

/** Also printed when the repository was locked, then with one error. */
export const checkSummary = v.object({
  message_type: v.literal("summary"),
  num_errors: v.pipe(v.number(), v.minValue(0)),
  broken_packs: v.optional(v.nullable(v.array(v.string()), []), []),
  suggest_repair_index: v.optional(v.boolean(), false),
  suggest_prune: v.optional(v.boolean(), false),
});
export type CheckSummary = v.InferOutput<typeof checkSummary>;

/** A finding of check, on stderr. */
export const checkError = v.object({ message_type: v.literal("error"), message: v.string() });

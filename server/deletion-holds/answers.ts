/** What REST answers about deletion holds. */
import * as v from "valibot";
import { id, listOf, named, textLike, textOrNull, time } from "../http/answers.ts";

export const holdAnswer = named(
  "DeletionHold",
  v.strictObject({
    id,
    host_id: v.nullable(id),
    host_name: textOrNull,
    tag: v.pipe(textOrNull, v.description("Without host and tag, it covers every host.")),
    reason: textLike("Suspected ransomware on web-01"),
    held_by: v.pipe(textOrNull, v.description("Username.")),
    held_at: time,
  }),
);
export type HoldAnswer = v.InferOutput<typeof holdAnswer>;

export const holdListAnswer = listOf(holdAnswer);

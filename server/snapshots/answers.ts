/** What REST answers about snapshots. */
import * as v from "valibot";
import { countOrNull, id, listOf, named, textLike, textOrNull, time, timeOrNull } from "../http/answers.ts";

const snapshotAnswer = named(
  "Snapshot",
  v.strictObject({
    repo_id: id,
    snapshot_id: textLike("40dc1520aa6a07b7b3ae561786770a01951245d2367241e71e9485f18ae8228c"),
    short_id: textLike("40dc1520"),
    time,
    utc_offset_minutes: v.pipe(
      v.nullable(v.pipe(v.number(), v.integer())),
      v.description("Of the clock that it was made by; null: not known."),
    ),
    is_readable: v.boolean(),
    hostname: textLike("web-01"),
    username: textLike("root"),
    paths: v.array(textLike("/home")),
    tags: v.array(textLike("documents")),
    parent: textOrNull,
    size_bytes: countOrNull,
    file_count: countOrNull,
    added_bytes: countOrNull,
  }),
);

export const snapshotListAnswer = v.strictObject({
  ...listOf(snapshotAnswer).entries,
  refreshed_at: v.pipe(timeOrNull, v.description("When the list was last read from the repository.")),
});

/** What REST answers about schedules. */
import * as v from "valibot";
import { JOB_STATUSES } from "../../shared/jobs.ts";
import { id, named, sized, textLike, textOrNull, time, timeOrNull } from "../http/answers.ts";

export const scheduleAnswer = named(
  "Schedule",
  v.strictObject({
    id,
    host_id: id,
    cron: textLike("0 2 * * *"),
    in_words: textLike("every day at 02:00"),
    timezone: v.pipe(textOrNull, v.description("null = the host's own.")),
    splay_minutes: sized(15),
    enabled: v.boolean(),
    source_group_ids: v.array(id),
    next_run_at: timeOrNull,
    last_run: v.nullable(
      v.strictObject({ due_at: time, jobs: v.array(v.strictObject({ id, status: v.picklist(JOB_STATUSES) })) }),
    ),
    created_at: time,
    updated_at: time,
  }),
);

export const cronAnswer = v.strictObject({
  expr: textLike("0 2 * * *"),
  in_words: textLike("every day at 02:00"),
  tz: textLike("Europe/Berlin"),
  next: v.array(time),
});

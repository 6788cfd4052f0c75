/** Checks the fields of a schedule, in the same way for REST and forms. */
import * as v from "valibot";
import { parseCron } from "../../shared/time/cron.ts";
import { isZone } from "../../shared/time/zone.ts";

const MAX_SPLAY_MINUTES = 720;

/** The body of a schedule in REST. Omitted fields keep their value, or get the default in a new schedule. */
export const scheduleBody = v.strictObject({
  cron: v.optional(v.pipe(v.string(), v.maxLength(200))),
  timezone: v.optional(v.nullable(v.pipe(v.string(), v.maxLength(100)))),
  splay_minutes: v.optional(v.number("Enter a number of minutes.")),
  enabled: v.optional(v.boolean()),
  source_group_ids: v.optional(v.pipe(v.array(v.string()), v.maxLength(200))),
});
export type ScheduleInput = v.InferOutput<typeof scheduleBody>;

export type ScheduleFields = {
  cron: string;
  /** null = the host's time zone. */
  timezone: string | null;
  splayMinutes: number;
  enabled: boolean;
  groupIds: string[];
};

export const NEW_SCHEDULE: ScheduleFields = {
  cron: "",
  timezone: null,
  splayMinutes: 15,
  enabled: true,
  groupIds: [],
};

export function mergeSchedule(base: ScheduleFields, input: ScheduleInput): ScheduleFields {
  return {
    cron: (input.cron ?? base.cron).trim().replace(/\s+/g, " "),
    timezone: input.timezone === undefined ? base.timezone : input.timezone?.trim() || null,
    splayMinutes: input.splay_minutes ?? base.splayMinutes,
    enabled: input.enabled ?? base.enabled,
    groupIds: [...new Set(input.source_group_ids ?? base.groupIds)],
  };
}

/** All invalid fields. Empty when everything is valid. `groupIds` are the host's groups. */
export function scheduleProblems(fields: ScheduleFields, groupIds: readonly string[]): Record<string, string> {
  const errors: Record<string, string> = {};
  const parsed = parseCron(fields.cron);
  if (fields.cron === "") errors["cron"] = "Enter when it runs, such as 0 2 * * * for every day at 02:00.";
  else if (!parsed.ok) errors["cron"] = parsed.problem;
  if (fields.timezone !== null && !isZone(fields.timezone))
    errors["timezone"] = "Unknown time zone. Enter one such as Europe/Berlin.";
  const { splayMinutes } = fields;
  if (!Number.isInteger(splayMinutes) || splayMinutes < 0 || splayMinutes > MAX_SPLAY_MINUTES)
    errors["splay_minutes"] = `Enter a whole number of minutes from 0 to ${MAX_SPLAY_MINUTES}.`;
  if (fields.groupIds.length === 0) errors["source_group_ids"] = "Choose at least one source group.";
  else if (fields.groupIds.some((id) => !groupIds.includes(id)))
    errors["source_group_ids"] = "One of these source groups does not belong to this host.";
  return errors;
}

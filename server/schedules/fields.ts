/** What a schedule may hold, checked the same for REST and forms. */
import * as v from "valibot";
import { parseCron } from "../../shared/cron.ts";
import { isZone } from "../../shared/zone.ts";

const MAX_SPLAY_MINUTES = 720;

/** REST's body of a schedule; what is left out keeps its value, or the default for a new one. */
export const scheduleBody = v.strictObject({
  cron: v.optional(v.pipe(v.string(), v.maxLength(200))),
  timezone: v.optional(v.nullable(v.pipe(v.string(), v.maxLength(100)))),
  splay_minutes: v.optional(v.number("Write a number of minutes.")),
  enabled: v.optional(v.boolean()),
  source_group_ids: v.optional(v.pipe(v.array(v.string()), v.maxLength(200))),
});
export type ScheduleInput = v.InferOutput<typeof scheduleBody>;

export type ScheduleFields = {
  cron: string;
  /** null = the host's own. */
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

/** All wrong fields at once; empty when all is well. `groupIds` are those of the host. */
export function scheduleProblems(fields: ScheduleFields, groupIds: readonly string[]): Record<string, string> {
  const errors: Record<string, string> = {};
  const parsed = parseCron(fields.cron);
  if (fields.cron === "") errors["cron"] = "Say when it runs, such as 0 2 * * * for every day at 02:00.";
  else if (!parsed.ok) errors["cron"] = parsed.problem;
  if (fields.timezone !== null && !isZone(fields.timezone))
    errors["timezone"] = "That is no time zone; write one such as Europe/Berlin.";
  const { splayMinutes } = fields;
  if (!Number.isInteger(splayMinutes) || splayMinutes < 0 || splayMinutes > MAX_SPLAY_MINUTES)
    errors["splay_minutes"] = `A whole number of minutes, 0 to ${MAX_SPLAY_MINUTES}.`;
  if (fields.groupIds.length === 0) errors["source_group_ids"] = "Choose at least one source group.";
  else if (fields.groupIds.some((id) => !groupIds.includes(id)))
    errors["source_group_ids"] = "One of these source groups is not this host's.";
  return errors;
}

/** Converts the schedule editor's form: to the operation's input, back to a form, and from stored values to a form. */
import type { Schedule } from "../../db/queries/schedules.ts";
import type { FormState } from "../../shared/pages.ts";
import { cronInWords } from "../../shared/time/cron-words.ts";
import type { StoredForm } from "../http/conflicts.ts";
import { checkedValuesOf, textOf, typedValues } from "../http/forms.ts";
import type { FormBody } from "../http/routes.ts";
import type { ScheduleInput } from "./fields.ts";

export function inputOf(body: FormBody): ScheduleInput {
  const splay = textOf(body, "splay_minutes").trim();
  return {
    cron: textOf(body, "cron"),
    timezone: textOf(body, "timezone") || null,
    splay_minutes: splay === "" ? Number.NaN : Number(splay),
    enabled: "enabled" in body,
    source_group_ids: checkedValuesOf(body, "source_group_ids"),
  };
}

export function typedOf(body: FormBody): FormState["values"] {
  return typedValues(body, ["source_group_ids"]);
}

/** A quick pick without script: shows the form again with the expression filled in, without saving. */
export function picked(body: FormBody): FormState {
  const values = typedOf(body);
  return { values: { ...values, cron: textOf(body, "pick") || (values["cron"] ?? "") }, errors: {} };
}

export function storedSchedule(schedule: Schedule, groups: readonly { id: string; name: string }[]): StoredForm {
  return {
    fields: [
      { name: "cron", label: "Cron expression", as: "text", words: (cron) => `${cron} (${cronInWords(cron)})` },
      { name: "timezone", label: "Time zone", as: "text" },
      { name: "splay_minutes", label: "Splay (min)", as: "text" },
      { name: "enabled", label: "Enabled", as: "checkbox", words: (value) => (value === "on" ? "yes" : "no, paused") },
      {
        name: "source_group_ids",
        label: "Source groups",
        as: "names",
        words: (id) => groups.find((group) => group.id === id)?.name ?? "a deleted group",
      },
    ],
    values: {
      cron: schedule.cron,
      timezone: schedule.timezone ?? "",
      splay_minutes: String(schedule.splayMinutes),
      enabled: schedule.enabled ? "on" : undefined,
      source_group_ids: schedule.groupIds.join(" "),
    },
    updatedAt: schedule.updatedAt,
  };
}

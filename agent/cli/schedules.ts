/** This host's schedules with their next runs, from the stored state; for `status` and `doctor`. */

import type { DesiredState } from "../../shared/protocol/to-agent.ts";
import { nextFire, parseCron } from "../../shared/time/cron.ts";
import { cronInWords } from "../../shared/time/cron-words.ts";
import { timeZone } from "../machine/sysinfo.ts";
import type { Store } from "../store/store.ts";
import type { Io } from "./command.ts";

export type ScheduleAnswer = {
  schedule_id: string;
  cron: string;
  words: string;
  timezone: string;
  enabled: boolean;
  source_groups: string[];
  /** ISO-8601 UTC, splay included; null when it does not run. */
  next_run_at: string | null;
};

export type SchedulesAnswer = {
  schedules: ScheduleAnswer[];
  /** Why none of them runs at present. */
  schedules_rest: "paused" | "revoked" | null;
};

export function schedulesOf(store: Store, io: Io): SchedulesAnswer {
  const text = store.notes.find("desired_state");
  if (text === null) return { schedules: [], schedules_rest: null };
  const state = JSON.parse(text) as DesiredState;
  const rest = store.notes.find("revoked") !== null ? "revoked" : state.schedules_paused ? "paused" : null;
  const hostZone = state.timezone_override ?? timeZone(io.environment.timezone);
  const names = new Map(state.source_groups.map((group) => [group.id, group.name]));
  const schedules = state.schedules.map((schedule): ScheduleAnswer => {
    const parsed = parseCron(schedule.cron);
    const runs = parsed.ok && schedule.enabled && rest === null ? parsed.cron : null;
    const { id, timezone, splay_minutes: splayMinutes } = schedule;
    const next = runs && nextFire({ id, cron: runs, timezone, splayMinutes }, hostZone, io.clock.now());
    return {
      schedule_id: id,
      cron: schedule.cron,
      words: cronInWords(schedule.cron),
      timezone: timezone ?? hostZone,
      enabled: schedule.enabled,
      source_groups: schedule.source_group_ids.map((group) => names.get(group) ?? "an unknown source group"),
      next_run_at: next && new Date(next.startAt).toISOString(),
    };
  });
  return { schedules, schedules_rest: rest };
}

export const REST_IN_WORDS = {
  paused: "Schedules are paused by the server until the restore of this machine is finished",
  revoked: "Schedules are stopped: the server has revoked this host",
};

export function schedulesInWords({ schedules, schedules_rest }: SchedulesAnswer): string[] {
  const lines = schedules_rest === null ? [] : [REST_IN_WORDS[schedules_rest]];
  if (schedules.length === 0) return [...lines, "No schedules"];
  return [
    ...lines,
    "Schedules:",
    ...schedules.map((one) => {
      const next = one.next_run_at === null ? "no next run" : `next run ${shortTime(one.next_run_at)}`;
      const state = one.enabled ? next : "disabled";
      return `  ${one.words} (${one.timezone}): ${one.source_groups.join(", ")}; ${state}`;
    }),
  ];
}

const shortTime = (iso: string) => `${iso.slice(0, 16).replace("T", " ")} UTC`;

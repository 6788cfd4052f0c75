/** Counts due runs for the days they fall on, under the schedule active at the time, and keeps next runs up to date. */
import type { Db } from "../../db/open.ts";
import {
  type ActiveSchedule,
  addDueRuns,
  clearIdleSchedules,
  listActiveSchedules,
  listSchedulesToCount,
  putTiming,
} from "../../db/queries/schedules.ts";
import { inTransaction } from "../../db/transaction.ts";
import type { Log } from "../../shared/log.ts";
import { type Clock, DAY_MS, MINUTE_MS } from "../../shared/time/clock.ts";
import { dayIn } from "../../shared/time/days.ts";
import { zoneNamed } from "../../shared/time/zone.ts";
import { createIsolation } from "../runtime/isolated.ts";
import type { Tick } from "../runtime/ticker.ts";
import { dueTimes, nextStart } from "./due-times.ts";

/** No night strip shows more days. */
const LONGEST_CATCH_UP_MS = 40 * DAY_MS;

/** A whole fleet is due at once. The rest follows a minute later. */
const MOST_COUNTED = 500;

export type DueAccounting = {
  /** Call before every change that affects a host's schedules, in its transaction: due times until now count under the old rules. */
  countDueRuns(hostId: string): void;
  /** Call after such a change: from now on the new rules apply. */
  restart(hostId: string): void;
  /** The host's time zone may have changed. */
  refresh(hostId: string): void;
  countAllDueRuns(): void;
  ticks: readonly Tick[];
};

export function createDueAccounting({ db, clock, log }: { db: Db; clock: Clock; log: Log }): DueAccounting {
  const isolation = createIsolation({ task: "count its due runs", of: "schedule", clock, log });
  const hostZoneOf = (schedule: ActiveSchedule) => schedule.hostTimezoneOverride ?? schedule.hostTimezone;
  const zoneFor = (schedule: ActiveSchedule) => zoneNamed(schedule.timezone ?? hostZoneOf(schedule));
  /** @returns whether something was written */
  const countDueRunsOf = (schedule: ActiveSchedule, now: number): boolean => {
    const { nextRunAt, splayMinutes } = schedule;
    // Not due since the last check, and the stored next run is still right, so there is nothing to do. For a whole fleet the query skips these.
    if (nextRunAt !== null && now < nextRunAt - splayMinutes * MINUTE_MS && schedule.accountedUntil !== null)
      return false;
    const from = Math.max(schedule.accountedUntil ?? now, now - LONGEST_CATCH_UP_MS);
    const dueAts = dueTimes(schedule, zoneFor(schedule), from, now);
    for (const [day, ofDay] of Map.groupBy(dueAts, (due) => dayIn(hostZoneOf(schedule), due)))
      addDueRuns(db, schedule.id, schedule.hostId, day, ofDay.length);
    const next = nextStart(schedule, zoneFor(schedule), now);
    if (dueAts.length === 0 && next === nextRunAt && schedule.accountedUntil !== null) return false;
    putTiming(db, schedule.id, next, dueAts.at(-1) ?? from);
    return true;
  };
  const countAllDueRuns: DueAccounting["countAllDueRuns"] = () => {
    const now = clock.now();
    inTransaction(db, () => {
      let counted = 0;
      for (const schedule of listSchedulesToCount(db, now)) {
        if (counted >= MOST_COUNTED) break;
        isolation.attempt(schedule.id, () => {
          if (inTransaction(db, () => countDueRunsOf(schedule, now))) counted++;
        });
      }
      clearIdleSchedules(db);
    });
    isolation.conclude();
  };
  return {
    countAllDueRuns,
    ticks: [{ name: "due times", everyMs: MINUTE_MS, run: countAllDueRuns }],
    countDueRuns(hostId) {
      const now = clock.now();
      for (const schedule of listActiveSchedules(db, hostId)) countDueRunsOf(schedule, now);
    },
    restart(hostId) {
      const now = clock.now();
      for (const schedule of listActiveSchedules(db, hostId)) {
        putTiming(db, schedule.id, nextStart(schedule, zoneFor(schedule), now), now);
      }
      clearIdleSchedules(db, hostId);
    },
    refresh(hostId) {
      const now = clock.now();
      for (const schedule of listActiveSchedules(db, hostId)) {
        const next = nextStart(schedule, zoneFor(schedule), now);
        if (next !== schedule.nextRunAt) putTiming(db, schedule.id, next, schedule.accountedUntil);
      }
    },
  };
}

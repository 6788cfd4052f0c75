/** Counts due times into the days they fall on, by the schedule then in force, and keeps next runs true. */
import type { Db } from "../../db/open.ts";
import {
  type ActiveSchedule,
  addDues,
  clearIdleSchedules,
  listActiveSchedules,
  listSchedulesToSettle,
  putTiming,
} from "../../db/queries/schedules.ts";
import { inTransaction } from "../../db/transaction.ts";
import { type Clock, DAY_MS, MINUTE_MS } from "../../shared/clock.ts";
import { dayIn } from "../../shared/days.ts";
import type { Log } from "../../shared/log.ts";
import { zoneNamed } from "../../shared/zone.ts";
import { createIsolation } from "../runtime/isolated.ts";
import type { Tick } from "../runtime/ticker.ts";
import { dueTimes, nextStart } from "./due-times.ts";

/** No strip shows more. */
const LONGEST_LOOK_BACK_MS = 40 * DAY_MS;

/** A whole fleet is due at once: the rest comes a minute later. */
const MOST_COUNTED = 500;

export type DueAccounting = {
  /** Call in the transaction of every change that concerns a host's schedules, before it: until now the old rules count. */
  countDueRuns(hostId: string): void;
  /** Call after such a change: from now on the new rules count. */
  restart(hostId: string): void;
  /** The host's own zone may be another now. */
  refresh(hostId: string): void;
  countAllDueRuns(): void;
  ticks: readonly Tick[];
};

export function createDueAccounting({ db, clock, log }: { db: Db; clock: Clock; log: Log }): DueAccounting {
  const isolation = createIsolation({ task: "counting due times", of: "schedule", clock, log });
  const hostZoneOf = (schedule: ActiveSchedule) => schedule.hostTimezoneOverride ?? schedule.hostTimezone;
  const zoneFor = (schedule: ActiveSchedule) => zoneNamed(schedule.timezone ?? hostZoneOf(schedule));
  /** @returns whether something was written */
  const countDueRunsOf = (schedule: ActiveSchedule, now: number): boolean => {
    const { nextRunAt, splayMinutes } = schedule;
    // Not due since the last look, and the next run is as shown: nothing to compute, nothing to write. The fleet's are left out by the query.
    if (nextRunAt !== null && now < nextRunAt - splayMinutes * MINUTE_MS && schedule.accountedUntil !== null)
      return false;
    const from = Math.max(schedule.accountedUntil ?? now, now - LONGEST_LOOK_BACK_MS);
    const dues = dueTimes(schedule, zoneFor(schedule), from, now);
    for (const [day, ofDay] of Map.groupBy(dues, (due) => dayIn(hostZoneOf(schedule), due)))
      addDues(db, schedule.id, schedule.hostId, day, ofDay.length);
    const next = nextStart(schedule, zoneFor(schedule), now);
    if (dues.length === 0 && next === nextRunAt && schedule.accountedUntil !== null) return false;
    putTiming(db, schedule.id, next, dues.at(-1) ?? from);
    return true;
  };
  const countAllDueRuns: DueAccounting["countAllDueRuns"] = () => {
    const now = clock.now();
    inTransaction(db, () => {
      let counted = 0;
      for (const schedule of listSchedulesToSettle(db, now)) {
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

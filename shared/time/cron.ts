/**
 * When a cron expression is due, in a time zone. Times of day are wall-clock times: one that the clocks leave out comes
 * with the jump, one that they pass twice comes the first time. An expression that looks the same after the jump (every
 * 15 minutes; every hour, where clocks jump by an hour) runs straight through it at its own pace.
 */
import { DAY_MS, HOUR_MS, MINUTE_MS } from "./clock.ts";
import { type CronFields, readCronFields } from "./cron-fields.ts";
import { createZone, type Zone } from "./zone.ts";

/** `zone` is a name, or a {@link Zone} when many questions follow. All times are Unix ms. */
export type Cron = {
  expr: string;
  /** The first due time after this moment. */
  next(afterMs: number, zone: string | Zone): number;
  /** The last due time strictly before this moment. */
  previous(beforeMs: number, zone: string | Zone): number;
};

/** Refuses what it does not understand, and expressions that never fire, with a sentence for people. */
export function parseCron(expr: string): { ok: true; cron: Cron } | { ok: false; problem: string } {
  const read = readCronFields(expr);
  if (!read.ok) return read;
  const wall = createWallClock(read.fields);
  const cron: Cron = {
    expr: expr.trim(),
    next: (afterMs, zone) => nextMoment(wall, afterMs, zoneOf(zone)),
    previous: (beforeMs, zone) => previousMoment(wall, beforeMs, zoneOf(zone)),
  };
  return { ok: true, cron };
}

/** The next `count` due times. */
export function nextRuns(cron: Cron, zone: string | Zone, afterMs: number, count: number): number[] {
  const known = zoneOf(zone);
  const runs: number[] = [];
  for (let at = afterMs; runs.length < count; ) {
    at = cron.next(at, known);
    runs.push(at);
  }
  return runs;
}

/** The schedule's fixed delay in ms, spread over `splayMinutes` by its id: 0 or more, less than all of it. */
export function splayMs(scheduleId: string, splayMinutes: number): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < scheduleId.length; at++) hash = Math.imul(hash ^ scheduleId.charCodeAt(at), 0x01000193);
  // Neighbouring ids differ in few bits: mix them all (murmur3's finish).
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return Math.floor((((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32) * splayMinutes * MINUTE_MS);
}

export type FiringSchedule = { id: string; cron: Cron; timezone: string | null; splayMinutes: number };

/** The first fire that starts after this moment. @param zone of the host, for schedules without one of their own */
export function nextFire(
  schedule: FiringSchedule,
  zone: string | Zone,
  afterMs: number,
): { dueAt: number; startAt: number } {
  const splay = splayMs(schedule.id, schedule.splayMinutes);
  const dueAt = schedule.cron.next(afterMs - splay, schedule.timezone ?? zone);
  return { dueAt, startAt: dueAt + splay };
}

/** Wall-clock times that match, as the Unix ms at which UTC would show them. */
type WallClock = {
  atOrAfter(wall: number): number;
  atOrBefore(wall: number): number;
  /** The same times of day match when all clocks are moved by this. */
  staysTheSame(shiftMs: number): boolean;
};

function createWallClock(fields: CronFields): WallClock {
  const times = fields.hours.flatMap((hour) => fields.minutes.map((minute) => hour * 60 + minute));
  const known = new Set(times);
  const last = times.length - 1;
  return {
    atOrAfter(wall) {
      let day = Math.floor(wall / DAY_MS);
      const minute = Math.ceil((wall - day * DAY_MS) / MINUTE_MS);
      let place = times.findIndex((time) => time >= minute);
      if (place < 0 || !matchesDay(fields, day)) {
        do day += 1;
        while (!matchesDay(fields, day));
        place = 0;
      }
      return day * DAY_MS + times[place]! * MINUTE_MS;
    },
    atOrBefore(wall) {
      let day = Math.floor(wall / DAY_MS);
      const minute = Math.floor((wall - day * DAY_MS) / MINUTE_MS);
      let place = times.findLastIndex((time) => time <= minute);
      if (place < 0 || !matchesDay(fields, day)) {
        do day -= 1;
        while (!matchesDay(fields, day));
        place = last;
      }
      return day * DAY_MS + times[place]! * MINUTE_MS;
    },
    staysTheSame: (shiftMs) => times.every((time) => known.has((time + shiftMs / MINUTE_MS) % 1440)),
  };
}

/** When both day fields are written out, either of them is enough: cron's old rule. */
function matchesDay(fields: CronFields, day: number): boolean {
  const date = new Date(day * DAY_MS);
  if (!fields.months.includes(date.getUTCMonth() + 1)) return false;
  const dayFits = fields.days.includes(date.getUTCDate());
  const weekdayFits = fields.weekdays.includes(date.getUTCDay());
  if (fields.anyDay || fields.anyWeekday) return (fields.anyDay || dayFits) && (fields.anyWeekday || weekdayFits);
  return dayFits || weekdayFits;
}

/** The moments at which a wall-clock time is due, and the zone's offsets around it. */
function momentsOf(wall: number, clock: WallClock, zone: Zone) {
  // Offsets lie between -12 and +14 hours: these moments are surely before and after it.
  const early = wall - 15 * HOUR_MS;
  const late = wall + 13 * HOUR_MS;
  const before = zone.offset(early);
  const after = zone.offset(late);
  if (before === after) return { moments: [wall - before], before, after };
  const straight = clock.staysTheSame(Math.abs(after - before));
  const moments = [wall - before, wall - after].filter((at, index) => zone.offset(at) === (index ? after : before));
  if (moments.length === 0 && !straight) moments.push(changeBetween(zone, early, late));
  return { moments: straight ? moments : moments.slice(0, 1), before, after };
}

function nextMoment(clock: WallClock, afterMs: number, zone: Zone): number {
  const offset = zone.offset(afterMs);
  // Clocks about to go back will show times again that lie behind us now.
  const back = offset - zone.offset(afterMs + DAY_MS);
  const again = back > 0 && zone.offset(afterMs + back) !== offset ? back : 0;
  let found = Number.POSITIVE_INFINITY;
  for (let wall = clock.atOrAfter(afterMs + offset - again); ; wall = clock.atOrAfter(wall + MINUTE_MS)) {
    const { moments, before, after } = momentsOf(wall, clock, zone);
    if (wall - Math.max(before, after) >= found) return found;
    for (const at of moments) if (at > afterMs && at < found) found = at;
  }
}

function previousMoment(clock: WallClock, beforeMs: number, zone: Zone): number {
  const offset = zone.offset(beforeMs);
  const back = zone.offset(beforeMs - DAY_MS) - offset;
  const again = back > 0 && zone.offset(beforeMs - back) !== offset ? back : 0;
  let found = Number.NEGATIVE_INFINITY;
  for (let wall = clock.atOrBefore(beforeMs + offset + again); ; wall = clock.atOrBefore(wall - MINUTE_MS)) {
    const { moments, before, after } = momentsOf(wall, clock, zone);
    if (wall - Math.min(before, after) <= found) return found;
    for (const at of moments) if (at < beforeMs && at > found) found = at;
  }
}

/** The moment within this span from which the offset of its end holds. */
function changeBetween(zone: Zone, early: number, late: number): number {
  const target = zone.offset(late);
  let from = early;
  let to = late;
  while (to - from > 1) {
    const middle = Math.floor((from + to) / 2);
    if (zone.offset(middle) === target) to = middle;
    else from = middle;
  }
  return to;
}

function zoneOf(zone: string | Zone): Zone {
  return typeof zone === "string" ? createZone(zone) : zone;
}

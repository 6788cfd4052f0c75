/** The due times on both sides of now, by expression and zone: those of a whole fleet are asked for every few minutes and change once a week. */
import type { Cron } from "../../shared/cron.ts";
import type { Zone } from "../../shared/zone.ts";

/** All default expressions of a fleet in two zones. */
const MOST_KNOWN = 14_000;

/** Unix ms: `lastAt` ≤ now < `nextAt`, with nothing due between them. */
export type DueTimes = { lastAt: number; nextAt: number };

export type DueTimesAround = (now: number, expression: string, zone: Zone, read: () => Cron) => DueTimes;

/** Remembers two numbers for each expression, not what was read from it: that takes a hundred times the memory. */
export function createDueTimes(): DueTimesAround {
  const known = new Map<string, DueTimes>();
  return (now, expression, zone, read) => {
    const key = `${expression} ${zone.name}`;
    const times = known.get(key);
    if (times && times.lastAt <= now && now < times.nextAt) return times;
    const cron = read();
    const fresh = { lastAt: cron.previous(now + 1, zone), nextAt: cron.next(now, zone) };
    if (known.size >= MOST_KNOWN) known.clear();
    known.set(key, fresh);
    return fresh;
  };
}

/** Time zone arithmetic: from moments to wall clocks and back. */
import { DAY_MS } from "./clock.ts";

export type Zone = {
  name: string;
  /** How far the wall clock is ahead of UTC at a moment, in ms. */
  offset(at: number): number;
  /** The wall clock at a moment, as the Unix ms at which UTC shows the same. */
  wall(at: number): number;
  /** The moment of a wall clock. A time that the zone skips or repeats is read with one of the two offsets, as Go's `time.Date` does. */
  moment(wall: number): number;
};

/** Days whose offset is cached. Agents may send any date. */
const MOST_DAYS = 10_000;

/**
 * An unknown name counts as UTC. Caches whole days without a clock change, because Intl is slow.
 * @param read the offset at a moment, in ms; by default from Intl
 */
export function createZone(name: string, read: (at: number) => number = offsetReader(name)): Zone {
  const edges = new Map<number, number>();
  const edge = (day: number) => {
    const known = edges.get(day);
    if (known !== undefined) return known;
    const offset = read(within(FARTHEST_MS - DAY_MS, day * DAY_MS));
    if (edges.size >= MOST_DAYS) edges.clear();
    edges.set(day, offset);
    return offset;
  };
  const offset = (at: number) => {
    const day = Math.floor(at / DAY_MS);
    const before = edge(day);
    return before === edge(day + 1) ? before : read(within(FARTHEST_MS - DAY_MS, at));
  };
  return {
    name,
    offset,
    wall: (at) => within(FARTHEST_MS, at + offset(at)),
    moment(wall) {
      const first = offset(wall);
      if (first === 0) return wall;
      return wall - offset(wall - first);
    },
  };
}

/** The limit of Date. Agents may send moments right at the edge. */
const FARTHEST_MS = 8.64e15;
const within = (most: number, at: number) => Math.max(-most, Math.min(most, at));

/** Whether the machine's time zone database has this name. */
export function isZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat("en", { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

function offsetReader(name: string): (at: number) => number {
  if (name === "UTC" || !isZone(name)) return () => 0;
  const format = new Intl.DateTimeFormat("en-US", {
    timeZone: name,
    hourCycle: "h23",
    ...({ year: "numeric", month: "numeric", day: "numeric" } as const),
    ...({ hour: "numeric", minute: "numeric", second: "numeric" } as const),
  });
  return (at) => {
    const part: Record<string, number> = {};
    for (const { type, value } of format.formatToParts(at)) part[type] = Number(value);
    const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = part;
    return utcTime(year, month - 1, day, hour, minute, second) - Math.floor(at / 1000) * 1000;
  };
}

/** A cache of facts, not state: creating a zone takes Intl most of a millisecond, and a fleet needs it every minute. */
const made = new Map<string, Zone>();
/** More than there are zones, because browsers and agents may spell a name in many ways. */
const MOST_KEPT = 1_000;

/** Creates each zone once. An unknown name is UTC. */
export function zoneNamed(name: string): Zone {
  const known = made.get(name);
  if (known) return known;
  if (!isZone(name)) return UTC;
  if (made.size >= MOST_KEPT) made.clear();
  const zone = createZone(name);
  made.set(name, zone);
  return zone;
}

const UTC = createZone("UTC");

/** Calendar fields in UTC → Unix ms. Unlike `Date.UTC`, it does not move the years 0 to 99 to the last century. @param month 0 to 11 */
export function utcTime(year: number, month: number, day: number, hour = 0, minute = 0, second = 0): number {
  const date = new Date(0);
  date.setUTCFullYear(year, month, day);
  return date.setUTCHours(hour, minute, second);
}

/** A time zone's arithmetic: from moments to wall clocks and back. */
import { utcTime } from "./utc.ts";

const DAY = 86_400_000;

export type Zone = {
  name: string;
  /** What the wall clock is ahead of UTC at a moment, in ms. */
  offset(at: number): number;
  /** The wall clock at a moment, as the Unix ms at which UTC would show the same. */
  wall(at: number): number;
  /** The moment of a wall clock. One that the zone leaves out or passes twice is read with one of the two offsets, as Go's `time.Date` does. */
  moment(wall: number): number;
};

/**
 * An unknown name counts as UTC. Remembers whole days without a change of the clocks: Intl is slow.
 * @param read the offset at a moment, in ms; by Intl unless told
 */
export function createZone(name: string, read: (at: number) => number = offsetReader(name)): Zone {
  const edges = new Map<number, number>();
  const edge = (day: number) => {
    const known = edges.get(day);
    if (known !== undefined) return known;
    const offset = read(day * DAY);
    edges.set(day, offset);
    return offset;
  };
  const offset = (at: number) => {
    const day = Math.floor(at / DAY);
    const before = edge(day);
    return before === edge(day + 1) ? before : read(at);
  };
  return {
    name,
    offset,
    wall: (at) => at + offset(at),
    moment(wall) {
      const first = offset(wall);
      if (first === 0) return wall;
      return wall - offset(wall - first);
    },
  };
}

/** Whether the machine's tables know this name. */
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

/** Makes each zone once: for those who ask for many hosts again and again. */
export function createZones(): (name: string) => Zone {
  const zones = new Map<string, Zone>();
  return (name) => {
    const zone = zones.get(name) ?? createZone(name);
    zones.set(name, zone);
    return zone;
  };
}

/** Calendar days and their names, in UTC and in the time zones of hosts. */
import { HOUR_MS, MINUTE_MS } from "./clock.ts";
import { zoneNamed } from "./zone.ts";

export const WEEKDAYS = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"] as const;
export const MONTHS = [
  "January",
  "February",
  "March",
  "April",
  "May",
  "June",
  "July",
  "August",
  "September",
  "October",
  "November",
  "December",
];

/** "Mon", "Nov" */
export const shortName = (name: string): string => name.slice(0, 3);

/** `2026-11-20`: the UTC day of a moment. @param at Unix ms */
export const utcDay = (at: number): string => new Date(at).toISOString().slice(0, 10);

/** `2026-11-20`: the day of a moment in a time zone. An unknown zone counts as UTC. */
export const dayIn = (timezone: string, at: number): string => utcDay(zoneNamed(timezone).wall(at));

/** Accepts `2026-11-20`: a real calendar day, in the years that a schedule or a log can have. */
export function isDay(text: string): boolean {
  if (!/^(?:19[7-9]\d|2\d{3})-\d{2}-\d{2}$/.test(text)) return false;
  const at = Date.parse(`${text}T00:00:00Z`);
  return !Number.isNaN(at) && utcDay(at) === text;
}

/** The calendar day `n` days earlier. */
export function daysBefore(day: string, n: number): string {
  const date = new Date(`${day}T12:00:00Z`);
  date.setUTCDate(date.getUTCDate() - n);
  return utcDay(date.getTime());
}

/** Start and end of a day in a zone, in Unix ms. The day has 23 or 25 hours when the clocks change. */
export function spanOfDay(timezone: string, day: string): { since: number; until: number } {
  return { since: startOf(timezone, day), until: startOf(timezone, daysBefore(day, -1)) };
}

/** The first minute at which the zone's calendar shows this day. Zones are at most 14 h away from UTC. */
function startOf(timezone: string, day: string): number {
  let low = Date.parse(`${day}T00:00:00Z`) - 15 * HOUR_MS;
  let high = low + 30 * HOUR_MS;
  while (high - low > MINUTE_MS) {
    const middle = Math.floor((low + high) / (2 * MINUTE_MS)) * MINUTE_MS;
    if (dayIn(timezone, middle) < day) low = middle;
    else high = middle;
  }
  return high;
}

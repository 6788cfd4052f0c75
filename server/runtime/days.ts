/** Days as a host lives them: the calendar of its time zone. */
import type { HostRow } from "../../db/schema/hosts.ts";

/** The zone by which a host's days and schedules go. */
export function zoneOf(host: Pick<HostRow, "timezone" | "timezoneOverride">): string {
  return host.timezoneOverride ?? host.timezone;
}

const formats = new Map<string, Intl.DateTimeFormat>();

/** `2026-11-20`: the day of a moment in a time zone; an unknown zone counts as UTC. */
export function dayIn(timezone: string, at: number): string {
  let format = formats.get(timezone);
  if (!format) {
    format = dayFormat(timezone);
    formats.set(timezone, format);
  }
  return format.format(at);
}

function dayFormat(timezone: string): Intl.DateTimeFormat {
  const shape = { year: "numeric", month: "2-digit", day: "2-digit" } as const;
  try {
    return new Intl.DateTimeFormat("en-CA", { ...shape, timeZone: timezone });
  } catch {
    return new Intl.DateTimeFormat("en-CA", { ...shape, timeZone: "UTC" });
  }
}

/** `2026-11-20`, of a calendar and of an age that a schedule or a log may have. */
export function isDay(text: string): boolean {
  if (!/^(?:19[7-9]\d|2\d{3})-\d{2}-\d{2}$/.test(text)) return false;
  const at = Date.parse(`${text}T00:00:00Z`);
  return !Number.isNaN(at) && new Date(at).toISOString().slice(0, 10) === text;
}

/** `n` days before a day, as the calendar counts. */
export function daysBefore(day: string, n: number): string {
  const date = new Date(`${day}T12:00:00Z`);
  date.setUTCDate(date.getUTCDate() - n);
  return date.toISOString().slice(0, 10);
}

/** When a day begins and ends in a zone, as Unix ms; 23 or 25 hours on the days when the clocks change. */
export function spanOfDay(timezone: string, day: string): { since: number; until: number } {
  return { since: startOf(timezone, day), until: startOf(timezone, daysBefore(day, -1)) };
}

/** The first moment at which the zone's calendar shows this day, to the minute: zones lie at most 14 h either way. */
function startOf(timezone: string, day: string): number {
  let low = Date.parse(`${day}T00:00:00Z`) - 15 * 3_600_000;
  let high = low + 30 * 3_600_000;
  while (high - low > 60_000) {
    const middle = Math.floor((low + high) / 120_000) * 60_000;
    if (dayIn(timezone, middle) < day) low = middle;
    else high = middle;
  }
  return high;
}

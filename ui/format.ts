// Formats numbers, sizes and times for pages and browser scripts.
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from "../shared/time/clock.ts";
import { MONTHS, shortName, WEEKDAYS } from "../shared/time/days.ts";
import { zoneNamed } from "../shared/time/zone.ts";

const UNITS = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"] as const;

/** Splits bytes into a figure and a binary unit: three significant digits, two decimals from TiB upwards ("3.44", "TiB"). */
export function splitBytes(bytes: number): { figure: string; unit: string } {
  let value = Math.abs(bytes);
  let step = 0;
  while (step < UNITS.length - 1 && Math.round(value * 10) / 10 >= 1024) {
    value /= 1024;
    step += 1;
  }
  const decimals = step === 0 || value >= 99.95 ? 0 : step >= 4 && value < 9.995 ? 2 : 1;
  const figure = value.toFixed(decimals).replace(/\.0+$/, "");
  return { figure: bytes < 0 ? `−${figure}` : figure, unit: UNITS[step] ?? "B" };
}

/** Bytes in words: "926 GiB", "1.84 TiB", "0 B". */
export function formatBytes(bytes: number): string {
  const { figure, unit } = splitBytes(bytes);
  return `${figure} ${unit}`;
}

/** A change of size with its sign: "+171 GiB". */
export function formatBytesChange(bytes: number): string {
  return bytes > 0 ? `+${formatBytes(bytes)}` : bytes < 0 ? formatBytes(bytes) : "±0 B";
}

/** Bytes per second in words: "61.8 MiB/s". */
export function formatRate(bytesPerSecond: number): string {
  return `${formatBytes(bytesPerSecond)}/s`;
}

/** A count with thousands separators: "31,847". */
export function formatCount(count: number): string {
  return String(Math.round(count)).replace(/\B(?=(\d{3})+$)/g, ",");
}

/** A count with its noun: "1 host", "12 hosts". */
export function formatPlural(count: number, one: string, many = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`;
}

/** A fraction as whole percent: "41 %". 100 only when all is done, 0 only when nothing is. */
export function formatPercent(share: number): string {
  const percent = share >= 1 ? 100 : share <= 0 ? 0 : Math.min(99, Math.max(1, Math.round(share * 100)));
  return `${percent} %`;
}

/** A span of milliseconds: "0.4 s", "48 s", "4 min 12 s", "1 h 7 min", "2 d 3 h". */
export function formatDuration(ms: number): string {
  if (ms < SECOND_MS) return `${(Math.max(0, ms) / SECOND_MS).toFixed(1)} s`;
  if (ms < MINUTE_MS) return `${Math.floor(ms / SECOND_MS)} s`;
  if (ms < HOUR_MS)
    return `${Math.floor(ms / MINUTE_MS)} min ${String(Math.floor((ms % MINUTE_MS) / SECOND_MS)).padStart(2, "0")} s`;
  if (ms < DAY_MS) return `${Math.floor(ms / HOUR_MS)} h ${Math.floor((ms % HOUR_MS) / MINUTE_MS)} min`;
  return `${Math.floor(ms / DAY_MS)} d ${Math.floor((ms % DAY_MS) / HOUR_MS)} h`;
}

/** A span in its largest unit: "4 s", "2 min", "7 h", "3 days", "5 months", "2 years". */
export function formatSpan(ms: number): string {
  if (ms < MINUTE_MS) return `${Math.floor(ms / SECOND_MS)} s`;
  if (ms < HOUR_MS) return `${Math.floor(ms / MINUTE_MS)} min`;
  if (ms < DAY_MS) return `${Math.floor(ms / HOUR_MS)} h`;
  if (ms < 60 * DAY_MS) return formatPlural(Math.floor(ms / DAY_MS), "day");
  if (ms < 730 * DAY_MS) return formatPlural(Math.floor(ms / (30.44 * DAY_MS)), "month");
  return formatPlural(Math.floor(ms / (365.25 * DAY_MS)), "year");
}

/** A time relative to now: "4 s ago", "in 16 h", "now". Both in Unix ms. */
export function formatRelative(at: number, now: number): string {
  const distance = at - now;
  if (Math.abs(distance) < SECOND_MS) return "now";
  return distance < 0 ? `${formatSpan(-distance)} ago` : `in ${formatSpan(distance)}`;
}

/** A calendar day "2026-10-22" as "Thu 22 Oct", independent of time zones. */
export function formatDay(day: string): string {
  const date = new Date(`${day}T00:00:00Z`);
  return `${shortName(WEEKDAYS[date.getUTCDay()] ?? "")} ${date.getUTCDate()} ${shortMonth(date.getUTCMonth() + 1)}`;
}

/** @param month 1 to 12 */
const shortMonth = (month: number) => shortName(MONTHS[month - 1] ?? "");

/** Absolute times in one IANA time zone. */
export type Dates = {
  zone: string;
  /** "Fri 20 Nov 2026 09:14" */
  full: (at: number) => string;
  /** "09:14" */
  time: (at: number) => string;
  /** "09:14:02" */
  clock: (at: number) => string;
  /** "2026-11-20" */
  day: (at: number) => string;
  /** "20 Nov 2026" */
  date: (at: number) => string;
  /** The shortest form that is unambiguous from `now`: "today 19:00", "Sat 02:04", "17 Nov", "3 Feb 2025". */
  near: (at: number, now: number) => string;
};

/** Creates the formatters for a time zone. Unknown zones fall back to UTC. */
export function createDates(zone: string): Dates {
  const known = zoneNamed(zone);
  const read = (at: number) => {
    const local = new Date(known.wall(at)).toISOString();
    return {
      year: local.slice(0, 4),
      month: Number(local.slice(5, 7)),
      day: Number(local.slice(8, 10)),
      hour: local.slice(11, 13),
      minute: local.slice(14, 16),
      second: local.slice(17, 19),
      iso: local.slice(0, 10),
    };
  };
  const time = (at: number) => {
    const { hour, minute } = read(at);
    return `${hour}:${minute}`;
  };
  return {
    zone: known.name,
    full: (at) => {
      const { iso, year, hour, minute } = read(at);
      return `${formatDay(iso)} ${year} ${hour}:${minute}`;
    },
    time,
    clock: (at) => `${time(at)}:${read(at).second}`,
    day: (at) => read(at).iso,
    date: (at) => {
      const { day, month, year } = read(at);
      return `${day} ${shortMonth(month)} ${year}`;
    },
    near: (at, now) => {
      const there = read(at);
      const here = read(now);
      if (there.iso === here.iso) return `today ${there.hour}:${there.minute}`;
      if (Math.abs(at - now) < 6 * DAY_MS) return `${formatDay(there.iso).slice(0, 3)} ${there.hour}:${there.minute}`;
      const date = `${there.day} ${shortMonth(there.month)}`;
      return there.year === here.year ? date : `${date} ${there.year}`;
    },
  };
}

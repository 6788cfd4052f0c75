/** Computes what a retention policy keeps, with restic's own `forget` algorithm (0.17 and later). */
import * as v from "valibot";
import { utcTime } from "./time/zone.ts";

export const COUNT_RULES = [
  "keep_last",
  "keep_hourly",
  "keep_daily",
  "keep_weekly",
  "keep_monthly",
  "keep_yearly",
] as const;
const SPAN_RULES = [
  "keep_within",
  "keep_within_hourly",
  "keep_within_daily",
  "keep_within_weekly",
  "keep_within_monthly",
  "keep_within_yearly",
] as const;
export type CountRule = (typeof COUNT_RULES)[number];
export type SpanRule = (typeof SPAN_RULES)[number];
export type RetentionRule = CountRule | SpanRule;
export const RETENTION_RULES: readonly RetentionRule[] = [...COUNT_RULES, ...SPAN_RULES];

const SPAN = /^(?=.)(?:(\d{1,4})y)?(?:(\d{1,4})m)?(?:(\d{1,4})d)?(?:(\d{1,4})h)?$/;
const countRule = v.exactOptional(
  v.pipe(
    v.number("Enter a whole number from 1 to 9999."),
    v.integer("Enter a whole number from 1 to 9999."),
    v.minValue(1, "Enter at least 1, or leave it out to switch this rule off."),
    v.maxValue(9999, "Enter at most 9999."),
  ),
);
const spanRule = v.exactOptional(
  v.pipe(
    v.string(),
    v.check(
      (text) => parseSpan(text) !== null,
      "Enter years, months, days and hours in this order, such as 1y6m, 30d or 12h.",
    ),
  ),
);

/** Counts of snapshots, and spans in restic's notation (`14d`, `3m`, `2y5m7d3h`). Rules that are absent keep nothing. */
export const retentionSchema = v.strictObject({
  keep_last: countRule,
  keep_hourly: countRule,
  keep_daily: countRule,
  keep_weekly: countRule,
  keep_monthly: countRule,
  keep_yearly: countRule,
  keep_within: spanRule,
  keep_within_hourly: spanRule,
  keep_within_daily: spanRule,
  keep_within_weekly: spanRule,
  keep_within_monthly: spanRule,
  keep_within_yearly: spanRule,
});
export type Retention = v.InferOutput<typeof retentionSchema>;

/** The policy of a new group. Backdated snapshots of an attacker can push real ones out of every rule except plain `keep_within`. */
export const DEFAULT_RETENTION: Retention = {
  keep_within: "14d",
  keep_within_daily: "30d",
  keep_within_weekly: "3m",
  keep_within_monthly: "1y",
};

/** An empty policy keeps everything and is never sent to `forget`. */
export function isEmptyRetention(retention: Retention): boolean {
  return RETENTION_RULES.every((rule) => retention[rule] === undefined);
}

export type Span = { years: number; months: number; days: number; hours: number };

/** Parses `2y5m7d3h`. null when the syntax is wrong or the span is zero. */
export function parseSpan(text: string): Span | null {
  const match = SPAN.exec(text.trim());
  if (!match) return null;
  const [years = 0, months = 0, days = 0, hours = 0] = match.slice(1).map((number) => Number(number ?? 0));
  return years + months + days + hours === 0 ? null : { years, months, days, hours };
}

/** A snapshot's time (Unix ms) and how far the clock that made it was ahead of UTC. */
export type Dated = { time: number; utcOffsetMinutes: number };

/**
 * The moment a span earlier, by that clock's calendar: 31 March minus one month is 3 March, as in restic.
 * The offset stays the same: restic sees no clock change here, because the agent runs forget in UTC.
 */
export function before({ time, utcOffsetMinutes }: Dated, span: Span): number {
  const wall = wallOf({ time, utcOffsetMinutes });
  wall.setUTCFullYear(
    wall.getUTCFullYear() - span.years,
    wall.getUTCMonth() - span.months,
    wall.getUTCDate() - span.days,
  );
  return wall.getTime() - utcOffsetMinutes * 60_000 - span.hours * 3_600_000;
}

/** The wall clock of the machine that made the snapshot, in the UTC fields of a date. */
function wallOf({ time, utcOffsetMinutes }: Dated): Date {
  return new Date(time + utcOffsetMinutes * 60_000);
}

export type Kept<T> = { snapshot: T; rules: RetentionRule[] };

/**
 * What `restic forget --keep-…` keeps of one group of snapshots (equal host and tags), newest first, each with the rules that keep it.
 * Hours, days, weeks, months and years are those of each snapshot's own clock.
 * @param snapshots in any order
 * @param now snapshots from the future do not move the moment from which spans are counted back
 */
export function keptBy<T extends Dated>(
  retention: Retention,
  snapshots: readonly T[],
  now: number = Number.POSITIVE_INFINITY,
): Kept<T>[] {
  const list = [...snapshots].sort((a, b) => b.time - a.time);
  if (isEmptyRetention(retention)) return list.map((snapshot) => ({ snapshot, rules: [] }));
  const latest = list.find((snapshot) => snapshot.time < now);
  const counts = COUNT_RULES.flatMap((rule) => {
    const left = retention[rule];
    return left === undefined ? [] : [{ rule, left, last: NONE, bucket: BUCKETS[rule] }];
  });
  const spans = SPAN_RULES.flatMap((rule) => {
    const span = parseSpan(retention[rule] ?? "");
    if (span === null) return [];
    const since = latest === undefined ? Number.NEGATIVE_INFINITY : before(latest, span);
    return [{ rule, since, last: NONE, bucket: BUCKETS[rule] }];
  });
  const kept: Kept<T>[] = [];
  list.forEach((snapshot, nr) => {
    const rules: RetentionRule[] = [];
    const wall = wallOf(snapshot);
    const isOldest = nr === list.length - 1;
    for (const rule of counts) {
      if (rule.left === 0) continue;
      const value = rule.bucket(wall, nr);
      if (value === rule.last && !isOldest) continue;
      rule.last = value;
      rule.left--;
      rules.push(rule.rule);
    }
    for (const rule of spans) {
      if (snapshot.time <= rule.since) continue;
      const value = rule.bucket(wall, nr);
      if (value === rule.last && !isOldest) continue;
      rule.last = value;
      rules.push(rule.rule);
    }
    if (rules.length > 0) kept.push({ snapshot, rules });
  });
  return kept;
}

/** Groups a list as `--group-by host,tags` does: by host and by set of tags. */
export function groupByHostAndTags<T extends { hostname: string; tags: readonly string[] }>(
  snapshots: readonly T[],
): T[][] {
  const groups = new Map<string, T[]>();
  for (const snapshot of snapshots) {
    const key = JSON.stringify([snapshot.hostname, [...snapshot.tags].sort()]);
    const group = groups.get(key);
    if (group) group.push(snapshot);
    else groups.set(key, [snapshot]);
  }
  return [...groups.values()];
}

/** `--keep-last 5 --keep-within-daily 30d` as an argument list in a fixed order. Empty for an empty policy. */
export function retentionArgs(retention: Retention): string[] {
  return RETENTION_RULES.flatMap((rule) => {
    const value = retention[rule];
    return value === undefined ? [] : [`--${rule.replaceAll("_", "-")}`, String(value)];
  });
}

/** `everything within 14 days, daily within 30 days, 24 hourly`, for the sentence "keeps …". */
export function retentionInWords(retention: Retention): string {
  if (isEmptyRetention(retention)) return "everything, forever";
  const counts = COUNT_RULES.flatMap((rule) => {
    const value = retention[rule];
    if (value === undefined) return [];
    return rule === "keep_last" ? [`the last ${value}`] : [`${value} ${rule.slice("keep_".length)}`];
  });
  const spans = SPAN_RULES.flatMap((rule) => {
    const span = parseSpan(retention[rule] ?? "");
    if (span === null) return [];
    return [`${rule === "keep_within" ? "everything" : rule.slice("keep_within_".length)} within ${spanInWords(span)}`];
  });
  return [...spans, ...counts].join(", ");
}

/** `1 year 6 months`. */
function spanInWords(span: Span): string {
  return (["years", "months", "days", "hours"] as const)
    .filter((unit) => span[unit] > 0)
    .map((unit) => `${span[unit]} ${span[unit] === 1 ? unit.slice(0, -1) : unit}`)
    .join(" ");
}

type Bucket = (wall: Date, nr: number) => number;
/** restic's own value for "no bucket yet". */
const NONE = -1;

/** Each rule keeps the newest snapshot of each bucket. `wall` holds the wall clock in its UTC fields. */
const BUCKETS: Record<RetentionRule, Bucket> = (() => {
  const every: Bucket = (_wall, nr) => nr;
  const daily: Bucket = (wall) => wall.getUTCFullYear() * 10_000 + wall.getUTCMonth() * 100 + wall.getUTCDate();
  const hourly: Bucket = (wall, nr) => daily(wall, nr) * 100 + wall.getUTCHours();
  const monthly: Bucket = (wall) => wall.getUTCFullYear() * 100 + wall.getUTCMonth();
  const yearly: Bucket = (wall) => wall.getUTCFullYear();
  return {
    keep_last: every,
    keep_hourly: hourly,
    keep_daily: daily,
    keep_weekly: isoWeek,
    keep_monthly: monthly,
    keep_yearly: yearly,
    keep_within: every,
    keep_within_hourly: hourly,
    keep_within_daily: daily,
    keep_within_weekly: isoWeek,
    keep_within_monthly: monthly,
    keep_within_yearly: yearly,
  };
})();

/** YYYYWW of ISO 8601: a week belongs to the year of its Thursday. */
function isoWeek(wall: Date): number {
  const day = Math.floor(wall.getTime() / 86_400_000);
  const weekday = (wall.getUTCDay() + 6) % 7;
  const thursday = new Date((day - weekday + 3) * 86_400_000);
  const year = thursday.getUTCFullYear();
  const week = Math.floor((thursday.getTime() - utcTime(year, 0, 1)) / (7 * 86_400_000)) + 1;
  return year * 100 + week;
}

/** Computes what a retention policy would keep of the coming year's runs, and which rules the schedules cannot meet. Pure. */

import {
  type CountRule,
  type Dated,
  keptBy,
  parseSpan,
  type Retention,
  type RetentionRule,
} from "../../shared/retention.ts";
import type { Lane, LaneName, RetentionPreview } from "../../shared/retention-preview.ts";
import { DAY_MS, HOUR_MS, MINUTE_MS } from "../../shared/time/clock.ts";
import { parseCron } from "../../shared/time/cron.ts";
import { type Zone, zoneNamed } from "../../shared/time/zone.ts";

const YEAR_DAYS = 366;
/** More than one run per half-hour is thinned out, because no lane could show it. */
const MOST_RUNS = 17_568;
const THINNED_MS = 30 * MINUTE_MS;
/** How many gaps are enough to tell how often a group runs. */
const GAPS = 60;

/** `utcOffsetMinutes` is null when no agent has sent it. */
export type ExistingSnapshot = { time: number; utcOffsetMinutes: number | null };

export type PreviewInput = {
  retention: Retention;
  /** Enabled schedules that run the group. */
  schedules: readonly { cron: string; timezone: string | null }[];
  hostZone: string;
  now: number;
  /** The snapshots that exist now. */
  existing: readonly ExistingSnapshot[];
};

const LANES: Record<LaneName, { count: CountRule; span: RetentionRule; bucketMs: number }> = {
  last: { count: "keep_last", span: "keep_within", bucketMs: 0 },
  hourly: { count: "keep_hourly", span: "keep_within_hourly", bucketMs: HOUR_MS },
  daily: { count: "keep_daily", span: "keep_within_daily", bucketMs: DAY_MS },
  weekly: { count: "keep_weekly", span: "keep_within_weekly", bucketMs: 7 * DAY_MS },
  monthly: { count: "keep_monthly", span: "keep_within_monthly", bucketMs: 31 * DAY_MS },
  yearly: { count: "keep_yearly", span: "keep_within_yearly", bucketMs: 366 * DAY_MS },
};

export function previewRetention({ retention, schedules, hostZone, now, existing }: PreviewInput): RetentionPreview {
  const zone = zoneNamed(hostZone);
  const until = now + YEAR_DAYS * DAY_MS;
  const runs = runsBetween(schedules, zone, now, until);
  const gapMs = usualGap(runs.slice(0, GAPS).map(({ time }) => time));
  const snapshots = [
    ...existing.map(({ time, utcOffsetMinutes }) => ({
      time,
      utcOffsetMinutes: utcOffsetMinutes ?? offsetAt(zone, time),
      isNew: false,
    })),
    ...runs.map((run) => ({ ...run, isNew: true })),
  ];
  const kept = keptBy(retention, snapshots);
  const fresh = kept.filter(({ snapshot }) => snapshot.isNew);
  const laneOf = (name: LaneName): Lane => {
    const { count, span } = LANES[name];
    const rules = [count, span].filter((rule) => retention[rule] !== undefined);
    const times = fresh
      .filter((one) => rules.some((rule) => one.rules.includes(rule)))
      .map(({ snapshot }) => snapshot.time);
    return { times, isSet: rules.length > 0, conflict: conflictOf(name, retention, gapMs) };
  };
  return {
    from: now,
    until,
    zone: hostZone,
    lanes: {
      last: laneOf("last"),
      hourly: laneOf("hourly"),
      daily: laneOf("daily"),
      weekly: laneOf("weekly"),
      monthly: laneOf("monthly"),
      yearly: laneOf("yearly"),
    },
    runs: runs.length,
    kept: fresh.map(({ snapshot }) => snapshot.time),
    olderKept: kept.length - fresh.length,
    older: existing.length,
    gapMs,
  };
}

/** Number of rules that the schedules cannot meet. */
export function countConflicts({ lanes }: RetentionPreview): number {
  return Object.values(lanes).filter((lane) => lane.conflict !== null).length;
}

/** Each run with the UTC offset of its schedule's clock, which its snapshot will have. */
function runsBetween(schedules: PreviewInput["schedules"], hostZone: Zone, from: number, until: number): Dated[] {
  const runs = new Map<number, Dated>();
  for (const { cron, timezone } of schedules) {
    const parsed = parseCron(cron);
    if (!parsed.ok) continue;
    const zone = timezone === null ? hostZone : zoneNamed(timezone);
    const first = parsed.cron.next(from, zone);
    const isDense = (until - from) / Math.max(1, parsed.cron.next(first, zone) - first) > MOST_RUNS;
    for (let at = first; at < until; at = parsed.cron.next(isDense ? at + THINNED_MS - 1 : at, zone))
      runs.set(at, { time: at, utcOffsetMinutes: offsetAt(zone, at) });
  }
  return [...runs.values()].sort((a, b) => a.time - b.time);
}

function offsetAt(zone: Zone, time: number): number {
  return Math.round(zone.offset(time) / MINUTE_MS);
}

/** The shortest time between two runs: a weekday schedule counts as daily, although it skips Sunday. */
function usualGap(runs: readonly number[]): number | null {
  const gaps = runs.slice(1).map((run, at) => run - (runs[at] as number));
  return gaps.length === 0 ? null : Math.min(...gaps);
}

/** A clock change makes a day an hour shorter or longer. */
const SLACK_MS = 2 * HOUR_MS;

function conflictOf(name: LaneName, retention: Retention, gapMs: number | null): string | null {
  if (gapMs === null) return null;
  const { count, span, bucketMs } = LANES[name];
  const pace = paceInWords(gapMs);
  const number = retention[count];
  if (number !== undefined && name !== "last" && number > 1 && gapMs > bucketMs + (bucketMs > HOUR_MS ? SLACK_MS : 0)) {
    const unit = { hourly: "hours", daily: "days", weekly: "weeks", monthly: "months", yearly: "years" }[name];
    return `This group runs ${pace}, so ${number} ${name} keeps the last ${number} runs, not ${number} ${unit}. Run it more often, or clear this rule.`;
  }
  const within = parseSpan(String(retention[span] ?? ""));
  if (within === null) return null;
  const { years, months, days, hours } = within;
  const spanMs = hours * HOUR_MS + (days + months * 30 + years * 365) * DAY_MS;
  if (spanMs >= gapMs) return null;
  return `This group runs ${pace}, so only the newest run is ever within ${retention[span]}. Enter a longer span, or clear this rule.`;
}

function paceInWords(gapMs: number): string {
  const days = Math.round(gapMs / DAY_MS);
  const hours = Math.round(gapMs / HOUR_MS);
  if (gapMs < 1.5 * HOUR_MS) return gapMs < 50 * MINUTE_MS ? "several times an hour" : "once an hour";
  if (hours < 23) return `every ${hours} hours`;
  if (days <= 1) return "once a day";
  if (days < 7) return `every ${days} days`;
  if (days < 28) return days < 8 ? "once a week" : `every ${Math.round(days / 7)} weeks`;
  return days < 32 ? "once a month" : days < 300 ? `every ${Math.round(days / 30)} months` : "once a year";
}

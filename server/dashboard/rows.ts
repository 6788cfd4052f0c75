/** Builds the rows of the fleet table from database facts, with nights and sizes. */
import type { Db } from "../../db/open.ts";
import { countJobs } from "../../db/queries/jobs.ts";
import { listHostSamples } from "../../db/queries/repos.ts";
import { listDailyOutcomes } from "../../db/queries/source-groups.ts";
import type { DailyOutcomeRow } from "../../db/schema/source-groups.ts";
import type { LastBackup } from "../../shared/hosts.ts";
import type { StripDay, StripOutcome } from "../../shared/nights.ts";
import { type Clock, DAY_MS, MINUTE_MS, SECOND_MS } from "../../shared/time/clock.ts";
import { utcDay } from "../../shared/time/days.ts";
import { lastBackupOfGroup, lastBackupOfHost, type OpenJobFacts, type ShareOf } from "../hosts/last-backup.ts";
import type { FleetHost } from "./fleet.ts";

const SAMPLE_DAYS = 30;
/** Sizes are sampled once a day, so there is no need to read them for each poll. */
const SIZES_KEPT_MS = 5 * MINUTE_MS;
/** Counting a large fleet's jobs of one day is too slow to do for each request. */
const COUNTS_KEPT_MS = 10 * SECOND_MS;
/** Below this number jobs are counted for each request, so that the very first backup appears at once. */
const FEW_BACKUPS = 500;
/** The number of points that fit into a sparkline. */
const SPARK_POINTS = 11;

/** `empty`: succeeded backups that saved no files. They ran, but not well. */
export type LastDay = { ran: number; failed: number; empty: number };

export type FleetRows = {
  /** Rows for these hosts. `days` are the days of the strip, oldest first. */
  read(hosts: readonly FleetHost[], days: readonly string[]): FleetRow[];
  /** Total size of all repos by day, oldest first. */
  totals(): number[];
  /** Backups of the last 24 h, by result. */
  lastDay(): LastDay;
};

export type FleetRow = ReturnType<typeof rowOf>;

export function createFleetRows({ db, clock, shareOf }: { db: Db; clock: Clock; shareOf: ShareOf }): FleetRows {
  let kept: { at: number; byHost: Map<string, number[]>; totals: number[] } | null = null;

  /** Kept while the fleet's entry of the host is unchanged. A host with open jobs changes constantly. */
  const rows = new WeakMap<FleetHost, { today: string; made: FleetRow }>();

  let counted: ({ at: number } & LastDay) | null = null;

  const sizes = () => {
    const now = clock.now();
    if (kept && now - kept.at < SIZES_KEPT_MS) return kept;
    const since = utcDay(now - SAMPLE_DAYS * DAY_MS);
    const samples = listHostSamples(db, since);
    const byHost = new Map<string, number[]>();
    for (const { hostId, sizeBytes } of samples) byHost.set(hostId, [...(byHost.get(hostId) ?? []), sizeBytes]);
    kept = { at: now, byHost, totals: totalsByDay(samples) };
    return kept;
  };

  return {
    read(hosts, days) {
      const today = days.at(-1) ?? "";
      const isKnown = (row: FleetHost) => row.openJobs.length === 0 && rows.get(row)?.today === today;
      const unknown = hosts.filter((row) => !isKnown(row)).map(({ host }) => host.id);
      const nights = Map.groupBy(listDailyOutcomes(db, unknown, days[0] ?? ""), (row) => row.hostId);
      const { byHost } = sizes();
      return hosts.map((row) => {
        const known = rows.get(row);
        if (known && isKnown(row)) return known.made;
        const last = lastBackupOfHost(
          row.groups.map((group) => lastBackupOfGroup(group, row.targets, row.openJobs as OpenJobFacts[], shareOf)),
        );
        const outcomes = nightsOfHost(nights.get(row.host.id) ?? [], days, last.status === "running");
        const made = rowOf(row, { last, outcomes, sizes: thinned(byHost.get(row.host.id) ?? []) });
        rows.set(row, { today, made });
        return made;
      });
    },
    totals: () => thinned(sizes().totals),
    lastDay() {
      const now = clock.now();
      const isCheap = counted !== null && counted.ran + counted.failed < FEW_BACKUPS;
      if (counted && !isCheap && now - counted.at < COUNTS_KEPT_MS) return counted;
      const ended = (status: "succeeded" | "failed") =>
        countJobs(db, { kind: "backup", status, since: now - DAY_MS }).total;
      const { total: empty } = countJobs(db, { kind: "backup", savedNothing: true, since: now - DAY_MS });
      counted = { at: now, ran: ended("succeeded") - empty, failed: ended("failed"), empty };
      return counted;
    },
  };
}

const WORST_FIRST: readonly StripOutcome[] = ["failed", "missed", "recovered", "warning", "ok", "none_due"];

function rowOf(
  { host, status, nextRunAt, groups, lastSeenAt }: FleetHost,
  found: { last: LastBackup; outcomes: readonly StripDay[]; sizes: readonly number[] },
) {
  return { ...host, ...found, status, nextRunAt, groups, staleSince: status === "offline" ? lastSeenAt : null };
}

/** A host's night is the worst of its groups' nights. A running backup marks the last day. */
export function nightsOfHost(
  rows: readonly DailyOutcomeRow[],
  days: readonly string[],
  isRunning: boolean,
): StripDay[] {
  const nights = [...Map.groupBy(rows, (row) => row.day)].map(([day, ofDay]): StripDay => {
    const outcome = WORST_FIRST.find((one) => ofDay.some((row) => row.outcome === one)) ?? "none_due";
    const sum = (pick: (row: DailyOutcomeRow) => number) => ofDay.reduce((total, row) => total + pick(row), 0);
    const codes = new Set(outcome === "warning" ? ofDay.flatMap((row) => row.warningCodes ?? []) : []);
    const night = {
      ...{ day, outcome, runs: sum((row) => row.runs), failed: sum((row) => row.failed) },
      ...(codes.size > 0 ? { warningCodes: [...codes] } : {}),
    };
    return outcome === "missed" ? { ...night, due: sum((row) => row.due) } : night;
  });
  const today = days.at(-1);
  if (!isRunning || today === undefined) return nights;
  const before = nights.find((night) => night.day === today);
  const now: StripDay = { day: today, outcome: "running", runs: (before?.runs ?? 0) + 1, failed: before?.failed ?? 0 };
  return [...nights.filter((night) => night.day !== today), now];
}

/** Hosts are sampled on different days, so each counts with its newest sample up to a day. */
export function totalsByDay(samples: readonly { hostId: string; day: string; sizeBytes: number }[]): number[] {
  const newest = new Map<string, number>();
  const days = [...Map.groupBy(samples, (sample) => sample.day)].sort(([a], [b]) => a.localeCompare(b));
  return days.map(([, ofDay]) => {
    for (const { hostId, sizeBytes } of ofDay) newest.set(hostId, sizeBytes);
    return [...newest.values()].reduce((sum, size) => sum + size, 0);
  });
}

function thinned(values: readonly number[]): number[] {
  if (values.length <= SPARK_POINTS) return [...values];
  return Array.from(
    { length: SPARK_POINTS },
    (_, at) => values[Math.round((at * (values.length - 1)) / (SPARK_POINTS - 1))] ?? 0,
  );
}

/** Browsers choose the zone, so this limits the memory that they can fill. */
const MOST_WAYS = 50;

/** @returns for each key (viewer, minute, days and whatever else a row shows), a function that draws a row or reuses it */
export function createDrawnRows(): (key: string) => (row: object, draw: () => string) => string {
  /** Entries disappear together with their row. */
  const known = new WeakMap<object, Map<string, string>>();
  return (key) => (row, draw) => {
    const drawn = known.get(row) ?? new Map<string, string>();
    known.set(row, drawn);
    const before = drawn.get(key);
    if (before !== undefined) return before;
    if (drawn.size >= MOST_WAYS) drawn.clear();
    const html = draw();
    drawn.set(key, html);
    return html;
  };
}

/** Decides whether a group counts as protected: each target has a success that is as recent as its schedules imply. */
import type { FleetGroup, FleetRepo, FleetSchedule, FleetTarget } from "../../db/queries/fleet.ts";
import type { HostRow } from "../../db/schema/hosts.ts";
import { DAY_MS, HOUR_MS } from "../../shared/time/clock.ts";
import { parseCron, splayMs } from "../../shared/time/cron.ts";
import { zoneNamed } from "../../shared/time/zone.ts";
import { zoneOf } from "./rules.ts";

/** How long a run may take before it counts as overdue. */
const ALLOWANCE_MS = 4 * HOUR_MS;
/** A success younger than this is never overdue. */
const FRESH_MS = DAY_MS;
const FRESH_ROAMING_MS = 7 * DAY_MS;
/** The data at the target is gone, however recent the success was. */
const LOST: ReadonlySet<string> = new Set(["repo_missing", "wrong_repo"]);

type GroupName = Pick<FleetGroup, "id" | "name">;

export type Protection = {
  /** Every group has a schedule, and every target has a recent enough success. */
  isProtected: boolean;
  /** The oldest success among the overdue targets that have a schedule. null when none is overdue. */
  lateSince: number | null;
  /** Groups without an enabled schedule. */
  unscheduled: GroupName[];
};

export type ProtectionFacts = {
  host: Pick<HostRow, "timezone" | "timezoneOverride" | "roaming">;
  groups: readonly GroupName[];
  targets: readonly Pick<FleetTarget, "sourceGroupId" | "repoId" | "lastSuccessAt">[];
  repos: readonly Pick<FleetRepo, "id" | "statusCode">[];
  /** The active schedules. */
  schedules: readonly FleetSchedule[];
};

/** Caches the last due time of each schedule until the next one, so that cron is evaluated once per run, not once per request. */
export function createProtection(): (facts: ProtectionFacts, now: number) => Protection {
  const known = new Map<string, { key: string; due: number; until: number }>();

  const lastDue = (schedule: FleetSchedule, hostZone: string, now: number): number => {
    const zone = schedule.timezone ?? hostZone;
    const key = `${schedule.cron} ${zone} ${schedule.splayMinutes}`;
    const found = known.get(schedule.id);
    if (found?.key === key && now >= found.due && now < found.until) return found.due;
    const parsed = parseCron(schedule.cron);
    if (!parsed.ok) return now;
    const late = splayMs(schedule.id, schedule.splayMinutes) + ALLOWANCE_MS;
    const due = parsed.cron.previous(now - late, zoneNamed(zone));
    known.set(schedule.id, { key, due, until: parsed.cron.next(now - late, zoneNamed(zone)) + late });
    return due;
  };

  return ({ host, groups, targets, schedules, repos }, now) => {
    const lost = new Set(repos.filter((repo) => LOST.has(repo.statusCode ?? "")).map((repo) => repo.id));
    const unscheduled: GroupName[] = [];
    let lateSince: number | null = null;
    let isProtected = groups.length > 0;
    for (const group of groups) {
      const own = schedules.filter((schedule) => schedule.sourceGroupId === group.id);
      const dueTimes = own.map((schedule) => lastDue(schedule, zoneOf(host), now));
      if (dueTimes.length === 0) unscheduled.push(group);
      const deadline = Math.min(Math.max(...dueTimes), now - (host.roaming ? FRESH_ROAMING_MS : FRESH_MS));
      const ofGroup = targets.filter((target) => target.sourceGroupId === group.id);
      const late = ofGroup.filter((target) => (target.lastSuccessAt ?? 0) < deadline);
      if (dueTimes.length === 0 || ofGroup.length === 0 || late.length > 0) isProtected = false;
      for (const { lastSuccessAt } of dueTimes.length === 0 ? [] : late)
        if (lastSuccessAt !== null) lateSince = Math.min(lastSuccessAt, lateSince ?? lastSuccessAt);
      if (ofGroup.some((target) => target.lastSuccessAt === null || lost.has(target.repoId))) isProtected = false;
    }
    return { isProtected, lateSince, unscheduled };
  };
}

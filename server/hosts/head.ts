// Reads what the header of every host page shows: the host's state, its groups with their nights, and its repos.
import type { Db } from "../../db/open.ts";
import { findHost } from "../../db/queries/hosts.ts";
import { findJob, listOpenJobs } from "../../db/queries/jobs.ts";
import { listRepoSamples, listReposOfHost } from "../../db/queries/repos.ts";
import { listSchedules } from "../../db/queries/schedules.ts";
import { findOldestSnapshotTime } from "../../db/queries/snapshots.ts";
import {
  listDailyOutcomes,
  listSourceGroups,
  listWantedTargets,
  type WantedTarget,
} from "../../db/queries/source-groups.ts";
import type { HostRow } from "../../db/schema/hosts.ts";
import type { RepoRow } from "../../db/schema/repos.ts";
import type { DailyOutcomeRow } from "../../db/schema/source-groups.ts";
import { type StripDay, stripDays } from "../../shared/nights.ts";
import { type Clock, DAY_MS } from "../../shared/time/clock.ts";
import { dayIn, utcDay } from "../../shared/time/days.ts";
import type { Hub } from "../agents/hub.ts";
import type { Intake } from "../agents/intake.ts";
import { notFound } from "../http/errors.ts";
import { lastBackupOfGroup, type OpenJobFacts, type ShareOf, type TargetFacts } from "./last-backup.ts";
import { settingsProblems } from "./problems.ts";
import { createProtection } from "./protection.ts";
import { hostStatus, unitOf, zoneOf } from "./rules.ts";

export type HeadReaderDeps = {
  db: Db;
  clock: Clock;
  hub: Hub;
  findIntakeNote: Intake["findNote"];
  lastSeenAt(host: Pick<HostRow, "id" | "lastSeenAt">): number | null;
  shareOf: ShareOf;
};

export type HostHeads = ReturnType<typeof createHostHeads>;

const WEEK_MS = 7 * DAY_MS;

export function createHostHeads({ db, clock, hub, lastSeenAt, findIntakeNote, shareOf }: HeadReaderDeps) {
  const protectionOf = createProtection();
  return {
    /** @throws Refusal 404 */
    read(hostId: string) {
      const host = findHost(db, hostId);
      if (!host) throw notFound("host");
      const now = clock.now();
      const repos = listReposOfHost(db, hostId);
      const targets = listWantedTargets(db, hostId);
      const days = stripDays(dayIn(zoneOf(host), now));
      const outcomes = listDailyOutcomes(db, [hostId], days[0] ?? "");
      const openJobs = listOpenJobs(db, hostId) as OpenJobFacts[];
      const facts = targets.map((target): TargetFacts => {
        const job = target.lastJobId ? findJob(db, target.lastJobId) : null;
        return {
          ...target,
          startedAt: job?.startedAt ?? null,
          errorCode: job?.errorCode ?? null,
          causes: job?.warningCauses ?? [],
        };
      });
      const allSchedules = listSchedules(db, hostId);
      const inForce = host.schedulesPaused ? [] : allSchedules.filter((schedule) => schedule.enabled);
      const rows = listSourceGroups(db, hostId);
      const schedules = inForce.flatMap((schedule) =>
        schedule.groupIds.map((sourceGroupId) => ({ ...schedule, sourceGroupId })),
      );
      const { lateSince, unscheduled } = protectionOf({ host, groups: rows, targets, schedules, repos }, now);
      const starts = inForce.flatMap(({ nextRunAt }) => (nextRunAt === null ? [] : [nextRunAt]));
      const groups = rows.map((group) => {
        const last = lastBackupOfGroup(group, facts, openJobs, shareOf);
        const own = outcomes.filter((row) => row.sourceGroupId === group.id);
        const scheduled = !unscheduled.some((one) => one.id === group.id);
        return {
          id: group.id,
          name: group.name,
          last,
          scheduled,
          lacks: lackingRepo(targets, repos, group.id),
          heldSince: group.retentionHeldSince,
          outcomes: nightsOf(own, days, last.status === "running"),
        };
      });
      const primary = repos.find((repo) => repo.isPrimary) ?? repos[0] ?? null;
      const status = hostStatus({ isOnline: hub.isOnline(hostId), driftSince: host.driftSince, repos, targets }, now);
      const head = {
        ...host,
        lastSeenAt: lastSeenAt(host),
        status,
        groups,
        repo: primary ? { status: primary.status, code: primary.statusCode } : null,
        repoCount: repos.length,
        nextRunAt: host.archivedAt !== null || starts.length === 0 ? null : Math.min(...starts),
        scheduleCount: allSchedules.length,
        lateSince,
        problems: host.archivedAt === null ? settingsProblems(host, { groups: rows, repos }) : [],
        heldBack: host.archivedAt === null ? findIntakeNote(hostId) : null,
        unitLacks: host.archivedAt === null ? (unitOf(hub, hostId)?.lacks ?? []) : [],
        sizeChangeBytes: weekChange(db, repos, now),
        oldestSnapshotAt: findOldestSnapshotTime(
          db,
          repos.map((repo) => repo.id),
        ),
        days,
      };
      return { head, host, repos };
    },
  };
}

/** The name of a repo that has no backup of the group yet, while other repos have one. */
function lackingRepo(targets: readonly WantedTarget[], repos: readonly RepoRow[], groupId: string): string | null {
  const own = targets.filter((target) => target.sourceGroupId === groupId);
  const lacking = own.find(({ lastSuccessAt }) => lastSuccessAt === null);
  if (!lacking || own.every(({ lastSuccessAt }) => lastSuccessAt === null)) return null;
  return repos.find(({ id }) => id === lacking.repoId)?.name ?? null;
}

/** The days of one group. A running backup marks the last day. */
function nightsOf(rows: readonly DailyOutcomeRow[], days: readonly string[], isRunning: boolean): StripDay[] {
  const nights = rows.map(({ day, outcome, runs, failed, due, warningCodes }): StripDay => {
    const night = { day, outcome, runs, failed, ...(warningCodes ? { warningCodes } : {}) };
    return outcome === "missed" ? { ...night, due } : night;
  });
  const today = days.at(-1);
  if (!isRunning || today === undefined) return nights;
  const before = nights.find((night) => night.day === today);
  const now: StripDay = { day: today, outcome: "running", runs: (before?.runs ?? 0) + 1, failed: before?.failed ?? 0 };
  return [...nights.filter((night) => night.day !== today), now];
}

/** How much the repos grew in a week. null when there are no samples from a week ago. */
function weekChange(db: Db, repos: readonly RepoRow[], now: number): number | null {
  const since = utcDay(now - WEEK_MS);
  const changes = repos.flatMap((repo) => {
    const sizes = listRepoSamples(db, repo.id, since).flatMap((row) => (row.sizeBytes === null ? [] : [row.sizeBytes]));
    const [first] = sizes;
    const last = sizes.at(-1);
    return sizes.length > 1 && first !== undefined && last !== undefined ? [last - first] : [];
  });
  return changes.length === 0 ? null : changes.reduce((sum, change) => sum + change, 0);
}

/** Decides which repos need a person and why, worst first. Pure. */
import type { RepoNeedFacts } from "../../db/queries/repo-needs.ts";
import type { RepoNeed } from "../../shared/maintenance.ts";
import { DAY_MS } from "../../shared/time/clock.ts";
import { nextRuns, parseCron } from "../../shared/time/cron.ts";
import { zoneNamed } from "../../shared/time/zone.ts";
import { OFF } from "./cadence.ts";

/** A check is overdue after this many of its periods without a success. */
const PERIODS = 3;
/** The default period of checks. */
const DEFAULT_PERIOD_MS = 7 * DAY_MS;

const ORDER: readonly RepoNeed["kind"][] = [
  "failed",
  "damaged",
  "unreadable_snapshots",
  "violated",
  "waiting",
  "maintenance_failed",
  "check_overdue",
  "retention_held",
  "no_admin_credential",
];

/** The most urgent need of a repo. null when it needs nobody. `periodOf` gives the time between two checks, in ms. */
export function repoNeed(repo: RepoNeedFacts, now: number, periodOf: (cron: string) => number): RepoNeed | null {
  if (repo.status === "failed") return { kind: "failed" };
  if (repo.lastCheckStatus === "errors") return { kind: "damaged" };
  if (repo.unreadableCount > 0) return { kind: "unreadable_snapshots", count: repo.unreadableCount };
  if (repo.appendOnly === "violated") return { kind: "violated" };
  if (repo.status === "waiting") return { kind: "waiting" };
  if (repo.lastCheckStatus === "failed") return { kind: "maintenance_failed", what: "check" };
  if (repo.lastPruneStatus === "failed") return { kind: "maintenance_failed", what: "prune" };
  if (repo.lastForgetStatus === "failed") return { kind: "maintenance_failed", what: "forget" };
  if (repo.status !== "ready") return null;
  if (isCheckOverdue(repo, now, periodOf)) return { kind: "check_overdue" };
  if (repo.isHeld) return { kind: "retention_held" };
  if (repo.maintenanceEnabled && !repo.hasAdmin && repo.appendOnly !== "not_applicable")
    return { kind: "no_admin_credential" };
  return null;
}

function isCheckOverdue(repo: RepoNeedFacts, now: number, periodOf: (cron: string) => number): boolean {
  if (!repo.maintenanceEnabled || repo.checkCron === OFF) return false;
  const since = Math.max(repo.lastCheckAt ?? 0, repo.maintenanceSince ?? 0, repo.createdAt);
  const period = repo.checkCron === null ? DEFAULT_PERIOD_MS : periodOf(repo.checkCron);
  return now - since > PERIODS * period;
}

export type NeedyRepo = { id: string; name: string; hostId: string; hostName: string; need: RepoNeed };

/** Ids of all repos, those with needs first and the others in their order, together with the needs. */
export function sortByNeed(
  repos: readonly RepoNeedFacts[],
  now: number,
  periodOf: (cron: string) => number,
): { ids: string[]; needy: NeedyRepo[] } {
  const withNeeds = repos.map((repo) => ({ repo, need: repoNeed(repo, now, periodOf) }));
  const rank = ({ need }: (typeof withNeeds)[number]) => (need === null ? ORDER.length : ORDER.indexOf(need.kind));
  // Sorting is stable: within a rank, repos stay ordered by host and name.
  withNeeds.sort((a, b) => rank(a) - rank(b));
  return {
    ids: withNeeds.map(({ repo }) => repo.id),
    needy: withNeeds.flatMap(({ repo: { id, name, hostId, hostName }, need }) =>
      need === null ? [] : [{ id, name, hostId, hostName, need }],
    ),
  };
}

const MOST_CRONS = 1000;
const RUNS_FOR_PERIOD = 8;

/** The mean time between two runs of an expression, cached because parsing is slow. */
export function createPeriods(now: () => number): (cron: string) => number {
  const known = new Map<string, number>();
  const zone = zoneNamed("UTC");
  return (expression) => {
    const found = known.get(expression);
    if (found !== undefined) return found;
    if (known.size >= MOST_CRONS) known.clear();
    const parsed = parseCron(expression);
    const runs = parsed.ok ? nextRuns(parsed.cron, zone, now(), RUNS_FOR_PERIOD) : [];
    const [first] = runs;
    const last = runs.at(-1);
    const period =
      first === undefined || last === undefined || runs.length < 2
        ? DEFAULT_PERIOD_MS
        : (last - first) / (runs.length - 1);
    known.set(expression, period);
    return period;
  };
}

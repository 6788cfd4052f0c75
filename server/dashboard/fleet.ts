/** Caches the fleet for the dashboard, host lists and summary, and reads changed hosts again. */
import type { Db } from "../../db/open.ts";
import {
  type FleetGroup,
  type FleetOpenJob,
  type FleetRepo,
  type FleetSchedule,
  type FleetTarget,
  readFleetFacts,
} from "../../db/queries/fleet.ts";
import type { HostRow } from "../../db/schema/hosts.ts";
import type { HostStatus } from "../../shared/hosts.ts";
import type { Clock } from "../../shared/time/clock.ts";
import type { Hub } from "../agents/hub.ts";
import { createProtection, type Protection } from "../hosts/protection.ts";
import { hostStatus } from "../hosts/rules.ts";
import type { FactBus, FactName } from "../runtime/facts.ts";

export type FleetHost = {
  host: HostRow;
  status: HostStatus;
  lastSeenAt: number | null;
  repos: FleetRepo[];
  groups: FleetGroup[];
  targets: FleetTarget[];
  openJobs: FleetOpenJob[];
  hasWarnings: boolean;
  /** When the next schedule starts. null when none will. */
  nextRunAt: number | null;
} & Protection;

export type Fleet = {
  /** Live hosts, by name. The same array as long as nothing has changed. */
  hosts(): readonly FleetHost[];
  /** Goes up whenever a fact may have changed the result of `hosts`. Used for ETags of polls. */
  version(): number;
};

const CHANGING = [
  "host.connected",
  "host.disconnected",
  "host.changed",
  "state.changed",
  "state.applied",
  "job.created",
  "job.changed",
  "job.finished",
  "repo.changed",
] as const satisfies FactName[];
/** "Protected" also changes with time alone, so each host is read again after this at the latest. */
const MAX_AGE_MS = 15_000;
/** Hosts that are merely outdated are read a few at a time, at most once per slice. */
const SLICE_MS = MAX_AGE_MS / 15;
/** Above this share of the fleet, reading all of it is cheaper. */
const MOST_SHARE = 1 / 4;

export type FleetDeps = {
  db: Db;
  clock: Clock;
  hub: Hub;
  bus: FactBus;
  lastSeenAt(host: Pick<HostRow, "id" | "lastSeenAt">): number | null;
};

export function createFleet({ db, clock, hub, bus, lastSeenAt }: FleetDeps): Fleet {
  const protectionOf = createProtection();
  /** Live hosts by id, ordered by name, with the time each was read. */
  let known = new Map<string, { row: FleetHost; readAt: number }>();
  let cached: { version: number; at: number; hosts: readonly FleetHost[] } | null = null;
  const changed = new Set<string>();
  for (const name of CHANGING) bus.on(name, ({ hostId }) => void changed.add(hostId));

  const read = (hostIds: readonly string[] | null, now: number): FleetHost[] => {
    const facts = readFleetFacts(db, hostIds);
    const repos = Map.groupBy(facts.repos, (row) => row.hostId);
    const groups = Map.groupBy(facts.groups, (row) => row.hostId);
    const targets = Map.groupBy(facts.targets, (row) => row.hostId);
    const schedules = Map.groupBy(facts.schedules, (row) => row.hostId);
    const openJobs = Map.groupBy(facts.openJobs, (row) => row.hostId);
    return facts.hosts.map((host) => {
      const own = {
        repos: repos.get(host.id) ?? [],
        groups: groups.get(host.id) ?? [],
        targets: targets.get(host.id) ?? [],
        schedules: schedules.get(host.id) ?? [],
      };
      return {
        host,
        status: hostStatus({ isOnline: hub.isOnline(host.id), driftSince: host.driftSince, ...own }, now),
        lastSeenAt: lastSeenAt(host),
        repos: own.repos,
        groups: own.groups,
        targets: own.targets,
        openJobs: openJobs.get(host.id) ?? [],
        nextRunAt: earliest(own.schedules),
        ...protectionOf({ host, ...own }, now),
        hasWarnings: own.targets.some((target) => target.lastStatus === "succeeded" && target.lastWarnings > 0),
      };
    });
  };

  /** Spreads the read times, so that not all hosts are outdated at once. */
  const readAll = (now: number) => {
    const rows = read(null, now);
    known = new Map(
      rows.map((row, at) => [row.host.id, { row, readAt: now - Math.floor((MAX_AGE_MS * at) / rows.length) }]),
    );
  };

  const readSome = (hostIds: readonly string[], now: number) => {
    const gone = new Set(hostIds);
    let isInOrder = true;
    for (const row of read(hostIds, now)) {
      gone.delete(row.host.id);
      isInOrder &&= known.get(row.host.id)?.row.host.name === row.host.name;
      known.set(row.host.id, { row, readAt: now });
    }
    for (const id of gone) known.delete(id);
    if (!isInOrder) known = new Map([...known].sort(([, a], [, b]) => byName(a.row, b.row)));
  };

  const current = () => {
    const now = clock.now();
    if (cached && changed.size === 0 && now >= cached.at && now - cached.at < SLICE_MS) return cached;
    const due = new Set(changed);
    for (const [id, { readAt }] of known) if (now - readAt >= MAX_AGE_MS || now < readAt) due.add(id);
    if (cached && due.size === 0) return cached;
    const version = (cached?.version ?? 0) + (cached === null || changed.size > 0 ? 1 : 0);
    if (cached && due.size <= known.size * MOST_SHARE) readSome([...due], now);
    else readAll(now);
    changed.clear();
    cached = { version, at: now, hosts: [...known.values()].map(({ row }) => row) };
    return cached;
  };

  return {
    hosts: () => current().hosts,
    version: () => current().version,
  };
}

/** The database's order of names. */
function byName(a: FleetHost, b: FleetHost): number {
  const [one, other] = [a.host.name.toLowerCase(), b.host.name.toLowerCase()];
  return one < other ? -1 : one > other ? 1 : 0;
}

function earliest(schedules: readonly FleetSchedule[]): number | null {
  const starts = schedules.flatMap(({ nextRunAt }) => (nextRunAt === null ? [] : [nextRunAt]));
  return starts.length === 0 ? null : Math.min(...starts);
}

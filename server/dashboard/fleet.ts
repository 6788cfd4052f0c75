/** The fleet as the dashboard, the host lists and the summary see it; cached until a fact says otherwise. */
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
import type { Clock } from "../../shared/clock.ts";
import type { Hub } from "../agents/hub.ts";
import { createProtection, type Protection } from "../hosts/protection.ts";
import { type HostStatus, hostStatus } from "../hosts/status.ts";
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
  /** When the next schedule starts; null when none will. */
  nextRunAt: number | null;
} & Protection;

export type Fleet = {
  /** Live hosts, by name. The same array as long as nothing has changed; of a large fleet up to a second old. */
  hosts(): readonly FleetHost[];
  /** Of what `hosts` gives: rises when a fact could change it. For the ETags of polls. */
  version(): number;
};

const CHANGING: FactName[] = [
  "host.connected",
  "host.disconnected",
  "host.changed",
  "state.changed",
  "state.applied",
  "job.created",
  "job.changed",
  "job.finished",
  "repo.changed",
];
/** What people do is seen at once, however large the fleet is. */
const URGENT: FactName[] = ["host.changed", "state.changed", "job.created"];
/** "Protected" moves with time alone. */
const MAX_AGE_MS = 15_000;
/** A fleet that takes longer than this to read is read for a tenth of the time at most: its agents report all the while. */
const CHEAP_MS = 5;
const HOLD_FACTOR = 10;
const LONGEST_HOLD_MS = 1_000;

export type FleetDeps = {
  db: Db;
  clock: Clock;
  hub: Hub;
  bus: FactBus;
  lastSeenAt(host: Pick<HostRow, "id" | "lastSeenAt">): number | null;
};

export function createFleet({ db, clock, hub, bus, lastSeenAt }: FleetDeps): Fleet {
  const protectionOf = createProtection();
  let version = 1;
  let urgent = 1;
  let cached: { version: number; urgent: number; at: number; holdMs: number; hosts: FleetHost[] } | null = null;
  for (const name of CHANGING) bus.on(name, () => version++);
  for (const name of URGENT) bus.on(name, () => urgent++);

  const read = (now: number): FleetHost[] => {
    const facts = readFleetFacts(db);
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

  const current = () => {
    const at = clock.now();
    if (cached) {
      const limitMs = cached.version === version ? MAX_AGE_MS : cached.urgent === urgent ? cached.holdMs : -1;
      if (at - cached.at <= limitMs) return cached;
    }
    const hosts = read(at);
    const costMs = clock.now() - at;
    const holdMs = costMs < CHEAP_MS ? -1 : Math.min(LONGEST_HOLD_MS, HOLD_FACTOR * costMs);
    cached = { version, urgent, at, holdMs, hosts };
    return cached;
  };

  return {
    hosts: () => current().hosts,
    version: () => current().version,
  };
}

function earliest(schedules: readonly FleetSchedule[]): number | null {
  const starts = schedules.flatMap(({ nextRunAt }) => (nextRunAt === null ? [] : [nextRunAt]));
  return starts.length === 0 ? null : Math.min(...starts);
}

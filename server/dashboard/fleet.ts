/** The fleet as the dashboard, the host lists and the summary see it; cached until a fact says otherwise. */
import type { Db } from "../../db/open.ts";
import {
  type FleetGroup,
  type FleetOpenJob,
  type FleetRepo,
  type FleetTarget,
  readFleetFacts,
} from "../../db/queries/fleet.ts";
import type { HostRow } from "../../db/schema/hosts.ts";
import { type Clock, DAY_MS } from "../../shared/clock.ts";
import type { Hub } from "../agents/hub.ts";
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
  /** Every target has a success in the last 24 h, and there is at least one. */
  isProtected: boolean;
  hasWarnings: boolean;
};

export type Fleet = {
  /** Live hosts, by name. */
  hosts(): FleetHost[];
  /** Rises with every fact that could change what is shown: an ETag for polls. */
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
/** "Protected in the last 24 h" moves with time alone. */
const MAX_AGE_MS = 15_000;

export type FleetDeps = {
  db: Db;
  clock: Clock;
  hub: Hub;
  bus: FactBus;
  lastSeenAt(host: Pick<HostRow, "id" | "lastSeenAt">): number | null;
};

export function createFleet({ db, clock, hub, bus, lastSeenAt }: FleetDeps): Fleet {
  let version = 1;
  let cached: { version: number; at: number; hosts: FleetHost[] } | null = null;
  for (const name of CHANGING) bus.on(name, () => version++);

  const read = (now: number): FleetHost[] => {
    const facts = readFleetFacts(db);
    const repos = Map.groupBy(facts.repos, (row) => row.hostId);
    const groups = Map.groupBy(facts.groups, (row) => row.hostId);
    const targets = Map.groupBy(facts.targets, (row) => row.hostId);
    const openJobs = Map.groupBy(facts.openJobs, (row) => row.hostId);
    return facts.hosts.map((host) => {
      const own = {
        repos: repos.get(host.id) ?? [],
        groups: groups.get(host.id) ?? [],
        targets: targets.get(host.id) ?? [],
      };
      return {
        host,
        status: hostStatus({ isOnline: hub.isOnline(host.id), driftSince: host.driftSince, ...own }, now),
        lastSeenAt: lastSeenAt(host),
        ...own,
        openJobs: openJobs.get(host.id) ?? [],
        isProtected: isProtected(own, now),
        hasWarnings: own.targets.some((target) => target.lastStatus === "succeeded" && target.lastWarnings > 0),
      };
    });
  };

  return {
    hosts() {
      const now = clock.now();
      if (!cached || cached.version !== version || now - cached.at > MAX_AGE_MS)
        cached = { version, at: now, hosts: read(now) };
      return cached.hosts;
    },
    version: () => version,
  };
}

function isProtected(
  { groups, targets }: { groups: readonly FleetGroup[]; targets: readonly FleetTarget[] },
  now: number,
): boolean {
  const fresh = (target: FleetTarget) => target.lastSuccessAt !== null && now - target.lastSuccessAt < DAY_MS;
  return (
    groups.length > 0 &&
    groups.every((group) => {
      const own = targets.filter((target) => target.sourceGroupId === group.id);
      return own.length > 0 && own.every(fresh);
    })
  );
}

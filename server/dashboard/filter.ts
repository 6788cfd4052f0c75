/** Filters and sort orders of host lists, the same for pages and REST. Pure. */
import type { HostStatus } from "../../shared/hosts.ts";
import type { RepoStatus } from "../../shared/repos.ts";
import type { FleetHost } from "./fleet.ts";

export type FleetQuery = {
  /** Part of a name, tag or operating system. */
  q: string;
  /** Hosts must have all of them. */
  tags: readonly string[];
  status: HostStatus | null;
  repoStatus: RepoStatus | null;
  isUnprotected: boolean;
};

export function filterFleet(hosts: readonly FleetHost[], query: FleetQuery): FleetHost[] {
  const text = query.q.trim().toLowerCase();
  return hosts.filter(
    ({ host, status, repos, isProtected }) =>
      (text === "" || host.name.toLowerCase().includes(text) || host.hostname.toLowerCase().includes(text)) &&
      query.tags.every((tag) => host.tags.includes(tag)) &&
      (query.status === null || status === query.status) &&
      (query.repoStatus === null || repos.some((repo) => repo.status === query.repoStatus)) &&
      (!query.isUnprotected || !isProtected),
  );
}

export type FleetOrder = "status" | "host" | "last_backup" | "repo_size" | "snapshots";

export function sortFleet(hosts: readonly FleetHost[], by: FleetOrder, dir: "asc" | "desc"): FleetHost[] {
  const sign = dir === "asc" ? 1 : -1;
  if (by === "host") return [...hosts].sort((a, b) => sign * NAMES.compare(a.host.name, b.host.name));
  const keyed = hosts.map((row) => ({ row, key: keyOf(row, by) }));
  keyed.sort((a, b) => sign * (a.key - b.key) || NAMES.compare(a.row.host.name, b.row.host.name));
  return keyed.map(({ row }) => row);
}

const NAMES = new Intl.Collator("en");

function keyOf(row: FleetHost, by: Exclude<FleetOrder, "host">): number {
  if (by === "status") return rankOf(row);
  if (by === "last_backup") return row.host.lastBackupAt ?? 0;
  if (by === "repo_size") return row.host.repoSizeBytes ?? 0;
  return row.host.snapshotCount;
}

/** "Needs you first": offline and unprotected hosts, failures, warnings, retention awaiting confirmation, then the rest. */
function rankOf({ status, targets, groups, isProtected, hasWarnings }: FleetHost): number {
  const hasFailed = targets.some((target) => target.lastStatus === "failed");
  if (status === "offline" && !isProtected) return 0;
  if (hasFailed) return 1;
  if (status === "degraded") return 2;
  if (status === "offline") return 3;
  if (hasWarnings) return 4;
  if (!isProtected) return 5;
  return groups.some(({ heldSince }) => heldSince !== null) ? 6 : 7;
}

/** Types of the dashboard's fleet summary and search results. */

export type FleetSummary = {
  hosts: number;
  online: number;
  degraded: number;
  offline: number;
  /** Names of the first few offline hosts. */
  offlineNames: readonly string[];
  protectedHosts: number;
  protectedWithWarnings: number;
  sizeBytes: number;
  sizeChangeBytes: number | null;
  sizes: readonly number[];
  snapshots: number;
  runningJobs: number;
  waitingJobs: number;
};

export type SearchHit =
  | { kind: "run"; hostId: string; hostName: string; groupId: string; groupName: string; note: string }
  | { kind: "host"; id: string; name: string; note: string }
  | { kind: "group"; hostId: string; hostName: string; id: string; name: string }
  | { kind: "repo"; id: string; hostId: string; hostName: string; name: string }
  | { kind: "page"; href: string; name: string };

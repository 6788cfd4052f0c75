/** Reads what decides which repos need a person: a few columns of all repos, and complete rows of some. */
import { inArray } from "drizzle-orm";
import type { Db } from "../open.ts";
import { type RepoRow, repos } from "../schema/repos.ts";
import { WANTED_TARGETS } from "./source-groups.ts";

export type RepoNeedFacts = Pick<
  RepoRow,
  | "id"
  | "hostId"
  | "name"
  | "status"
  | "appendOnly"
  | "checkCron"
  | "lastCheckAt"
  | "lastCheckStatus"
  | "lastPruneStatus"
  | "lastForgetStatus"
  | "maintenanceSince"
  | "createdAt"
> & {
  hostName: string;
  maintenanceEnabled: boolean;
  hasAdmin: boolean;
  /** A group backed up into it has a retention change awaiting confirmation. */
  isHeld: boolean;
  /** Number of its snapshots that cannot be read. */
  unreadableCount: number;
};

const FACTS = `SELECT r.id, r.host_id AS hostId, r.name, h.name AS hostName, r.status, r.append_only AS appendOnly,
    r.check_cron AS checkCron, r.last_check_at AS lastCheckAt, r.last_check_status AS lastCheckStatus,
    r.last_prune_status AS lastPruneStatus, r.last_forget_status AS lastForgetStatus,
    r.maintenance_since AS maintenanceSince, r.maintenance_enabled AS maintenanceEnabled, r.created_at AS createdAt,
    c.id AS adminId, coalesce(json_array_length(r.unreadable_snapshots), 0) AS unreadableCount
  FROM repos r JOIN hosts h ON h.id = r.host_id
  LEFT JOIN credentials c ON c.repo_id = r.id AND c.slot = 'admin'
  WHERE h.archived_at IS NULL AND r.removed_at IS NULL
  ORDER BY lower(h.name), r.is_primary DESC, r.name`;
const HELD = `SELECT DISTINCT w.repo_id AS id FROM (${WANTED_TARGETS}) w JOIN source_groups g ON g.id = w.source_group_id
  WHERE g.retention_held_since IS NOT NULL`;

type Row = Omit<RepoNeedFacts, "maintenanceEnabled" | "hasAdmin" | "isHeld"> & {
  maintenanceEnabled: number;
  adminId: string | null;
};

/** Repos of live hosts, by host and name. Plain SQL, because it reads all repos of a fleet. */
export function listRepoNeedFacts(db: Db): RepoNeedFacts[] {
  const held = new Set(
    db.$client
      .query<{ id: string }, []>(HELD)
      .all()
      .map(({ id }) => id),
  );
  return db.$client
    .query<Row, []>(FACTS)
    .all()
    .map(({ maintenanceEnabled, adminId, ...row }) => ({
      ...row,
      maintenanceEnabled: maintenanceEnabled === 1,
      hasAdmin: adminId !== null,
      isHeld: held.has(row.id),
    }));
}

/** Complete rows, in the order of the ids. */
export function listReposByIds(db: Db, ids: readonly string[]): RepoRow[] {
  if (ids.length === 0) return [];
  const rows = new Map(
    db
      .select()
      .from(repos)
      .where(inArray(repos.id, [...ids]))
      .all()
      .map((row) => [row.id, row]),
  );
  return ids.flatMap((id) => rows.get(id) ?? []);
}

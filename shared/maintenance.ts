/** Maintenance terms that rules and pages share. */

/** In running order: prune frees the space of what forget removed. */
export const MAINTENANCE_KINDS = ["forget", "prune", "check"] as const;
export type MaintenanceKind = (typeof MAINTENANCE_KINDS)[number];

/** Why a kind of maintenance does not run automatically now. */
export type MaintenanceBlock =
  | "disabled"
  | "off"
  | "not_ready"
  | "other_maintains"
  | "host_archived"
  | "no_admin_credential"
  /** A person has stopped forget and prune until the hold is released. */
  | "deletion_held"
  /** A person must first confirm what the retention policy would remove. */
  | "retention_held"
  | "not_listed"
  | "keeps_everything"
  /** The newest backup saved no files, so older snapshots are kept until one does. */
  | "saved_nothing"
  | "no_groups"
  | "offline"
  | "just_returned"
  | "under_way"
  | "after_forget";

export type RepoNeed =
  | { kind: "failed" | "damaged" | "violated" | "waiting" | "check_overdue" | "retention_held" | "no_admin_credential" }
  | { kind: "maintenance_failed"; what: MaintenanceKind }
  | { kind: "unreadable_snapshots"; count: number };

/** The hosts of a deletion hold: "all hosts", "hosts tagged prod", "web-01". @param hostName of the one host, if it has one */
export function holdScopeInWords({ tag, hostName }: { tag: string | null; hostName: string | null }): string {
  if (tag !== null) return `hosts tagged ${tag}`;
  return hostName ?? "all hosts";
}

/** Characters. Every page shows the reason of a deletion hold, on a phone as well. */
export const LONGEST_HOLD_REASON = 160;

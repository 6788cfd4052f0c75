/** The words about maintenance that its rules and its pages share. */

/** In the order in which they make sense: what is forgotten is freed by a prune. */
export const MAINTENANCE_KINDS = ["forget", "prune", "check"] as const;
export type MaintenanceKind = (typeof MAINTENANCE_KINDS)[number];

/** Why one of them does not come by itself now. */
export type MaintenanceBlock =
  | "disabled"
  | "off"
  | "not_ready"
  | "other_maintains"
  | "host_archived"
  | "no_admin_credential"
  /** A person has to agree first to what a policy would remove. */
  | "retention_held"
  | "not_listed"
  | "keeps_everything"
  /** The newest backup saved no file: older snapshots stay until one does again. */
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

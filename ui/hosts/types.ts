// Props of a host's pages.
import type { HostRow } from "../../db/schema/hosts.ts";
import type { HostStatus, LastBackup, SettingsProblem } from "../../shared/hosts.ts";
import type { StripDay } from "../../shared/nights.ts";
import type { UnitLack } from "../../shared/unit.ts";

/** A source group as the rail shows it. */
export type RailGroup = {
  id: string;
  name: string;
  last: LastBackup;
  /** An enabled schedule runs it. */
  scheduled: boolean;
  /** A repo that has no backup of it yet although another one does. */
  lacks: string | null;
  /** Since when its retention change has been awaiting confirmation. */
  heldSince: number | null;
  outcomes: readonly StripDay[];
};

/** Inputs of the verdict. Groups and repos of this host only. */
export type HostVerdictFacts = {
  id: string;
  name: string;
  status: HostStatus;
  archivedAt: number | null;
  /** The machine was replaced and its data are not restored yet. */
  schedulesPaused: boolean;
  lastSeenAt: number | null;
  driftSince: number | null;
  problems: readonly SettingsProblem[];
  groups: readonly Omit<RailGroup, "outcomes">[];
  /** The last success of the most overdue target; null when none is overdue. */
  lateSince: number | null;
  /** The primary repo's state; null when the host has none yet. */
  repo: { status: "unknown" | "waiting" | "ready" | "failed"; code: string | null } | null;
};

export type HostHead = Pick<
  HostRow,
  | "id"
  | "name"
  | "os"
  | "arch"
  | "agentVersion"
  | "resticVersion"
  | "tags"
  | "stateVersion"
  | "appliedStateVersion"
  | "driftSince"
  | "archivedAt"
  | "replacedAt"
  | "schedulesPaused"
  | "lastSeenAt"
  | "repoSizeBytes"
  | "snapshotCount"
> & {
  status: HostStatus;
  groups: readonly RailGroup[];
  repo: HostVerdictFacts["repo"];
  repoCount: number;
  nextRunAt: number | null;
  scheduleCount: number;
  /** The last success of the most overdue target; null when none is overdue. */
  lateSince: number | null;
  /** Settings that the host could not apply. */
  problems: readonly SettingsProblem[];
  /** Set when the server recently held back messages of this host. */
  heldBack: HeldBack | null;
  /** Features that its systemd unit is too old for. */
  unitLacks: readonly UnitLack[];
  /** Change of the repo size in the last 7 days; null while unknown. */
  sizeChangeBytes: number | null;
  oldestSnapshotAt: number | null;
  days: readonly string[];
};

export type HeldBack = { what: "paced" | "cut_off" | "list_too_large"; at: number };

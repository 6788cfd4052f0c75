// What the pages of a host are given.
import type { HostRow } from "../../db/schema/hosts.ts";
import type { HostStatus, LastBackup, SettingsProblem } from "../../shared/hosts.ts";
import type { StripDay } from "../../shared/nights.ts";
import type { UnitLack } from "../../shared/unit.ts";
import type { HostVerdictFacts } from "./verdict.tsx";

/** A source group as the rail shows it. */
export type RailGroup = {
  id: string;
  name: string;
  last: LastBackup;
  /** An enabled schedule runs it. */
  scheduled: boolean;
  /** A repo that has no backup of it yet, while another has. */
  lacks: string | null;
  /** Since when forget leaves it alone until a person agrees. */
  heldSince: number | null;
  outcomes: readonly StripDay[];
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
  /** What the host could not take of its settings. */
  problems: readonly SettingsProblem[];
  /** What the server did not take of it lately. */
  heldBack: HeldBack | null;
  /** What its systemd unit is too old for. */
  unitLacks: readonly UnitLack[];
  /** Change of the repo size in the last 7 days; null while unknown. */
  sizeChangeBytes: number | null;
  oldestSnapshotAt: number | null;
  days: readonly string[];
};

export type HeldBack = { what: "paced" | "cut_off" | "list_too_large"; at: number };

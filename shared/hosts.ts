/** Types for the state of a host: its status, its newest backup, and what needs a person. */
import type { CauseCount } from "./warnings.ts";

export const HOST_STATUSES = ["online", "degraded", "offline"] as const;
export type HostStatus = (typeof HOST_STATUSES)[number];

/** The newest backup of a host or group. `share` is 0 to 1, or null while the total is unknown. */
export type LastBackup =
  | { status: "never" }
  | { status: "waiting"; group: string; jobId: string }
  | { status: "running"; group: string; jobId: string; share: number | null }
  | { status: "ok"; at: number; durationMs: number | null }
  | { status: "warning"; at: number; warnings: number; causes: readonly CauseCount[]; savedNothing: boolean }
  | { status: "failed"; at: number; reason: string };

/** Why a host needs a person. Spans in ms. `group` is set when only that group was never backed up, `repo` when it is missing only there. */
export type HostNeed =
  | { kind: "no_backup"; sinceMs: number }
  | { kind: "failed" }
  | { kind: "never"; group: string | null; repo: string | null }
  | { kind: "not_scheduled"; group: string | null }
  | { kind: "repo_not_ready" }
  | { kind: "saved_nothing"; group: string | null }
  | { kind: "warnings"; count: number; causes: readonly CauseCount[] }
  | { kind: "retention_held"; group: string; groupId: string }
  /** The host could not save its newest settings. */
  | { kind: "settings_not_saved" }
  /** The server cannot build the settings because a stored secret cannot be opened. */
  | { kind: "settings_not_made" }
  /** The host could not apply some settings. `group` is set when it is the only one affected. */
  | { kind: "settings_refused"; group: string | null }
  | { kind: "drift" };

export type NeedyHost = { id: string; name: string; need: HostNeed };

export type SettingsProblem = { message: string } & (
  | { is: "not_saved" }
  /** On the server: a stored secret cannot be opened. */
  | { is: "not_made" }
  | {
      is: "group";
      id: string;
      name: string;
      line: { list: "includes" | "excludes"; number: number; text: string } | null;
    }
  | { is: "repo"; id: string; name: string }
  | { is: "schedule"; id: string }
  | { is: "other"; place: string }
);

/** How hosts are judged: their status, their newest backup, what they need a person for. */
import type { CauseCount } from "./warnings.ts";

export const HOST_STATUSES = ["online", "degraded", "offline"] as const;
export type HostStatus = (typeof HOST_STATUSES)[number];

/** The newest backup of a host or a group; `share` is 0 to 1, null while the total is unknown. */
export type LastBackup =
  | { status: "never" }
  | { status: "waiting"; group: string; jobId: string }
  | { status: "running"; group: string; jobId: string; share: number | null }
  | { status: "ok"; at: number; durationMs: number | null }
  | { status: "warning"; at: number; warnings: number; causes: readonly CauseCount[]; savedNothing: boolean }
  | { status: "failed"; at: number; reason: string };

/** Why a host needs a person. Spans in ms; `group` is named when only that one was never backed up, `repo` when only there. */
export type HostNeed =
  | { kind: "no_backup"; sinceMs: number }
  | { kind: "failed" }
  | { kind: "never"; group: string | null; repo: string | null }
  | { kind: "not_scheduled"; group: string | null }
  | { kind: "repo_not_ready" }
  | { kind: "saved_nothing"; group: string | null }
  | { kind: "warnings"; count: number; causes: readonly CauseCount[] }
  | { kind: "retention_held"; group: string; groupId: string }
  /** The host could not keep its newest settings. */
  | { kind: "settings_not_saved" }
  /** The server cannot make them: something stored does not open. */
  | { kind: "settings_not_made" }
  /** It could not apply some of them; `group` is named when that is the only place. */
  | { kind: "settings_refused"; group: string | null }
  | { kind: "drift" };

export type NeedyHost = { id: string; name: string; need: HostNeed };

export type SettingsProblem = { message: string } & (
  | { is: "not_saved" }
  /** By the server: something stored does not open. */
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

// How a host's state is put into words: its status, its last backup, what it needs.
import type { HostRow } from "../../db/schema/hosts.ts";
import type { CauseCount } from "../../shared/warnings.ts";
import type { GlyphName } from "../components/glyph.tsx";
import { Badge } from "../components/status.tsx";
import { Ago } from "../components/time.tsx";
import { formatDuration, formatPercent, formatPlural, formatSpan } from "../format.ts";
import { causesInWords } from "../jobs/warning-words.ts";
import type { View } from "../view.ts";

export type HostStatus = "online" | "offline" | "degraded";

const STATUS: Record<HostStatus, { glyph: GlyphName; word: string }> = {
  online: { glyph: "ok", word: "Online" },
  offline: { glyph: "idle", word: "Offline" },
  degraded: { glyph: "warning", word: "Degraded" },
};

export function HostBadge({ status, fill }: { status: HostStatus; fill?: boolean }) {
  const { glyph, word } = STATUS[status];
  return (
    <Badge glyph={glyph} {...(fill ? { fill } : {})}>
      {word}
    </Badge>
  );
}

/** "Linux x64" */
export function platformOf({ os, arch }: Pick<HostRow, "os" | "arch">): string {
  return `${os === "windows" ? "Windows" : "Linux"} ${arch}`;
}

/** The newest backup of a host or a group; `share` is 0 to 1, null while the total is unknown. */
export type LastBackup =
  | { status: "never" }
  | { status: "waiting"; group: string; jobId: string }
  | { status: "running"; group: string; jobId: string; share: number | null }
  | { status: "ok"; at: number; durationMs: number | null }
  | { status: "warning"; at: number; warnings: number; causes: readonly CauseCount[]; savedNothing: boolean }
  | { status: "failed"; at: number; reason: string };

/** What an error code means, in two or three words, for the second line of a cell. */
const REASONS: Record<string, string> = {
  repo_locked: "repository locked",
  wrong_password: "wrong restic password",
  repo_missing: "no repository there",
  wrong_repo: "another repository there",
  repo_unreachable: "repo server unreachable",
  repo_full: "repository full",
  unauthorised: "refused by repo server",
  permission_denied: "permission denied",
  append_only: "refused: append-only",
  repo_damaged: "repository damaged",
  retention_held: "waits for a confirmation",
  plan_outdated: "snapshots kept changing",
  pre_hook_failed: "pre-hook failed",
  restic_missing: "restic missing",
  restic_too_old: "restic too old",
  no_credentials: "no credential",
  no_paths: "paths missing",
  refused_by_host: "refused by host",
  stalled: "stalled",
  expired: "host never came",
  agent_restarted: "agent restarted",
  agent_lost_job: "agent lost it",
  host_vanished: "host vanished",
};

export function reasonInWords(errorCode: string | null): string {
  return REASONS[errorCode ?? ""] ?? "restic failed";
}

/** The cell of a list: when, and below it the reason, or the duration when all is well. */
export function LastBackupCell({ last, view }: { last: LastBackup; view: View }) {
  switch (last.status) {
    case "never":
      return <Badge glyph="idle">Never</Badge>;
    case "waiting":
      return (
        <>
          <Badge glyph="queued">Waiting</Badge>
          <small>{last.group}</small>
        </>
      );
    case "running":
      return (
        <>
          <Badge glyph="running">running{last.share === null ? "" : ` ${formatPercent(last.share)}`}</Badge>
          <small class="is-running">{last.group}</small>
        </>
      );
    case "ok":
      return (
        <>
          <span class="badge t2">
            <Ago at={last.at} view={view} />
          </span>
          {last.durationMs === null ? null : <small>{formatDuration(last.durationMs)}</small>}
        </>
      );
    case "warning":
      return (
        <>
          <Badge glyph="warning">
            <Ago at={last.at} view={view} />
          </Badge>
          <small class="is-warning" title={warningsInWords(last)}>
            {warningsInShort(last)}
          </small>
        </>
      );
    case "failed":
      return (
        <>
          <Badge glyph="failed">
            <span>
              failed <Ago at={last.at} view={view} />
            </span>
          </Badge>
          <small class="is-failed">{last.reason}</small>
        </>
      );
  }
}

/** "nothing saved", "3 files unreadable", "2 warnings". */
export function warningsInWords(last: Extract<LastBackup, { status: "warning" }>): string {
  const words = causesInWords(last.causes, last.warnings);
  return last.savedNothing && !last.causes.some(({ code }) => code === "nothing_saved")
    ? `no files saved: ${words}`
    : words;
}

/** For a narrow cell: "no files saved", the only cause, or how many warnings there are. */
export function warningsInShort(last: Extract<LastBackup, { status: "warning" }>): string {
  if (last.savedNothing) return "no files saved";
  return last.causes.length === 1 ? causesInWords(last.causes, last.warnings) : formatPlural(last.warnings, "warning");
}

/** Where a person agrees to what a held retention would remove. Operators only. */
export function heldPath(hostId: string, groupId: string): string {
  return `/hosts/${hostId}/sources/${groupId}#held`;
}

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

/** The need as the end of a sentence that begins with the host's name. */
export function needInWords(need: HostNeed): string {
  switch (need.kind) {
    case "no_backup":
      return `has had no backup for ${formatSpan(need.sinceMs)}`;
    case "failed":
      return "failed at its last backup";
    case "never":
      return `has no backup${need.group === null ? "" : ` of ${need.group}`}${need.repo === null ? "" : ` in ${need.repo}`} yet`;
    case "not_scheduled":
      return need.group === null ? "is not scheduled" : `has no schedule for ${need.group}`;
    case "repo_not_ready":
      return "cannot use its repository";
    case "warnings":
      return `has warnings at its last backup (${causesInWords(need.causes, need.count)})`;
    case "saved_nothing":
      return `saved no files at its last backup${need.group === null ? "" : ` of ${need.group}`}`;
    case "retention_held":
      return `waits for a yes before snapshots of ${need.group} are removed`;
    case "settings_not_saved":
      return "could not save its settings";
    case "settings_not_made":
      return "cannot be sent its settings";
    case "settings_refused":
      return `could not apply some of its settings${need.group === null ? "" : ` (${need.group})`}`;
    case "drift":
      return "has not taken its newest settings";
  }
}

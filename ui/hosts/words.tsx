// Words for a host's status, its last backup and what it needs.
import type { HostRow } from "../../db/schema/hosts.ts";
import type { HostNeed, HostStatus, LastBackup } from "../../shared/hosts.ts";
import type { GlyphName } from "../components/glyph.tsx";
import { Badge } from "../components/status.tsx";
import { Ago } from "../components/time.tsx";
import { formatDuration, formatPercent, formatPlural, formatSpan } from "../format.ts";
import { causesInWords } from "../jobs/warning-words.ts";
import type { View } from "../view.ts";

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

/** A list cell: the time, and below it the reason of a failure or the duration of a success. */
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

/** For a narrow cell: "no files saved", the only cause, or the number of warnings. */
export function warningsInShort(last: Extract<LastBackup, { status: "warning" }>): string {
  if (last.savedNothing) return "no files saved";
  return last.causes.length === 1 ? causesInWords(last.causes, last.warnings) : formatPlural(last.warnings, "warning");
}

/** Completes a sentence that begins with the host's name. */
export function needInWords(need: HostNeed): string {
  switch (need.kind) {
    case "no_backup":
      return `has had no backup for ${formatSpan(need.sinceMs)}`;
    case "failed":
      return "failed its last backup";
    case "never":
      return `has no backup${need.group === null ? "" : ` of ${need.group}`}${need.repo === null ? "" : ` in ${need.repo}`} yet`;
    case "not_scheduled":
      return need.group === null ? "has no schedule" : `has no schedule for ${need.group}`;
    case "repo_not_ready":
      return "cannot use its repository";
    case "warnings":
      return `had warnings in its last backup (${causesInWords(need.causes, need.count)})`;
    case "saved_nothing":
      return `saved no files in its last backup${need.group === null ? "" : ` of ${need.group}`}`;
    case "retention_held":
      return `has a retention change for ${need.group} awaiting confirmation`;
    case "settings_not_saved":
      return "could not save its settings";
    case "settings_not_made":
      return "cannot receive its settings";
    case "settings_refused":
      return `could not apply some of its settings${need.group === null ? "" : ` (${need.group})`}`;
    case "drift":
      return "has not applied its latest settings";
  }
}

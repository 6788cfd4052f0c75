/** What a day's backups come to: the pure rules behind the night strip. */
import type { EndedBackup } from "../../db/queries/jobs.ts";
import type { DailyOutcome } from "../../db/schema/source-groups.ts";
import type { WarningCode } from "../../shared/jobs.ts";

export type DayFacts = {
  /** The day's ended backups of one group, without cancelled ones. */
  backups: readonly EndedBackup[];
  /** The repos into which the group was to go on that day. */
  targets: readonly string[];
  /** How often a schedule in force was due. */
  due: number;
  /** Repos whose run was left out for a good reason (an earlier one was still at work), or is at work or waits now. */
  excused: ReadonlySet<string>;
  /** False as long as a due run may still come. */
  isOver: boolean;
};

/** `warningCodes`: what the warnings are about, where the outcome is `warning` and agents said. */
export type DayVerdict = { outcome: DailyOutcome; runs: number; failed: number; warningCodes: WarningCode[] | null };

/**
 * A day is failed only if the last run of a target failed; failed and then recovered is `recovered`.
 * A target that was due and had no run by the end of the day is `missed`, and so is the day.
 */
export function outcomeOfDay(day: DayFacts): DayVerdict {
  const { backups } = day;
  const lastOf = new Map<string | null, EndedBackup>();
  for (const backup of [...backups].sort((a, b) => (a.finishedAt ?? 0) - (b.finishedAt ?? 0)))
    lastOf.set(backup.repoId, backup);
  const last = [...lastOf.values()];
  const failed = backups.filter((backup) => backup.status === "failed").length;
  const counts = { runs: backups.length, failed, warningCodes: null };
  const isMissed = day.isOver && day.due > 0 && day.targets.some((id) => !lastOf.has(id) && !day.excused.has(id));
  if (last.some((backup) => backup.status === "failed")) return { outcome: "failed", ...counts };
  if (isMissed) return { outcome: "missed", ...counts };
  if (backups.length === 0) return { outcome: "none_due", ...counts };
  if (failed > 0) return { outcome: "recovered", ...counts };
  const warned = last.filter((backup) => backup.warnings > 0);
  if (warned.length > 0) {
    const codes = new Set(warned.flatMap(({ causes }) => causes.map(({ code }) => code)));
    return { ...counts, outcome: "warning", warningCodes: codes.size === 0 ? null : [...codes] };
  }
  return { outcome: "ok", ...counts };
}

export function median(values: readonly number[]): number | null {
  if (values.length === 0) return null;
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] as number;
  return sorted.length % 2 === 1 ? upper : Math.round(((sorted[middle - 1] as number) + upper) / 2);
}

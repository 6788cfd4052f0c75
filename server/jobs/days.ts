/** Evaluates the outcome of a day's backups, for the night strip. Pure. */
import type { EndedBackup } from "../../db/queries/jobs.ts";
import type { DailyOutcome } from "../../db/schema/source-groups.ts";
import type { WarningCode } from "../../shared/jobs.ts";

export type DayFacts = {
  /** The ended backups of one group on that day, without cancelled ones. */
  backups: readonly EndedBackup[];
  /** The target repos of the group on that day. */
  targets: readonly string[];
  /** How often an active schedule was due. */
  due: number;
  /** Repos whose run was skipped for a good reason (an earlier one was still running), or is running or waiting now. */
  excused: ReadonlySet<string>;
  /** False while a due run may still happen. */
  isOver: boolean;
};

/** `warningCodes`: the warning causes when the outcome is `warning` and agents sent them. */
export type DayVerdict = { outcome: DailyOutcome; runs: number; failed: number; warningCodes: WarningCode[] | null };

/**
 * A day is `failed` only if the last run of a target failed. A failure followed by a success is `recovered`.
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

/** Days as a host lives them, and what a day's backups come to: pure rules behind the night strip. */
import type { DailyOutcome } from "../../db/schema/source-groups.ts";
import type { JobStatus } from "../../shared/jobs.ts";

const formats = new Map<string, Intl.DateTimeFormat>();

/** `2026-11-20`: the day of a moment in a time zone; an unknown zone counts as UTC. */
export function dayIn(timezone: string, at: number): string {
  let format = formats.get(timezone);
  if (!format) {
    format = dayFormat(timezone);
    formats.set(timezone, format);
  }
  return format.format(at);
}

function dayFormat(timezone: string): Intl.DateTimeFormat {
  const shape = { year: "numeric", month: "2-digit", day: "2-digit" } as const;
  try {
    return new Intl.DateTimeFormat("en-CA", { ...shape, timeZone: timezone });
  } catch {
    return new Intl.DateTimeFormat("en-CA", { ...shape, timeZone: "UTC" });
  }
}

/** `n` days before a day, as the calendar counts. */
export function daysBefore(day: string, n: number): string {
  const date = new Date(`${day}T12:00:00Z`);
  date.setUTCDate(date.getUTCDate() - n);
  return date.toISOString().slice(0, 10);
}

/** When a day begins and ends in a zone, as Unix ms; 23 or 25 hours on the days when the clocks change. */
export function spanOfDay(timezone: string, day: string): { since: number; until: number } {
  return { since: startOf(timezone, day), until: startOf(timezone, daysBefore(day, -1)) };
}

/** The first moment at which the zone's calendar shows this day, to the minute: zones lie at most 14 h either way. */
function startOf(timezone: string, day: string): number {
  let low = Date.parse(`${day}T00:00:00Z`) - 15 * 3_600_000;
  let high = low + 30 * 3_600_000;
  while (high - low > 60_000) {
    const middle = Math.floor((low + high) / 120_000) * 60_000;
    if (dayIn(timezone, middle) < day) low = middle;
    else high = middle;
  }
  return high;
}

export type EndedBackup = { repoId: string | null; status: JobStatus; warnings: number; finishedAt: number | null };

/**
 * A day is failed only if the last run of a target failed; failed and then recovered is `recovered`.
 * @param backups the day's ended backups of one group, without cancelled ones
 */
export function outcomeOfDay(
  backups: readonly EndedBackup[],
): { outcome: DailyOutcome; runs: number; failed: number } | null {
  if (backups.length === 0) return null;
  const lastOf = new Map<string | null, EndedBackup>();
  for (const backup of [...backups].sort((a, b) => (a.finishedAt ?? 0) - (b.finishedAt ?? 0)))
    lastOf.set(backup.repoId, backup);
  const last = [...lastOf.values()];
  const failed = backups.filter((backup) => backup.status === "failed").length;
  const counts = { runs: backups.length, failed };
  if (last.some((backup) => backup.status === "failed")) return { outcome: "failed", ...counts };
  if (failed > 0) return { outcome: "recovered", ...counts };
  if (last.some((backup) => backup.warnings > 0)) return { outcome: "warning", ...counts };
  return { outcome: "ok", ...counts };
}

export function median(values: readonly number[]): number | null {
  if (values.length === 0) return null;
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] as number;
  return sorted.length % 2 === 1 ? upper : Math.round(((sorted[middle - 1] as number) + upper) / 2);
}

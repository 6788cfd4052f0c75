/** Adds up what makes a job amber, and knows a backup that saved no file. */
import type { WarningCode } from "./jobs.ts";
import type { JobStats, WarningCause } from "./protocol/fields.ts";

/** A cause without its paths: enough for lists. */
export type CauseCount = Pick<WarningCause, "code" | "count">;

/** These say by themselves why no file was saved. */
const EXPLAINS_NOTHING: ReadonlySet<WarningCode> = new Set([
  "only_link_saved",
  "emptied",
  "all_excluded",
  "nothing_saved",
]);

const MOST_PATHS = 100;

export function countWarnings(causes: readonly CauseCount[]): number {
  return causes.reduce((sum, cause) => sum + cause.count, 0);
}

/** One cause for these paths; none without paths. At most 100 of them are named. */
export function causeOf(code: WarningCode, paths: readonly string[], count = paths.length): WarningCause[] {
  return count === 0 ? [] : [{ code, count, paths: paths.slice(0, MOST_PATHS) }];
}

/** A backup whose snapshot holds no file at all protects nothing. */
export function savedNothing(stats: JobStats | null): boolean {
  return stats?.total_files_processed === 0;
}

/** Adds the cause of a backup without files, unless one of the others tells it already. */
export function withNothingSaved(causes: readonly WarningCause[], stats: JobStats | null): WarningCause[] {
  if (!savedNothing(stats) || causes.some(({ code }) => EXPLAINS_NOTHING.has(code))) return [...causes];
  return [...causes, { code: "nothing_saved", count: 1, paths: [] }];
}

/** One entry for each code, with the counts added up. */
export function mergeCauses(causes: readonly CauseCount[]): CauseCount[] {
  const counts = new Map<WarningCode, number>();
  for (const { code, count } of causes) counts.set(code, (counts.get(code) ?? 0) + count);
  return [...counts].map(([code, count]) => ({ code, count }));
}

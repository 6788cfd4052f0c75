/** Adds up the warning causes of jobs, and recognises a backup that saved no files. */
import type { WarningCode } from "./jobs.ts";
import type { JobStats, WarningCause } from "./protocol/fields.ts";

/** A cause without its paths, for lists. */
export type CauseCount = Pick<WarningCause, "code" | "count">;

/** Codes that already explain why no file was saved. */
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

/** One cause for these paths, or none without paths. Lists at most 100 of them. */
export function causeOf(code: WarningCode, paths: readonly string[], count = paths.length): WarningCause[] {
  return count === 0 ? [] : [{ code, count, paths: paths.slice(0, MOST_PATHS) }];
}

/** A backup whose snapshot holds no files protects nothing. */
export function savedNothing(stats: JobStats | null): boolean {
  return stats?.total_files_processed === 0;
}

/** Adds the cause of a backup without files, unless another cause already explains it. */
export function withNothingSaved(causes: readonly WarningCause[], stats: JobStats | null): WarningCause[] {
  if (!savedNothing(stats) || causes.some(({ code }) => EXPLAINS_NOTHING.has(code))) return [...causes];
  return [...causes, { code: "nothing_saved", count: 1, paths: [] }];
}

/** One entry per code, with the counts added up. */
export function mergeCauses(causes: readonly CauseCount[]): CauseCount[] {
  const counts = new Map<WarningCode, number>();
  for (const { code, count } of causes) counts.set(code, (counts.get(code) ?? 0) + count);
  return [...counts].map(([code, count]) => ({ code, count }));
}

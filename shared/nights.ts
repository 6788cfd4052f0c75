/** The night strip: one day of a host or group, and which days are shown. */
import { DAY_MS } from "./clock.ts";
import { utcDay } from "./days.ts";
import type { WarningCode } from "./jobs.ts";

export type StripOutcome = "ok" | "warning" | "recovered" | "failed" | "missed" | "none_due" | "running";

/** One day: `day` is a calendar date "2026-10-22" in the host's time zone; days without a row are none due. */
export type StripDay = {
  day: string;
  outcome: StripOutcome;
  runs: number;
  failed: number;
  /** How often a run was due; told of missed days. */
  due?: number;
  /** What the warnings of an amber day were about, where agents said. */
  warningCodes?: readonly WarningCode[];
};

export const STRIP_DAYS = 30;

/** The days of a strip that ends on `last` ("2026-11-20"), oldest first. */
export function stripDays(last: string): string[] {
  const end = Date.parse(`${last}T00:00:00Z`);
  return Array.from({ length: STRIP_DAYS }, (_, at) => utcDay(end - (STRIP_DAYS - 1 - at) * DAY_MS));
}

/** The night strip: one day of a host or group, and which days are shown. */

import type { WarningCode } from "./jobs.ts";
import { DAY_MS } from "./time/clock.ts";
import { utcDay } from "./time/days.ts";

export type StripOutcome = "ok" | "warning" | "recovered" | "failed" | "missed" | "none_due" | "running";

/** One day. `day` is a calendar date such as "2026-10-22" in the host's time zone. A day without a row had no runs due. */
export type StripDay = {
  day: string;
  outcome: StripOutcome;
  runs: number;
  failed: number;
  /** How many runs were due. Set for missed days. */
  due?: number;
  /** Warning codes of an amber day, where the agent sent them. */
  warningCodes?: readonly WarningCode[];
};

export const STRIP_DAYS = 30;

/** The days of a strip that ends on `last` ("2026-11-20"), oldest first. */
export function stripDays(last: string): string[] {
  const end = Date.parse(`${last}T00:00:00Z`);
  return Array.from({ length: STRIP_DAYS }, (_, at) => utcDay(end - (STRIP_DAYS - 1 - at) * DAY_MS));
}

/** Parses restic's times: RFC 3339 with up to nanoseconds and an offset. Pure. */
import type { Dated } from "../retention.ts";

const RFC_3339 = /^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})(?:(\.\d{1,3})\d*)?(?:Z|([+-])(\d{2}):(\d{2}))$/;

/** Any year from 1 to 9999, rounded down to milliseconds. null when it is not a valid time. */
export function readTime(text: string): Dated | null {
  const match = RFC_3339.exec(text);
  if (!match) return null;
  const [, wall, fraction = "", sign, hours = "0", minutes = "0"] = match;
  const local = Date.parse(`${wall}${fraction}Z`);
  if (!Number.isFinite(local)) return null;
  const ahead = Number(hours) * 60 + Number(minutes);
  const utcOffsetMinutes = sign === "-" ? 0 - ahead : ahead;
  return { time: local - utcOffsetMinutes * 60_000, utcOffsetMinutes };
}

/** Unix ms. */
export function timeOf(text: string): number | null {
  return readTime(text)?.time ?? null;
}

/** When schedules are due and when they start, from cron, zone and splay. Pure. */
import { parseCron, splayMs } from "../../shared/time/cron.ts";
import type { Zone } from "../../shared/time/zone.ts";

export type Timing = { id: string; cron: string; splayMinutes: number };

/** Going back further would count for days that no night strip shows. */
const MOST_DUE_TIMES = 100_000;

/**
 * Due times after `from` up to and including `until`. Empty for an expression that this version cannot parse.
 * @param zone the schedule's own, or else its host's
 */
export function dueTimes({ cron }: Pick<Timing, "cron">, zone: string | Zone, from: number, until: number): number[] {
  const parsed = parseCron(cron);
  if (!parsed.ok) return [];
  const times: number[] = [];
  for (
    let at = parsed.cron.next(from, zone);
    at <= until && times.length < MOST_DUE_TIMES;
    at = parsed.cron.next(at, zone)
  ) {
    times.push(at);
  }
  return times;
}

/** When the next run starts, including splay. A run that is due but still delayed by its splay counts. */
export function nextStart(timing: Timing, zone: string | Zone, now: number): number | null {
  const parsed = parseCron(timing.cron);
  if (!parsed.ok) return null;
  const splay = splayMs(timing.id, timing.splayMinutes);
  return parsed.cron.next(now - splay, zone) + splay;
}

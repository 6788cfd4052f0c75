/** So many a day of each host and no more, counted in memory. */
import { type Clock, DAY_MS } from "../../shared/clock.ts";

/** @returns counts one; false once the day's number is used up */
export function createDailyCap(clock: Clock, most: number): (hostId: string) => boolean {
  let counted = { day: 0, byHost: new Map<string, number>() };
  return (hostId) => {
    const day = Math.floor(clock.now() / DAY_MS);
    if (counted.day !== day) counted = { day, byHost: new Map() };
    const count = (counted.byHost.get(hostId) ?? 0) + 1;
    counted.byHost.set(hostId, count);
    return count <= most;
  };
}

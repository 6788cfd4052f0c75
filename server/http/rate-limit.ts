/** Counts per key in time windows, in bounded memory and without writing to disk. */
import { type Clock, DAY_MS } from "../../shared/time/clock.ts";

export type RateLimit = {
  /** Counts one. null when it is allowed, otherwise the seconds to wait. */
  hit(key: string): number | null;
  /**
   * Counts one before work whose result decides whether it counts, so that concurrent callers see it counted.
   * A harmless result is given back.
   */
  take(key: string): { ok: true; giveBack(): void } | { ok: false; wait: number };
  forget(key: string): void;
};

const MAX_KEYS = 100_000;

export function createRateLimit({
  limit,
  windowMs,
  clock,
}: {
  limit: number;
  windowMs: number;
  clock: Clock;
}): RateLimit {
  const windows = new Map<string, { startedAt: number; count: number }>();
  const current = (key: string) => {
    const now = clock.now();
    const found = windows.get(key);
    if (found && now - found.startedAt < windowMs) return found;
    const fresh = { startedAt: now, count: 0 };
    if (windows.size >= MAX_KEYS) dropOldest(windows);
    windows.delete(key);
    windows.set(key, fresh);
    return fresh;
  };
  const waitOf = (window: { startedAt: number }) =>
    Math.max(1, Math.ceil((window.startedAt + windowMs - clock.now()) / 1000));
  return {
    hit(key) {
      const window = current(key);
      window.count++;
      return window.count > limit ? waitOf(window) : null;
    },
    take(key) {
      const window = current(key);
      if (window.count >= limit) return { ok: false, wait: waitOf(window) };
      window.count++;
      return { ok: true, giveBack: () => void window.count-- };
    },
    forget(key) {
      windows.delete(key);
    },
  };
}

function dropOldest(windows: Map<string, unknown>): void {
  const oldest = windows.keys().next();
  if (!oldest.done) windows.delete(oldest.value);
}

/** A daily limit per host, in memory. @returns a function that counts one, and returns false once the limit is used up */
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

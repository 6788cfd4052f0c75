/** Counts per key in a sliding pair of windows; memory is bounded and nothing is written to disk. */
import type { Clock } from "../../shared/clock.ts";

export type RateLimit = {
  /** Counts one; null when it may pass, else the seconds to wait. */
  hit(key: string): number | null;
  /** Would the next one pass? Counts nothing. */
  blockedFor(key: string): number | null;
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
    blockedFor(key) {
      const window = windows.get(key);
      if (!window || clock.now() - window.startedAt >= windowMs) return null;
      return window.count >= limit ? waitOf(window) : null;
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

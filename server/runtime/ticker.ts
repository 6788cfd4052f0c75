/** The only periodic timer of the server: a declared table of what happens how often. */
import { type Clock, MINUTE_MS } from "../../shared/clock.ts";
import type { Log } from "../../shared/log.ts";

export type Tick = { name: string; everyMs: number; run(): void | Promise<void> };

export type Ticker = {
  stop(): void;
  /** Ticks that should have ended well lately and have not: they fail, or hang. */
  overdue(): string[];
};

/** A tick that has not ended well for this many of its intervals is overdue, but never sooner than the least time. */
const OVERDUE_AFTER_INTERVALS = 3;
const OVERDUE_AFTER_MS = 2 * MINUTE_MS;

/** A tick that fails is logged and comes again; one that is still running is not started twice. */
export function startTicker(ticks: readonly Tick[], log: Log, clock: Clock): Ticker {
  const endedWellAt = new Map(ticks.map((tick) => [tick, clock.now()]));
  const timers = ticks.map((tick) => {
    let running = false;
    return setInterval(async () => {
      if (running) return;
      running = true;
      try {
        await tick.run();
        endedWellAt.set(tick, clock.now());
      } catch (error) {
        log.error("a ticker failed", {
          tick: tick.name,
          error: error instanceof Error ? error.message : String(error),
        });
      } finally {
        running = false;
      }
    }, tick.everyMs);
  });
  return {
    stop: () => timers.forEach(clearInterval),
    overdue: () =>
      ticks
        .filter((tick) => {
          const sinceMs = clock.now() - (endedWellAt.get(tick) ?? 0);
          return sinceMs > Math.max(OVERDUE_AFTER_MS, OVERDUE_AFTER_INTERVALS * tick.everyMs);
        })
        .map((tick) => tick.name),
  };
}

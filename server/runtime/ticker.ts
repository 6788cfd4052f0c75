/** The server's only periodic timer, with a table of what runs how often. */

import type { Log } from "../../shared/log.ts";
import { type Clock, MINUTE_MS } from "../../shared/time/clock.ts";
import { type Failing, StillFailing } from "./isolated.ts";

export type Tick = { name: string; everyMs: number; run(): void | Promise<void> };

export type Ticker = {
  /** Call once. */
  start(ticks: readonly Tick[]): void;
  stop(): void;
  /** Ticks without a recent success: they fail, as a whole or for some items, or hang. */
  overdue(): OverdueTick[];
};

export type OverdueTick = {
  tick: string;
  /** When it last succeeded, or when the server started. */
  since: number;
  /** The items for which it fails. Empty when it fails as a whole. */
  failing: readonly Failing[];
  /** Why it failed as a whole. null when it hangs, or fails for some items only. */
  why: string | null;
};

/** A tick is overdue after this many of its intervals without a success, but not before the minimum time. */
const OVERDUE_AFTER_INTERVALS = 3;
const OVERDUE_AFTER_MS = 2 * MINUTE_MS;

type Ending = Pick<OverdueTick, "failing" | "why">;
const WELL: Ending = { failing: [], why: null };

/** A failed tick is logged and runs again. One that is still running is not started twice. */
export function createTicker({ log, clock }: { log: Log; clock: Clock }): Ticker {
  const endedWellAt = new Map<Tick, number>();
  const endings = new Map<Tick, Ending>();
  const timers: Timer[] = [];
  const start = (tick: Tick): Timer => {
    endedWellAt.set(tick, clock.now());
    let running = false;
    return setInterval(async () => {
      if (running) return;
      running = true;
      try {
        await tick.run();
        endedWellAt.set(tick, clock.now());
        endings.set(tick, WELL);
      } catch (error) {
        endings.set(tick, endingOf(error));
        if (!(error instanceof StillFailing))
          log.error("a background task failed; it will run again", { task: tick.name, why: whyOf(error) });
      } finally {
        running = false;
      }
    }, tick.everyMs);
  };
  return {
    start: (ticks) => void timers.push(...ticks.map(start)),
    stop: () => timers.forEach(clearInterval),
    overdue: () =>
      [...endedWellAt]
        .filter(
          ([tick, since]) => clock.now() - since > Math.max(OVERDUE_AFTER_MS, OVERDUE_AFTER_INTERVALS * tick.everyMs),
        )
        .map(([tick, since]) => ({ tick: tick.name, since, ...(endings.get(tick) ?? WELL) })),
  };
}

function endingOf(error: unknown): Ending {
  return error instanceof StillFailing ? { failing: error.failing, why: null } : { failing: [], why: whyOf(error) };
}

function whyOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

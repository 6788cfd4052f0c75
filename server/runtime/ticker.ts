/** The only periodic timer of the server: a declared table of what happens how often. */
import type { Log } from "../../shared/log.ts";

export type Tick = { name: string; everyMs: number; run(): void | Promise<void> };

export type Ticker = { stop(): void };

/** A tick that fails is logged and comes again; one that is still running is not started twice. */
export function startTicker(ticks: readonly Tick[], log: Log): Ticker {
  const timers = ticks.map((tick) => {
    let running = false;
    return setInterval(async () => {
      if (running) return;
      running = true;
      try {
        await tick.run();
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
  return { stop: () => timers.forEach(clearInterval) };
}

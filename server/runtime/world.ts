/** What every feature receives: database, clock, log, settings, key, and the bus of facts. */
import type { Db } from "../../db/open.ts";
import type { Log } from "../../shared/log.ts";
import type { Redactor } from "../../shared/redact.ts";
import type { Clock } from "../../shared/time/clock.ts";
import type { Config } from "./config.ts";
import { createFactBus, type FactBus } from "./facts.ts";
import type { Sealer } from "./seal.ts";

/** What is open before any feature is created. Commands work with these alone. */
export type ServerParts = { db: Db; config: Config; clock: Clock; log: Log; sealer: Sealer; redactor: Redactor };

export type World = ServerParts & {
  bus: FactBus;
  /** Unix ms. */
  startedAt: number;
  /** The server is shutting down and accepts no new connections. */
  isDraining(): boolean;
  drain(): void;
};

export function createWorld(parts: ServerParts): World {
  let isDraining = false;
  return {
    ...parts,
    bus: createFactBus(parts.log),
    startedAt: parts.clock.now(),
    isDraining: () => isDraining,
    drain() {
      isDraining = true;
    },
  };
}

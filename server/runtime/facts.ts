/** The bus for facts. Listeners read the database again. They must not throw, and errors are logged. */
import type { Log } from "../../shared/log.ts";

export type Facts = {
  "host.connected": { hostId: string };
  "host.caught_up": { hostId: string };
  "host.disconnected": { hostId: string };
  "host.changed": { hostId: string };
  "state.changed": { hostId: string };
  "state.applied": { hostId: string };
  "job.created": { jobId: string; hostId: string };
  "job.changed": { jobId: string; hostId: string };
  "job.finished": { jobId: string; hostId: string };
  "repo.changed": { repoId: string; hostId: string };
  /** A pending machine has announced itself, proven its key, or been accepted or rejected. */
  "pending.changed": { pendingId: string };
  /** A deletion hold was placed or released. */
  "deletion_holds.changed": Record<string, never>;
  "session.ended": { sessionIds: string[] };
};

export type FactName = keyof Facts;

/** The facts that a feature listens to. */
export type Listeners = { [N in FactName]?: (fact: Facts[N]) => void };

export type FactBus = {
  on<N extends FactName>(name: N, listener: (fact: Facts[N]) => void): () => void;
  publish<N extends FactName>(name: N, fact: Facts[N]): void;
};

export function createFactBus(log: Log): FactBus {
  const listeners = new Map<FactName, Set<(fact: never) => void>>();
  return {
    on(name, listener) {
      const set = listeners.get(name) ?? new Set();
      listeners.set(name, set);
      set.add(listener);
      return () => set.delete(listener);
    },
    publish(name, fact) {
      for (const listener of listeners.get(name) ?? []) {
        try {
          (listener as (fact: unknown) => void)(fact);
        } catch (error) {
          log.error("handling a fact failed", {
            fact: name,
            why: error instanceof Error ? error.message : String(error),
          });
        }
      }
    },
  };
}

/** Detects when a host has caught up: everything in its outbox at `hello` is stored. The follow-up work is retried until it succeeds. */

import type { Log } from "../../shared/log.ts";
import { type Clock, SECOND_MS } from "../../shared/time/clock.ts";
import { createIsolation } from "../runtime/isolated.ts";
import type { Tick } from "../runtime/ticker.ts";
import type { Connection, Hub } from "./hub.ts";

export type CatchUp = {
  /** The agent has been welcomed. */
  greeted(connection: Connection): void;
  /** A connection's acknowledged number has gone up. */
  committed(connection: Connection, seq: number): void;
  ticks: readonly Tick[];
};

export type CatchUpDeps = {
  hub: Hub;
  clock: Clock;
  log: Log;
  /** Compares the jobs that the host holds with the server's. The connection counts as caught up only after this. */
  reconcile(connection: Connection): void;
  caughtUp(hostId: string): void;
};

export function createCatchUp({ hub, clock, log, reconcile, caughtUp }: CatchUpDeps): CatchUp {
  const isolation = createIsolation({
    task: "compare the jobs of a host that has caught up",
    of: "host",
    clock,
    log,
  });
  /** Connections whose outbox is stored but whose comparison failed. */
  const pending = new Set<Connection>();

  const tryNow = (connection: Connection) => {
    pending.delete(connection);
    if (connection.isCaughtUp || !hub.isCurrent(connection)) return;
    if (!isolation.attempt(connection.hostId, () => reconcile(connection))) {
      pending.add(connection);
      return;
    }
    connection.isCaughtUp = true;
    caughtUp(connection.hostId);
  };

  const tryPending = () => {
    for (const connection of [...pending]) tryNow(connection);
    isolation.conclude();
  };

  return {
    greeted(connection) {
      if (connection.hello?.outbox_last_seq === 0) tryNow(connection);
    },
    committed(connection, seq) {
      if (!connection.isCaughtUp && connection.hello && seq >= connection.hello.outbox_last_seq) tryNow(connection);
    },
    ticks: [{ name: "catch up", everyMs: 5 * SECOND_MS, run: tryPending }],
  };
}

/** Tracks which agents are connected. Knows sockets and host ids, but no features. */

import type { ToAgentPayload, ToAgentType } from "../../shared/protocol/to-agent.ts";
import type { ToServerPayload } from "../../shared/protocol/to-server.ts";
import { CLOSE } from "../../shared/protocol/version.ts";
import type { Clock } from "../../shared/time/clock.ts";
import type { Socket } from "../http/sockets.ts";

export type Hello = ToServerPayload<"hello">;

/** The part of hello that is needed later. For thousands of agents the whole message would take megabytes. */
export type Greeted = Pick<Hello, "hostname" | "unit_version" | "outbox_last_seq" | "open_jobs">;

export type Connection = {
  readonly hostId: string;
  readonly ip: string;
  readonly openedAt: number;
  lastFrameAt: number;
  /** Set once. From then on the host counts as online. */
  hello: Greeted | null;
  /** Everything in the outbox at `hello` is committed, and the jobs are reconciled. */
  isCaughtUp: boolean;
  /** The agent's clock minus ours, in ms, from its newest frame. */
  skewMs: number;
  outboxPending: number;
  badFramesAt: number[];
  /** @returns false when the socket is closed */
  send<T extends ToAgentType>(type: T, payload: ToAgentPayload<T>, id?: string): boolean;
  close(code: number, reason: string): void;
};

export type Hub = {
  find(hostId: string): Connection | null;
  isOnline(hostId: string): boolean;
  isCurrent(connection: Connection): boolean;
  list(): Connection[];
  /** Makes this the host's connection and closes an older one. @returns whether there was an older one */
  attach(connection: Connection): boolean;
  /** @returns whether it was the current connection */
  detach(connection: Connection): boolean;
  closeAll(code: number, reason: string): void;
};

export function createHub(): Hub {
  const current = new Map<string, Connection>();
  return {
    find: (hostId) => current.get(hostId) ?? null,
    isOnline: (hostId) => current.has(hostId),
    isCurrent: (connection) => current.get(connection.hostId) === connection,
    list: () => [...current.values()],
    attach(connection) {
      const older = current.get(connection.hostId);
      current.set(connection.hostId, connection);
      if (older && older !== connection) older.close(CLOSE.replaced, "replaced by a newer connection");
      return older !== undefined && older !== connection;
    },
    detach(connection) {
      if (current.get(connection.hostId) !== connection) return false;
      current.delete(connection.hostId);
      return true;
    },
    closeAll(code, reason) {
      for (const connection of current.values()) connection.close(code, reason);
    },
  };
}

export function createConnection(ws: Socket, hostId: string, ip: string, clock: Clock): Connection {
  return {
    hostId,
    ip,
    openedAt: clock.now(),
    lastFrameAt: clock.now(),
    hello: null,
    isCaughtUp: false,
    skewMs: 0,
    outboxPending: 0,
    badFramesAt: [],
    send(type, payload, id) {
      if (ws.readyState !== WebSocket.OPEN) return false;
      const frame = id === undefined ? { type, ts: clock.now(), payload } : { type, ts: clock.now(), id, payload };
      return ws.send(JSON.stringify(frame)) !== 0;
    },
    close: (code, reason) => ws.close(code, reason),
  };
}

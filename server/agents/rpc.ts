/** Requests to an agent that expect a reply. Each has a time limit, and ends when the host disconnects. */

import { newId } from "../../shared/ids.ts";
import type { ToAgentPayload } from "../../shared/protocol/to-agent.ts";
import type { ToServerPayload } from "../../shared/protocol/to-server.ts";
import { MINUTE_MS } from "../../shared/time/clock.ts";
import type { Connection, Hub } from "./hub.ts";

export type RpcOutcome<T> = { ok: true; reply: T } | { ok: false; reason: "offline" | "timeout" | "gone" };
type TreeReply = ToServerPayload<"tree.list.result">;

export type Rpc = {
  listTree(hostId: string, request: ToAgentPayload<"tree.list">): Promise<RpcOutcome<TreeReply>>;
  /** Handles a reply. A reply that nobody expects is ignored. */
  resolve(connection: Connection, id: string | null, reply: TreeReply): void;
  dropHost(hostId: string): void;
};

export function createRpc({ hub, timeoutMs = MINUTE_MS }: { hub: Hub; timeoutMs?: number }): Rpc {
  type Pending = { hostId: string; end(outcome: RpcOutcome<TreeReply>): void };
  const pending = new Map<string, Pending>();
  return {
    listTree(hostId, request) {
      const connection = hub.find(hostId);
      if (!connection) return Promise.resolve({ ok: false, reason: "offline" });
      const id = newId();
      return new Promise((resolve) => {
        const end = (outcome: RpcOutcome<TreeReply>) => {
          clearTimeout(timer);
          pending.delete(id);
          resolve(outcome);
        };
        const timer = setTimeout(() => end({ ok: false, reason: "timeout" }), timeoutMs);
        pending.set(id, { hostId, end });
        if (!connection.send("tree.list", request, id)) end({ ok: false, reason: "gone" });
      });
    },
    resolve(connection, id, reply) {
      const waiting = id === null ? undefined : pending.get(id);
      if (waiting?.hostId === connection.hostId) waiting.end({ ok: true, reply });
    },
    dropHost(hostId) {
      if (pending.size === 0) return;
      for (const waiting of [...pending.values()])
        if (waiting.hostId === hostId) waiting.end({ ok: false, reason: "gone" });
    },
  };
}

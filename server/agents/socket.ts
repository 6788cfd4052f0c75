/** `/ws/agent`: decides who may connect, and when a connection counts as lost. */
import type { Db } from "../../db/open.ts";
import { findHostByTokenHash, findRevokedToken } from "../../db/queries/hosts.ts";
import type { Log } from "../../shared/log.ts";
import { CLOSE, HELLO_WITHIN_MS, SILENT_AGENT_MS } from "../../shared/protocol/version.ts";
import { type Clock, MINUTE_MS, SECOND_MS } from "../../shared/time/clock.ts";
import { hashToken } from "../auth/identity.ts";
import { Refusal } from "../http/errors.ts";
import { createRateLimit } from "../http/rate-limit.ts";
import { publicRoute, type Route } from "../http/routes.ts";
import type { Socket, SocketEnd } from "../http/sockets.ts";
import type { Tick } from "../runtime/ticker.ts";
import type { Greeter } from "./greeter.ts";
import { type Connection, createConnection, type Hub } from "./hub.ts";
import type { Inbound } from "./inbound.ts";
import type { Intake } from "./intake.ts";

const STRANGERS_PER_MINUTE = 60;
/** Agents reconnect after growing delays. Each greeting makes the server check everything that the host must know. */
const CONNECTIONS_PER_MINUTE = 120;
/** How long a host that sends too much is told to wait. */
const CUT_OFF_SECONDS = 5;

export type AgentSocketDeps = {
  db: Db;
  clock: Clock;
  log: Log;
  hub: Hub;
  inbound: Pick<Inbound, "receive">;
  intake: Pick<Intake, "isCutOff">;
  greeter: Omit<Greeter, "hello">;
  /** The host's current connection has closed. */
  disconnected(connection: Connection): void;
  isDraining(): boolean;
};

export type AgentSockets = {
  routes: Route[];
  ticks: readonly Tick[];
};

export function createAgentSockets(deps: AgentSocketDeps): AgentSockets {
  const { db, clock, log, hub, inbound, intake, greeter, disconnected, isDraining } = deps;
  const strangers = createRateLimit({ limit: STRANGERS_PER_MINUTE, windowMs: MINUTE_MS, clock });
  const connections = createRateLimit({ limit: CONNECTIONS_PER_MINUTE, windowMs: MINUTE_MS, clock });
  const open = new Set<Connection>();

  const forget = (connection: Connection) => {
    open.delete(connection);
    greeter.drop(connection);
    if (hub.detach(connection)) disconnected(connection);
  };

  const endFor = (hostId: string, ip: string): SocketEnd => {
    let connection: Connection;
    return {
      open(ws) {
        connection = createConnection(ws, hostId, ip, clock);
        open.add(connection);
      },
      message: (_ws, frame) => {
        greeter.greetNow(connection);
        if (connection.hello && !hub.isCurrent(connection)) return;
        inbound.receive(connection, frame);
      },
      close: () => forget(connection),
      drain() {},
    };
  };

  /** Closes connections that sent no hello or have gone silent. */
  const sweep = () => {
    const now = clock.now();
    for (const connection of open) {
      if (!connection.hello && !greeter.isWaiting(connection) && now - connection.openedAt > HELLO_WITHIN_MS)
        connection.close(CLOSE.protocol, "no hello");
      else if (now - connection.lastFrameAt > SILENT_AGENT_MS) {
        log.info("an agent is silent; its connection was closed", { host_id: connection.hostId });
        connection.close(CLOSE.protocol, "silent");
        // A half-open socket reports its close only when TCP gives up, but the host is offline now.
        forget(connection);
      }
    }
  };

  return {
    ticks: [{ name: "connections", everyMs: SECOND_MS, run: sweep }],
    routes: [
      publicRoute({
        method: "GET",
        path: "/ws/agent",
        summary: "The agents' WebSocket (Bearer agent token)",
        answers: "websocket",
        errors: {
          400: ["not_a_websocket"],
          401: ["unknown_token"],
          429: ["slow_down", "too_many_attempts"],
          503: ["draining"],
        },
        handle: ({ c, from }) => {
          if (isDraining()) throw new Refusal(503, "draining", "The server is shutting down.");
          const token = /^Bearer (\S{16,200})$/.exec(c.req.header("authorization") ?? "")?.[1];
          const tokenHash = token ? hashToken(token) : "";
          const host = findHostByTokenHash(db, tokenHash);
          if (host && host.archivedAt === null) {
            const pause = intake.isCutOff(host.id) ? CUT_OFF_SECONDS : connections.hit(host.id);
            if (pause !== null)
              throw new Refusal(429, "slow_down", "This host sends too much at once. Reconnect later.", {}, pause);
            return upgrade(endFor(host.id, from.ip));
          }
          const wait = strangers.hit(from.network);
          if (wait !== null)
            throw new Refusal(429, "too_many_attempts", "Too many connection attempts. Try again later.", {}, wait);
          if (!token) throw new Refusal(401, "unknown_token", "The agent token is missing. Send it as a bearer token.");
          return upgrade(findRevokedToken(db, tokenHash) ? turnAway("revoked") : turnAway("unknown_token"));

          function upgrade(end: SocketEnd): Response {
            if (c.env.upgrade(c.req.raw, end)) return new Response(null);
            throw new Refusal(400, "not_a_websocket", "This address accepts WebSocket connections only.");
          }
        },
      }),
    ],
  };
}

/** A close code tells the agent more than an HTTP status could: `revoked` stops its schedules, `unknown_token` does not. */
function turnAway(code: "revoked" | "unknown_token"): SocketEnd {
  const message = {
    revoked: "This host was archived or replaced on the server. Its schedules are stopped.",
    unknown_token:
      "The server does not know this agent's token. Schedules continue. Enrol this machine again to reconnect it.",
  }[code];
  return {
    open(ws: Socket) {
      ws.send(JSON.stringify({ type: "error", ts: Date.now(), payload: { code, message } }));
      ws.close(CLOSE.unauthorised, code);
    },
    message() {},
    close() {},
    drain() {},
  };
}

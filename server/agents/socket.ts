/** `/ws/agent`: who may connect, the handshake, and silence. */
import type { Db } from "../../db/open.ts";
import { findHostByTokenHash, findRevokedToken } from "../../db/queries/hosts.ts";
import { type Clock, MINUTE_MS, SECOND_MS } from "../../shared/clock.ts";
import type { Log } from "../../shared/log.ts";
import {
  CLOSE,
  HELLO_WITHIN_MS,
  MIN_AGENT_PROTOCOL_VERSION,
  PROTOCOL_VERSION,
  SILENT_AGENT_MS,
} from "../../shared/protocol/version.ts";
import { hashToken } from "../auth/tokens.ts";
import { Refusal } from "../http/errors.ts";
import { createRateLimit } from "../http/rate-limit.ts";
import { publicRoute, type Route } from "../http/routes.ts";
import type { Socket, SocketEnd } from "../http/sockets.ts";
import type { Tick } from "../runtime/ticker.ts";
import { createTurns } from "../runtime/turns.ts";
import { SERVER_VERSION } from "../runtime/version.ts";
import { type Connection, createConnection, type Hello, type Hub } from "./hub.ts";
import type { Inbound } from "./inbound.ts";
import type { Intake } from "./intake.ts";

const STRANGERS_PER_MINUTE = 60;
/** An agent comes back after growing pauses; each greeting costs the server a look at all that the host must know. */
const CONNECTIONS_PER_MINUTE = 120;
/** What a host that sends too much is told to wait. */
const CUT_OFF_SECONDS = 5;
/** Greeting takes a millisecond or two, and after a restart a whole fleet comes at once: people must get their turn. */
const GREETED_AT_ONCE = 4;
const REPLACEMENTS_THAT_LOOK_CLONED = 3;
const REPLACEMENT_WINDOW_MS = 10 * MINUTE_MS;

export type Handshake = {
  /** Takes in what the agent says of itself. `cloned` = another machine uses this identity. */
  greet(connection: Connection, hello: Hello): "ok" | "cloned";
  connected(connection: Connection): void;
  disconnected(connection: Connection): void;
  /** The same identity keeps replacing its own connection. */
  flapping(connection: Connection): void;
};

export type AgentSocketDeps = {
  db: Db;
  clock: Clock;
  log: Log;
  hub: Hub;
  inbound(): Inbound;
  intake: Pick<Intake, "isCutOff">;
  handshake: Handshake;
  serverStateId: string;
  isDraining(): boolean;
};

export type AgentSockets = {
  routes: Route[];
  hello(connection: Connection, hello: Hello): void;
  ticks: readonly Tick[];
};

export function createAgentSockets(deps: AgentSocketDeps): AgentSockets {
  const { db, clock, log, hub, inbound, intake, handshake, serverStateId, isDraining } = deps;
  const strangers = createRateLimit({ limit: STRANGERS_PER_MINUTE, windowMs: MINUTE_MS, clock });
  const replacements = createRateLimit({
    limit: REPLACEMENTS_THAT_LOOK_CLONED - 1,
    windowMs: REPLACEMENT_WINDOW_MS,
    clock,
  });
  const connections = createRateLimit({ limit: CONNECTIONS_PER_MINUTE, windowMs: MINUTE_MS, clock });
  const open = new Set<Connection>();
  const turns = createTurns(GREETED_AT_ONCE);
  const waiting = new Map<Connection, Hello>();

  const endFor = (hostId: string, ip: string): SocketEnd => {
    let connection: Connection;
    return {
      open(ws) {
        connection = createConnection(ws, hostId, ip, clock);
        open.add(connection);
      },
      message: (_ws, frame) => {
        // Whoever speaks on before the welcome does not wait: what is said belongs after the greeting.
        greetWaiting(connection);
        if (connection.hello && !hub.isCurrent(connection)) return;
        inbound().receive(connection, frame);
      },
      close() {
        open.delete(connection);
        if (hub.detach(connection)) handshake.disconnected(connection);
      },
      drain() {},
    };
  };

  const hello = (connection: Connection, message: Hello) => {
    if (connection.hello || waiting.has(connection)) {
      connection.close(CLOSE.protocol, "hello came twice");
      return;
    }
    waiting.set(connection, message);
    turns.take(() => greetWaiting(connection));
  };

  const greetWaiting = (connection: Connection) => {
    const message = waiting.get(connection);
    if (message === undefined) return;
    waiting.delete(connection);
    if (open.has(connection)) greetSafely(connection, message);
  };

  /** Half a greeting would leave the host online and without orders: it comes again in a moment. */
  const greetSafely = (connection: Connection, message: Hello) => {
    try {
      greet(connection, message);
    } catch (error) {
      const why = error instanceof Error ? (error.stack ?? error.message) : String(error);
      log.error("an agent could not be greeted", { host_id: connection.hostId, why });
      connection.close(CLOSE.shuttingDown, "the server could not take the greeting in");
    }
  };

  const greet = (connection: Connection, message: Hello) => {
    if (message.protocol_version < MIN_AGENT_PROTOCOL_VERSION) {
      const text = `This agent speaks protocol ${message.protocol_version}; the server needs ${MIN_AGENT_PROTOCOL_VERSION} or newer. Run the installer again on this machine.`;
      connection.send("error", { code: "protocol_too_old", message: text, help_url: "/install.sh" });
      connection.close(CLOSE.protocol, "protocol too old");
      return;
    }
    if (handshake.greet(connection, message) === "cloned") {
      const text =
        "Another machine is enrolled with this identity. Enrol this machine on its own, or replace the other one.";
      connection.send("error", { code: "cloned", message: text });
      connection.close(CLOSE.cloned, "cloned");
      return;
    }
    connection.hello = message;
    if (hub.attach(connection) && replacements.hit(connection.hostId) !== null) {
      replacements.forget(connection.hostId);
      handshake.flapping(connection);
    }
    connection.send("welcome", {
      protocol_version: PROTOCOL_VERSION,
      server_version: SERVER_VERSION,
      server_state_id: serverStateId,
      host_id: connection.hostId,
      time: clock.now(),
    });
    handshake.connected(connection);
  };

  /** Closes connections that have not greeted, or are silent. */
  const sweep = () => {
    const now = clock.now();
    for (const connection of open) {
      if (!connection.hello && !waiting.has(connection) && now - connection.openedAt > HELLO_WITHIN_MS)
        connection.close(CLOSE.protocol, "no hello");
      else if (now - connection.lastFrameAt > SILENT_AGENT_MS) {
        log.info("an agent is silent; its connection is dropped", { host_id: connection.hostId });
        connection.close(CLOSE.protocol, "silent");
        // A half-open socket reports its close only when TCP gives up: the host is offline now.
        open.delete(connection);
        if (hub.detach(connection)) handshake.disconnected(connection);
      }
    }
  };

  return {
    hello,
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
            if (pause !== null) throw new Refusal(429, "slow_down", "Too much at once.", {}, pause);
            return upgrade(endFor(host.id, from.ip));
          }
          const wait = strangers.hit(from.network);
          if (wait !== null) throw new Refusal(429, "too_many_attempts", "Too many attempts.", {}, wait);
          if (!token) throw new Refusal(401, "unknown_token", "Send the agent's token.");
          return upgrade(findRevokedToken(db, tokenHash) ? turnAway("revoked") : turnAway("unknown_token"));

          function upgrade(end: SocketEnd): Response {
            if (c.env.upgrade(c.req.raw, end)) return new Response(null);
            throw new Refusal(400, "not_a_websocket", "This address takes WebSocket connections only.");
          }
        },
      }),
    ],
  };
}

/** The close code tells an agent more than an HTTP status could: `revoked` stops its schedules, `unknown_token` does not. */
function turnAway(code: "revoked" | "unknown_token"): SocketEnd {
  const message = {
    revoked: "This host was archived or replaced on the server. Its schedules stop.",
    unknown_token: "The server does not know this agent's token. Schedules go on; enrol again to reconnect.",
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

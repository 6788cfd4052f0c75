/** Answers an agent's `hello` with `welcome`, a few agents at a time. */

import type { Db } from "../../db/open.ts";
import { findSetting, putSetting } from "../../db/queries/settings.ts";
import { newId } from "../../shared/ids.ts";
import type { Log } from "../../shared/log.ts";
import { CLOSE, MIN_AGENT_PROTOCOL_VERSION, PROTOCOL_VERSION } from "../../shared/protocol/version.ts";
import { type Clock, MINUTE_MS } from "../../shared/time/clock.ts";
import { createRateLimit } from "../http/rate-limit.ts";
import { createTurns } from "../runtime/turns.ts";
import { SERVER_VERSION } from "../runtime/version.ts";
import type { Connection, Hello, Hub } from "./hub.ts";

/** A greeting takes a millisecond or two, and a whole fleet reconnects after a restart. Requests from people must not wait. */
const GREETED_AT_ONCE = 4;
const REPLACEMENTS_OF_A_CLONE = 3;
const REPLACEMENT_WINDOW_MS = 10 * MINUTE_MS;

export type Greeting = {
  /** Stores what the agent reports about itself. `cloned` = another machine uses this identity. */
  recordHello(connection: Connection, hello: Hello): "ok" | "cloned";
  connected(connection: Connection, hello: Hello): void;
  /** The same identity keeps replacing its own connection. */
  flapping(connection: Connection): void;
};

export type GreeterDeps = { clock: Clock; log: Log; hub: Hub; serverStateId: string; greeting: Greeting };

export type Greeter = {
  hello(connection: Connection, hello: Hello): void;
  /** The agent has sent hello but is still in the queue. */
  isWaiting(connection: Connection): boolean;
  /** Greets an agent that sends more before its welcome: its messages must be handled after the greeting. */
  greetNow(connection: Connection): void;
  /** The connection is closed. */
  drop(connection: Connection): void;
};

export function createGreeter({ clock, log, hub, serverStateId, greeting }: GreeterDeps): Greeter {
  const replacements = createRateLimit({
    limit: REPLACEMENTS_OF_A_CLONE - 1,
    windowMs: REPLACEMENT_WINDOW_MS,
    clock,
  });
  const turns = createTurns(GREETED_AT_ONCE);
  const waiting = new Map<Connection, Hello>();

  const greetNow = (connection: Connection) => {
    const message = waiting.get(connection);
    if (message === undefined) return;
    waiting.delete(connection);
    greetSafely(connection, message);
  };

  /** A half-finished greeting would leave the host online without orders, so the agent must reconnect. */
  const greetSafely = (connection: Connection, message: Hello) => {
    try {
      greet(connection, message);
    } catch (error) {
      const why = error instanceof Error ? (error.stack ?? error.message) : String(error);
      log.error("an agent could not be greeted; it will reconnect", { host_id: connection.hostId, why });
      connection.close(CLOSE.shuttingDown, "the server could not process hello");
    }
  };

  const greet = (connection: Connection, message: Hello) => {
    if (message.protocol_version < MIN_AGENT_PROTOCOL_VERSION) {
      const text = `This agent speaks protocol ${message.protocol_version}, but the server needs ${MIN_AGENT_PROTOCOL_VERSION} or newer. Run the installer again on this machine.`;
      connection.send("error", { code: "protocol_too_old", message: text, help_url: "/install.sh" });
      connection.close(CLOSE.protocol, "protocol too old");
      return;
    }
    if (greeting.recordHello(connection, message) === "cloned") {
      const text =
        "Another machine is enrolled with this identity. Enrol this machine separately, or replace the other one.";
      connection.send("error", { code: "cloned", message: text });
      connection.close(CLOSE.cloned, "cloned");
      return;
    }
    const { hostname, unit_version, outbox_last_seq, open_jobs } = message;
    connection.hello = {
      hostname,
      outbox_last_seq,
      open_jobs,
      ...(unit_version === undefined ? {} : { unit_version }),
    };
    if (hub.attach(connection) && replacements.hit(connection.hostId) !== null) {
      replacements.forget(connection.hostId);
      greeting.flapping(connection);
    }
    connection.send("welcome", {
      protocol_version: PROTOCOL_VERSION,
      server_version: SERVER_VERSION,
      server_state_id: serverStateId,
      host_id: connection.hostId,
      time: clock.now(),
    });
    greeting.connected(connection, message);
  };

  return {
    hello(connection, message) {
      if (connection.hello || waiting.has(connection)) {
        connection.close(CLOSE.protocol, "hello was sent twice");
        return;
      }
      waiting.set(connection, message);
      turns.take(() => greetNow(connection));
    },
    isWaiting: (connection) => waiting.has(connection),
    greetNow,
    drop: (connection) => void waiting.delete(connection),
  };
}

/** A server restored from a copy gets a new id, so that agents send again what it has lost. */
export function serverStateId(db: Db): string {
  const known = findSetting(db, "server_state_id");
  if (known) return known;
  const id = newId();
  putSetting(db, "server_state_id", id);
  return id;
}

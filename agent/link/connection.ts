/** The one outbound WebSocket: connects, stays connected, and reconnects however the connection ends. */

import type { Log } from "../../shared/log.ts";
import { parseToAgent, type ToAgent, type ToAgentPayload } from "../../shared/protocol/to-agent.ts";
import type { ToServerPayload, ToServerType } from "../../shared/protocol/to-server.ts";
import { PROTOCOL_VERSION } from "../../shared/protocol/version.ts";
import type { Clock } from "../../shared/time/clock.ts";
import type { Timings } from "../timings.ts";
import { type Ending, nextDelay, type Retry } from "./reconnect.ts";
import { openSocket, type Socket, type SocketTarget } from "./socket.ts";

export type ConnectionState = "connecting" | "connected" | "waiting" | "stopped";

export type Connection = {
  start(): void;
  /** Closes permanently. */
  stop(): void;
  /** Sends at once or not at all; durable messages go through the outbox instead. */
  send<T extends ToServerType>(type: T, payload: ToServerPayload<T>, id?: string): boolean;
  state(): ConnectionState;
  /** Why there is no connection, in one sentence; null while there is one. */
  problem(): string | null;
  /** Server time minus ours in ms, as far as known. */
  skewMs(): number;
};

export type ConnectionEvents = {
  hello(): ToServerPayload<"hello">;
  heartbeat(): ToServerPayload<"heartbeat">;
  /** The server has welcomed us; `sendFrame` takes frames from the outbox. */
  welcomed(welcome: ToAgentPayload<"welcome">, sendFrame: (frame: string) => void): void;
  received(message: ToAgent): void;
  /** A frame that does not parse: `field` names what was wrong. */
  garbled(frame: string, field: string): void;
  ended(ending: Ending): void;
};

type Options = {
  target: SocketTarget;
  events: ConnectionEvents;
  /** Server time minus ours in ms, as known to an earlier run of the agent. */
  skewMs?: number;
  clock: Clock;
  log: Log;
  timings: Timings;
  /** 0 to 1; for jitter */
  random?: () => number;
};

export function createConnection(options: Options): Connection {
  const { target, events, clock, log, timings, random = Math.random } = options;
  let socket: Socket | null = null;
  let state: ConnectionState = "stopped";
  let problem: string | null = "The agent has not connected yet";
  let skewMs = options.skewMs ?? 0;
  let retry: Retry = { failures: 0 };
  let serverError: string | null = null;
  let welcomedAt: number | null = null;
  let wake: ReturnType<typeof setTimeout> | null = null;
  let deadline: ReturnType<typeof setTimeout> | null = null;
  let pulse: ReturnType<typeof setInterval> | null = null;

  return {
    start() {
      if (state === "stopped") void connect();
    },
    stop() {
      state = "stopped";
      clearTimers();
      socket?.close(1000, "agent stops");
      socket = null;
    },
    send: (type, payload, id) => welcomedAt !== null && sendFrame(type, payload, id),
    state: () => state,
    problem: () => problem,
    skewMs: () => skewMs,
  };

  async function connect(): Promise<void> {
    state = "connecting";
    serverError = null;
    const opened = await openSocket(target, timings.connectMs, {
      message: (frame) => receive(frame),
      closed: (code, reason) => ended({ code, reason, serverError, welcomed: welcomedAt !== null }),
    });
    if (state !== "connecting") {
      if (opened.ok) opened.socket.close(1000, "agent stops");
      return;
    }
    if (!opened.ok) return ended({ code: 0, reason: opened.problem, serverError: null, welcomed: false });
    socket = opened.socket;
    sendFrame("hello", events.hello());
    deadline = setTimeout(() => drop("the server did not answer hello"), timings.welcomeMs);
  }

  function receive(frame: string): void {
    if (welcomedAt !== null) answered();
    const parsed = parseToAgent(frame);
    if (!parsed.ok) {
      if (parsed.reason === "bad") events.garbled(frame, parsed.field);
      else log.info("Ignored a message of an unknown type from the server", { type: parsed.type });
      return;
    }
    const { message } = parsed;
    if (message.type === "welcome") {
      welcomed(message.payload);
      return;
    }
    if (message.type === "error") {
      serverError = message.payload.code;
      log.warn("The server reported an error", { code: message.payload.code, text: message.payload.message });
      return;
    }
    if (welcomedAt === null) return;
    if (message.type === "heartbeat.ack") {
      skewMs = message.payload.time - clock.now();
      return;
    }
    try {
      events.received(message);
    } catch (error) {
      log.error("Could not handle a message from the server", { type: message.type, error: String(error) });
    }
  }

  function welcomed(welcome: ToAgentPayload<"welcome">): void {
    if (deadline) clearTimeout(deadline);
    deadline = null;
    if (welcome.protocol_version > PROTOCOL_VERSION) {
      serverError = "server_too_new";
      drop(`the server speaks protocol ${welcome.protocol_version}, this agent ${PROTOCOL_VERSION}`);
      return;
    }
    welcomedAt = performance.now();
    state = "connected";
    problem = null;
    skewMs = welcome.time - clock.now();
    log.info("Connected", { server: target.server, server_version: welcome.server_version });
    pulse = setInterval(beat, timings.heartbeatEveryMs);
    events.welcomed(welcome, (frame) => socket?.send(frame));
    beat();
  }

  function answered(): void {
    if (deadline) clearTimeout(deadline);
    deadline = null;
  }

  function beat(): void {
    if (welcomedAt !== null && performance.now() - welcomedAt > timings.stableMs) retry = { failures: 0 };
    if (!sendFrame("heartbeat", events.heartbeat())) return;
    deadline ??= setTimeout(() => drop("the server does not answer heartbeats"), timings.heartbeatAnswerMs);
  }

  function drop(reason: string): void {
    const gone = socket;
    socket = null;
    gone?.terminate();
    ended({ code: 0, reason, serverError, welcomed: welcomedAt !== null });
  }

  function ended(ending: Ending): void {
    if (state === "stopped" || state === "waiting") return;
    clearTimers();
    socket = null;
    welcomedAt = null;
    state = "waiting";
    const next = nextDelay(ending, retry, timings, random);
    retry = next.retry;
    problem = next.sentence;
    log.warn(next.sentence, { again_in_s: Math.round(next.delayMs / 1000) });
    events.ended(ending);
    wake = setTimeout(() => void connect(), next.delayMs);
  }

  function clearTimers(): void {
    for (const timer of [wake, deadline]) if (timer) clearTimeout(timer);
    if (pulse) clearInterval(pulse);
    wake = deadline = pulse = null;
  }

  function sendFrame<T extends ToServerType>(type: T, payload: ToServerPayload<T>, id?: string): boolean {
    if (!socket) return false;
    socket.send(JSON.stringify({ type, ts: clock.now(), ...(id === undefined ? {} : { id }), payload }));
    return true;
  }
}

/**
 * Parses frames from agents. Durable messages are applied in batches, each in its own savepoint, and acknowledged only
 * after the commit.
 */
import type { Db } from "../../db/open.ts";
import { inTransaction } from "../../db/transaction.ts";
import { escapeControls, type Log } from "../../shared/log.ts";
import {
  DURABLE_TYPES,
  type DurableType,
  type PassingType,
  parseToServer,
  type ToServerPayload,
  type ToServerType,
} from "../../shared/protocol/to-server.ts";
import { CLOSE, MAX_IN_FLIGHT_BYTES, MAX_IN_FLIGHT_MESSAGES } from "../../shared/protocol/version.ts";
import { isUnwritable } from "../../shared/sqlite-errors.ts";
import { type Clock, MINUTE_MS } from "../../shared/time/clock.ts";
import { createDailyCap } from "../http/rate-limit.ts";
import { writeAudit } from "../runtime/audit.ts";
import type { Tick } from "../runtime/ticker.ts";
import type { Connection, Hub } from "./hub.ts";
import type { Intake } from "./intake.ts";
import { type AfterCommit, createLanes, type LongWork, type Waiting } from "./lanes.ts";

const MAX_BAD_FRAMES_PER_MINUTE = 10;
/** Enough to see what a host is doing. The audit log is kept for years, and a dishonest host can send all day. */
const MAX_REFUSALS_AUDITED_PER_DAY = 100;
/** An agent stops at its window of unacknowledged messages. Twice as many waiting breaks the protocol. */
const MOST_WAITING_MESSAGES = 2 * MAX_IN_FLIGHT_MESSAGES;
const MOST_WAITING_BYTES = 2 * MAX_IN_FLIGHT_BYTES;
/** These change memory only. The other passing messages may each write to the database. */
const LIGHT: ReadonlySet<ToServerType> = new Set(["heartbeat", "job.progress"]);
/** Delay until a throttled host is tried again. */
const THROTTLED_RETRY_MS = 250;

export type { AfterCommit, LongWork };
export type DurableHandlers = {
  [T in DurableType]: (connection: Connection, payload: ToServerPayload<T>) => AfterCommit | LongWork;
};
export type PassingHandlers = {
  [T in PassingType]: (connection: Connection, payload: ToServerPayload<T>, id: string | null) => void;
};

/** A message refers to an object of another host. It is dropped and audited. */
export class ForeignObject extends Error {}
/** A message that can never be applied, for example because its repo is gone. It is logged, acknowledged and dropped. */
export class CannotApply extends Error {}

export type Inbound = {
  receive(connection: Connection, frame: string): void;
  /** Applies everything that is waiting now. Throttled messages stay with their agents. */
  flush(): void;
  ticks: readonly Tick[];
};

export type InboundDeps = {
  db: Db;
  clock: Clock;
  log: Log;
  hub: Hub;
  durable: DurableHandlers;
  passing: PassingHandlers;
  intake: Intake;
  /** A connection's acknowledged number has gone up. */
  onCommitted(connection: Connection, seq: number): void;
};

type Applied = { message: Waiting; result: AfterCommit | LongWork };

export function createInbound(deps: InboundDeps): Inbound {
  const { db, clock, log, hub, durable, passing, intake, onCommitted } = deps;
  const lanes = createLanes(hub.isCurrent);
  let isScheduled = false;
  const mayAudit = createDailyCap(clock, MAX_REFUSALS_AUDITED_PER_DAY);

  const schedule = () => {
    if (isScheduled) return;
    isScheduled = true;
    setImmediate(() => {
      isScheduled = false;
      takeTurn();
      if (lanes.hasReady()) schedule();
    });
  };

  const takeTurn = () => {
    flushBatch();
    workOn();
  };

  const flushBatch = () => {
    const batch = lanes.takeBatch(({ connection, bytes }) => intake.mayStore(connection.hostId, bytes));
    if (batch.length === 0) return;
    const applied: Applied[] = [];
    try {
      inTransaction(db, () => {
        for (const message of batch) applied.push({ message, result: applyOne(message) });
      });
    } catch (error) {
      giveUp(
        batch.map(({ connection }) => connection),
        error,
      );
      return;
    }
    for (const { message, result } of applied) if (isLong(result)) lanes.begin(message, result);
    const done = applied.filter(({ result }) => !isLong(result));
    acknowledge(done.map(({ message }) => message));
    for (const { result } of done) follow(result as AfterCommit);
  };

  /** Runs one portion of a message's long work. */
  const workOn = () => {
    const lane = lanes.nextWork();
    if (!lane?.work) return;
    const { message, portions } = lane.work;
    let effect: AfterCommit;
    try {
      const portion = inTransaction(db, () => portions.next());
      if (!portion.done) return;
      effect = portion.value;
    } catch (error) {
      if (isUnwritable(error)) {
        giveUp([message.connection], error);
        return;
      }
      inTransaction(db, () => refuse(message, error));
    }
    lanes.end(lane);
    acknowledge([message]);
    follow(effect);
  };

  const follow = (effect: AfterCommit) => guarded("the follow-up of a stored message", null, () => effect?.());

  /** Stored messages stay stored. An error here must not discard other hosts' messages. */
  const guarded = (what: string, hostId: string | null, work: () => void): void => {
    try {
      work();
    } catch (error) {
      const why = error instanceof Error ? (error.stack ?? error.message) : String(error);
      log.error(`${what} failed`, { host_id: hostId, why });
    }
  };

  const applyOne = (message: Waiting): AfterCommit | LongWork => {
    const { connection, type } = message;
    try {
      const apply = durable[type] as (connection: Connection, payload: unknown) => AfterCommit | LongWork;
      return inTransaction(db, () => apply(connection, message.payload) as never) as AfterCommit | LongWork;
    } catch (error) {
      if (isUnwritable(error)) throw error;
      refuse(message, error);
      return undefined;
    }
  };

  /** Drops the message, and records it where someone should know. */
  const refuse = ({ connection, type }: Waiting, error: unknown) => {
    const why = error instanceof Error ? error.message : String(error);
    if (error instanceof ForeignObject && mayAudit(connection.hostId)) {
      const actor = { kind: "agent", hostId: connection.hostId, ip: connection.ip } as const;
      const target = { kind: "host", id: connection.hostId, name: connection.hello?.hostname ?? "" };
      writeAudit(db, clock.now(), { actor, action: "agent.message_refused", target, payload: { type, why } });
    }
    const level = error instanceof ForeignObject || error instanceof CannotApply ? "warn" : "error";
    log[level]("a message was dropped", { type, host_id: connection.hostId, why });
  };

  const acknowledge = (batch: Waiting[]) => {
    const highest = new Map<Connection, number>();
    for (const { connection, seq } of batch) highest.set(connection, Math.max(seq, highest.get(connection) ?? 0));
    for (const [connection, seq] of highest) {
      guarded("acknowledging messages", connection.hostId, () => {
        connection.send("ack", { seq });
        onCommitted(connection, seq);
      });
    }
  };

  /** The database cannot be written now, for example because its disk is full. Nothing is acknowledged, and the agents send it all again. */
  const giveUp = (connections: readonly Connection[], error: unknown) => {
    log.error("messages from agents could not be stored; the agents will send them again", {
      why: error instanceof Error ? error.message : String(error),
    });
    for (const connection of new Set([...connections, ...lanes.connections()])) {
      lanes.drop(connection);
      connection.close(CLOSE.shuttingDown, "the server cannot store messages at the moment");
    }
  };

  /** The agent reconnects and sends again whatever is unacknowledged in its outbox. */
  const cutOff = (connection: Connection, why: string) => {
    intake.note(connection.hostId, "cut_off");
    log.warn("a host sends more than its limit; its connection was closed", { host_id: connection.hostId, why });
    lanes.drop(connection);
    connection.close(CLOSE.slowDown, "too much at once: slow down");
  };

  const refuseFrame = (connection: Connection, type: string | null, field: string) => {
    const now = clock.now();
    connection.badFramesAt = [...connection.badFramesAt.filter((at) => now - at < MINUTE_MS), now];
    const where = escapeControls(`${type ?? "frame"}: ${field}`).slice(0, 200);
    connection.send("error", { code: "bad_message", message: `This message is not valid: ${where}` });
    log.warn("an agent sent an invalid frame", { host_id: connection.hostId, where });
    if (connection.badFramesAt.length >= MAX_BAD_FRAMES_PER_MINUTE)
      connection.close(CLOSE.protocol, "too many invalid messages");
  };

  return {
    receive(connection, frame) {
      connection.lastFrameAt = clock.now();
      if (!intake.received(connection.hostId, frame.length)) {
        cutOff(connection, "too many bytes received");
        return;
      }
      const parsed = parseToServer(frame);
      if (!parsed.ok) {
        if (parsed.reason === "bad") refuseFrame(connection, parsed.type, parsed.field);
        else
          log.info("a message of an unknown type was ignored", {
            host_id: connection.hostId,
            type: escapeControls(parsed.type),
          });
        return;
      }
      const { message } = parsed;
      connection.skewMs = message.ts - clock.now();
      if (!connection.hello && message.type !== "hello") {
        connection.close(CLOSE.protocol, "the first message must be hello");
        return;
      }
      if (isDurable(message.type)) {
        const { type, seq, payload } = message;
        const waiting = lanes.push({ connection, type, seq: seq as number, payload, bytes: frame.length });
        if (waiting.messages > MOST_WAITING_MESSAGES || waiting.bytes > MOST_WAITING_BYTES)
          cutOff(connection, "too many unacknowledged messages");
        else schedule();
        return;
      }
      if (!LIGHT.has(message.type) && !intake.handled(connection.hostId)) {
        cutOff(connection, "too many passing messages");
        return;
      }
      const handle = passing[message.type as PassingType] as (
        c: Connection,
        payload: unknown,
        id: string | null,
      ) => void;
      guarded(`handling ${message.type}`, connection.hostId, () =>
        handle(connection, message.payload, message.id ?? null),
      );
    },
    flush() {
      while (lanes.hasReady()) takeTurn();
    },
    ticks: [
      {
        name: "throttled hosts",
        everyMs: THROTTLED_RETRY_MS,
        run() {
          lanes.releaseThrottled();
          if (lanes.hasReady()) schedule();
        },
      },
    ],
  };
}

function isDurable(type: string): type is DurableType {
  return (DURABLE_TYPES as readonly string[]).includes(type);
}

function isLong(result: AfterCommit | LongWork): result is LongWork {
  return typeof result === "object";
}

/**
 * Frames of agents: parsed, sorted into durable and passing ones; durable ones are applied in batches, each in its own
 * savepoint, and acknowledged only after the commit.
 */
import type { Db } from "../../db/open.ts";
import { inTransaction } from "../../db/transaction.ts";
import { type Clock, DAY_MS, MINUTE_MS } from "../../shared/clock.ts";
import { escapeControls, type Log } from "../../shared/log.ts";
import {
  DURABLE_TYPES,
  type DurableType,
  parseToServer,
  type ToServerPayload,
  type ToServerType,
} from "../../shared/protocol/to-server.ts";
import { CLOSE } from "../../shared/protocol/version.ts";
import { writeAudit } from "../runtime/audit.ts";
import type { Connection, Hub } from "./hub.ts";

const MAX_BAD_FRAMES_PER_MINUTE = 10;
/** Enough to see what a host is up to: the audit log is kept for years, and a liar can send all day. */
const MAX_REFUSALS_AUDITED_PER_DAY = 100;
/** Keeps one transaction, and so one hold of the event loop, short. */
const MAX_BATCH_WEIGHT = 4_000;

/** Runs after the commit: facts, pushes to browsers. */
export type AfterCommit = (() => void) | undefined;
export type DurableHandlers = {
  [T in DurableType]: (connection: Connection, payload: ToServerPayload<T>) => AfterCommit;
};
type PassingType = Exclude<ToServerType, DurableType>;
export type PassingHandlers = {
  [T in PassingType]: (connection: Connection, payload: ToServerPayload<T>, id: string | null) => void;
};

/** A message names something that is not the host's own: it is dropped and audited. */
export class ForeignObject extends Error {}
/** A message that can never be applied (its repo is gone, …): it is logged, acknowledged, and forgotten. */
export class CannotApply extends Error {}

type Waiting = { connection: Connection; type: DurableType; seq: number; payload: unknown };

export type Inbound = {
  receive(connection: Connection, frame: string): void;
  /** Applies everything that waits, now. */
  flush(): void;
};

export type InboundDeps = {
  db: Db;
  clock: Clock;
  log: Log;
  hub: Hub;
  durable: DurableHandlers;
  passing: PassingHandlers;
  /** A connection's acknowledged number has risen. */
  onCommitted(connection: Connection, seq: number): void;
};

export function createInbound(deps: InboundDeps): Inbound {
  const { db, clock, log, hub, durable, passing, onCommitted } = deps;
  let waiting: Waiting[] = [];
  let isScheduled = false;
  let audited = { day: 0, byHost: new Map<string, number>() };

  const mayAudit = (hostId: string): boolean => {
    const day = Math.floor(clock.now() / DAY_MS);
    if (audited.day !== day) audited = { day, byHost: new Map() };
    const count = (audited.byHost.get(hostId) ?? 0) + 1;
    audited.byHost.set(hostId, count);
    return count <= MAX_REFUSALS_AUDITED_PER_DAY;
  };

  const schedule = () => {
    if (isScheduled) return;
    isScheduled = true;
    setImmediate(() => {
      isScheduled = false;
      flushBatch();
      if (waiting.length > 0) schedule();
    });
  };

  const flushBatch = () => {
    const batch = takeBatch();
    if (batch.length === 0) return;
    const effects: AfterCommit[] = [];
    try {
      inTransaction(db, () => {
        for (const message of batch) effects.push(applyOne(message));
      });
    } catch (error) {
      giveUp(batch, error);
      return;
    }
    acknowledge(batch);
    for (const effect of effects) guarded("what follows a stored message", null, () => effect?.());
  };

  /** What is stored stays stored: an error here must not take other hosts' messages with it. */
  const guarded = (what: string, hostId: string | null, work: () => void): boolean => {
    try {
      work();
      return true;
    } catch (error) {
      const why = error instanceof Error ? (error.stack ?? error.message) : String(error);
      log.error("handling an agent's messages failed", { what, host_id: hostId, why });
      return false;
    }
  };

  const takeBatch = (): Waiting[] => {
    let weight = 0;
    let taken = 0;
    while (taken < waiting.length && weight < MAX_BATCH_WEIGHT) weight += weightOf(waiting[taken++] as Waiting);
    const batch = waiting.slice(0, taken).filter((message) => hub.isCurrent(message.connection));
    waiting = waiting.slice(taken);
    return batch;
  };

  const applyOne = (message: Waiting): AfterCommit => {
    const { connection, type } = message;
    try {
      const apply = durable[type] as (connection: Connection, payload: unknown) => AfterCommit;
      return inTransaction(db, () => apply(connection, message.payload) as never) as AfterCommit;
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      if (isDiskTrouble(error)) throw error;
      if (error instanceof ForeignObject && mayAudit(connection.hostId)) {
        const actor = { kind: "agent", hostId: connection.hostId, ip: connection.ip } as const;
        const target = { kind: "host", id: connection.hostId, name: connection.hello?.hostname ?? "" };
        writeAudit(db, clock.now(), { actor, action: "agent.message_refused", target, payload: { type, why } });
      }
      const level = error instanceof ForeignObject || error instanceof CannotApply ? "warn" : "error";
      log[level]("a message was dropped", { type, host_id: connection.hostId, why });
      return undefined;
    }
  };

  const acknowledge = (batch: Waiting[]) => {
    const highest = new Map<Connection, number>();
    for (const { connection, seq } of batch) highest.set(connection, Math.max(seq, highest.get(connection) ?? 0));
    for (const [connection, seq] of highest) {
      guarded("acknowledging", connection.hostId, () => {
        connection.send("ack", { seq });
        onCommitted(connection, seq);
      });
    }
  };

  /** The database takes nothing now (its disk is full, …): nobody gets an acknowledgement, all come back later. */
  const giveUp = (batch: Waiting[], error: unknown) => {
    log.error("messages of agents could not be stored", {
      why: error instanceof Error ? error.message : String(error),
    });
    const affected = new Set([...batch, ...waiting].map((message) => message.connection));
    waiting = [];
    for (const connection of affected) connection.close(CLOSE.shuttingDown, "the server cannot store anything now");
  };

  const refuseFrame = (connection: Connection, type: string | null, field: string) => {
    const now = clock.now();
    connection.badFramesAt = [...connection.badFramesAt.filter((at) => now - at < MINUTE_MS), now];
    const where = escapeControls(`${type ?? "frame"}: ${field}`).slice(0, 200);
    connection.send("error", { code: "bad_message", message: `This message is not valid: ${where}` });
    log.warn("a frame was not valid", { host_id: connection.hostId, where });
    if (connection.badFramesAt.length >= MAX_BAD_FRAMES_PER_MINUTE)
      connection.close(CLOSE.protocol, "too many invalid messages");
  };

  return {
    receive(connection, frame) {
      connection.lastFrameAt = clock.now();
      const parsed = parseToServer(frame);
      if (!parsed.ok) {
        if (parsed.reason === "bad") refuseFrame(connection, parsed.type, parsed.field);
        else log.info("a message of an unknown type was ignored", { type: escapeControls(parsed.type) });
        return;
      }
      const { message } = parsed;
      connection.skewMs = message.ts - clock.now();
      if (!connection.hello && message.type !== "hello") {
        connection.close(CLOSE.protocol, "the first message must be hello");
        return;
      }
      if (isDurable(message.type)) {
        waiting.push({ connection, type: message.type, seq: message.seq as number, payload: message.payload });
        schedule();
        return;
      }
      const handle = passing[message.type as PassingType] as (
        c: Connection,
        payload: unknown,
        id: string | null,
      ) => void;
      const isHandled = guarded(message.type, connection.hostId, () =>
        handle(connection, message.payload, message.id ?? null),
      );
      // Half a greeting would leave the host online and without orders: it comes again in a moment.
      if (!isHandled && message.type === "hello")
        connection.close(CLOSE.shuttingDown, "the server could not take the greeting in");
    },
    flush() {
      while (waiting.length > 0) flushBatch();
    },
  };
}

function isDurable(type: string): type is DurableType {
  return (DURABLE_TYPES as readonly string[]).includes(type);
}

function weightOf({ type, payload }: Waiting): number {
  if (type === "log.stream") return (payload as ToServerPayload<"log.stream">).lines.length;
  if (type === "snapshots.report") return 10 + (payload as ToServerPayload<"snapshots.report">).snapshots.length;
  return 10;
}

function isDiskTrouble(error: unknown): boolean {
  const code = String((error as { code?: unknown } | null)?.code ?? "");
  return /^SQLITE_(FULL|IOERR|READONLY|CORRUPT|CANTOPEN|NOMEM|BUSY|LOCKED)/.test(code);
}

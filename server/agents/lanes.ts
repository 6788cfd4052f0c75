/** Queues of messages to be stored: in order per connection, and in turns across connections, so that no host waits for another's flood. */
import type { DurableType } from "../../shared/protocol/to-server.ts";
import type { Connection } from "./hub.ts";

/** Runs after the commit: publishes facts, updates browsers. */
export type AfterCommit = (() => void) | undefined;

/** Work that is too long for one transaction. Each portion has its own, and the message is acknowledged after the last one. */
export type LongWork = { portions: Generator<void, AfterCommit> };

export type Waiting = { connection: Connection; type: DurableType; seq: number; payload: unknown; bytes: number };

export type Lane = {
  connection: Connection;
  waiting: Waiting[];
  bytes: number;
  /** Nothing behind this work is stored until it is done. */
  work: { message: Waiting; portions: LongWork["portions"] } | null;
  isThrottled: boolean;
};

export type Lanes = {
  /** @returns how much of this connection is waiting now */
  push(message: Waiting): { messages: number; bytes: number };
  /** Takes messages in turns up to a weight. Skips throttled lanes and lanes with long work. */
  takeBatch(mayStore: (message: Waiting) => boolean): Waiting[];
  /** The lane whose long work is next. */
  nextWork(): Lane | null;
  begin(message: Waiting, work: LongWork): void;
  end(lane: Lane): void;
  /** Tries throttled lanes again. */
  releaseThrottled(): void;
  /** Whether there is anything to do now. */
  hasReady(): boolean;
  drop(connection: Connection): void;
  connections(): Connection[];
};

/** Keeps a transaction short, because it blocks the event loop. */
const MAX_BATCH_WEIGHT = 4_000;
const BYTES_OF_ONE_WEIGHT = 256;
const LEAST_WEIGHT = 10;

export function createLanes(isCurrent: (connection: Connection) => boolean): Lanes {
  const lanes = new Map<Connection, Lane>();

  const laneOf = (connection: Connection): Lane => {
    const lane = lanes.get(connection) ?? { connection, waiting: [], bytes: 0, work: null, isThrottled: false };
    lanes.set(connection, lane);
    return lane;
  };
  /** The next turn starts with the other lanes. */
  const sendToEnd = (lane: Lane) => {
    lanes.delete(lane.connection);
    if (lane.waiting.length > 0 || lane.work !== null) lanes.set(lane.connection, lane);
  };
  const dropGone = () => {
    for (const lane of [...lanes.values()]) if (!isCurrent(lane.connection)) drop(lane.connection);
  };
  const drop = (connection: Connection) => {
    lanes.get(connection)?.work?.portions.return(undefined);
    lanes.delete(connection);
  };
  const isReady = (lane: Lane) => lane.work === null && !lane.isThrottled && lane.waiting.length > 0;

  return {
    drop,
    connections: () => [...lanes.keys()],
    push(message) {
      const lane = laneOf(message.connection);
      lane.waiting.push(message);
      lane.bytes += message.bytes;
      return { messages: lane.waiting.length, bytes: lane.bytes };
    },
    takeBatch(mayStore) {
      dropGone();
      const ready = [...lanes.values()].filter(isReady);
      const share = MAX_BATCH_WEIGHT / Math.max(1, ready.length);
      const batch: Waiting[] = [];
      let total = 0;
      for (const lane of ready) {
        if (total >= MAX_BATCH_WEIGHT) break;
        let weight = 0;
        let taken = 0;
        while (taken < lane.waiting.length && weight < share) {
          const message = lane.waiting[taken] as Waiting;
          if (!mayStore(message)) {
            lane.isThrottled = true;
            break;
          }
          weight += weightOf(message);
          lane.bytes -= message.bytes;
          batch.push(message);
          taken += 1;
          // Its long work must be done before anything behind it is stored.
          if (message.type === "snapshots.report") break;
        }
        lane.waiting.splice(0, taken);
        total += weight;
        sendToEnd(lane);
      }
      return batch;
    },
    nextWork() {
      dropGone();
      const lane = [...lanes.values()].find(({ work }) => work !== null) ?? null;
      if (lane) sendToEnd(lane);
      return lane;
    },
    begin(message, { portions }) {
      laneOf(message.connection).work = { message, portions };
    },
    end(lane) {
      lane.work = null;
      if (lane.waiting.length === 0) lanes.delete(lane.connection);
    },
    releaseThrottled() {
      for (const lane of lanes.values()) lane.isThrottled = false;
    },
    hasReady: () => [...lanes.values()].some((lane) => lane.work !== null || isReady(lane)),
  };
}

function weightOf({ type, payload, bytes }: Waiting): number {
  const rows = type === "log.stream" ? (payload as { lines: unknown[] }).lines.length : LEAST_WEIGHT;
  return Math.max(rows, bytes / BYTES_OF_ONE_WEIGHT);
}

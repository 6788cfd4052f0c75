/** The outbox: everything the server must learn, stored on disk before it is sent, in order, up to a limit. */

import type { Log } from "../../shared/log.ts";
import type { LogLine } from "../../shared/protocol/fields.ts";
import type { DurableType, ToServerPayload } from "../../shared/protocol/to-server.ts";
import { MAX_BATCH_BYTES, MAX_LOG_LINES_PER_FRAME } from "../../shared/protocol/version.ts";
import { isDiskTrouble } from "../../shared/sqlite-errors.ts";
import type { Clock } from "../../shared/time/clock.ts";
import type { NewOutboxRow } from "../store/outbox-rows.ts";
import type { Store } from "../store/store.ts";
import { trimOutbox } from "./trim.ts";
import { createOutboxWindow, type SendFrame } from "./window.ts";

export type DurableMessage = { [T in DurableType]: { type: T; payload: ToServerPayload<T> } }[DurableType];

export type Outbox = ReturnType<typeof createOutbox>;

type Options = {
  store: Store;
  clock: Clock;
  log: Log;
  maxBytes?: number;
  /** How long to wait before trying to write to a full disk again, in ms. */
  writeAgainMs: number;
};

type Kept = { messages: DurableMessage[]; also: () => void };

const MAX_OUTBOX_BYTES = 64 * 1024 * 1024;

export function createOutbox({ store, clock, log, maxBytes = MAX_OUTBOX_BYTES, writeAgainMs }: Options) {
  const window = createOutboxWindow(store.outbox);
  let totals = store.outbox.totals();
  /** Job states and reports that did not fit on a full disk, in order. */
  const kept: Kept[] = [];
  /** Log lines that did not fit on a full disk, by job. */
  const lost = new Map<string, { from: number; to: number }>();
  let retry: ReturnType<typeof setTimeout> | null = null;

  return {
    /**
     * Writes messages and related rows (`also`) in one synced transaction. On a full disk they are kept in
     * memory, in order, and written as soon as there is space. Returns whether they are on disk now.
     */
    put(messages: DurableMessage[], also: () => void = () => {}): boolean {
      if (kept.length === 0 && lost.size === 0 && write({ messages, also })) return true;
      kept.push({ messages, also });
      retryLater();
      return false;
    },
    /** Like `put`, but what cannot be written now is not kept: for orders, which the server sends again. */
    tryPut(messages: DurableMessage[], also: () => void): boolean {
      return kept.length === 0 && write({ messages, also });
    },
    /** Writes log lines of one job. On a full disk they are dropped, and one line marks the gap. */
    putLines(jobId: string, lines: LogLine[]): void {
      const last = lines.at(-1);
      if (!last) return;
      const messages = framesOf(jobId, lines);
      const also = () => store.jobs.setLastLine(jobId, last.seq);
      if (kept.length === 0 && !lost.has(jobId) && write({ messages, also })) return;
      const gap = lost.get(jobId);
      lost.set(jobId, { from: gap?.from ?? lines[0]!.seq, to: last.seq });
      retryLater();
    },
    /** After a welcome: sends everything unacknowledged again, from the start. */
    attach(send: SendFrame): void {
      totals = store.outbox.totals();
      window.attach(send);
    },
    detach: () => window.detach(),
    /** Everything up to `seq` has been committed by the server. */
    acknowledge(seq: number): void {
      const done = window.acknowledge(seq);
      if (done === null) return;
      try {
        store.outbox.deleteUpTo(done.upTo);
        totals.rows -= done.rows;
        totals.bytes -= done.bytes;
      } catch (error) {
        // The rows are sent again on the next connection; the server ignores repeats.
        if (!isDiskTrouble(error)) throw error;
      }
      window.pump();
    },
    /** Highest waiting number; 0 when nothing is waiting. */
    lastSeq: (): number => store.outbox.totals().last,
    pending: (): number => totals.rows + kept.length,
    /** Whether the message about this job is still waiting, so that it need not be repeated. */
    hasJobMessage: (jobId: string, type: DurableType): boolean =>
      store.outbox.hasJobMessage(jobId, type) ||
      kept.some(({ messages }) => messages.some((one) => one.type === type && jobOf(one) === jobId)),
    /** Makes a last attempt to write what did not fit on a full disk. */
    close(): void {
      if (retry) clearTimeout(retry);
      retry = null;
      window.detach();
      if (kept.length > 0 || lost.size > 0) writeKept();
    },
  };

  function write({ messages, also }: Kept): boolean {
    try {
      store.transaction(() => {
        for (const message of messages) insert(message);
        also();
        if (totals.bytes <= maxBytes) return;
        trimOutbox(store.outbox, window.sentUpTo(), totals.bytes - maxBytes, clock.now());
        totals = store.outbox.totals();
      });
    } catch (error) {
      totals = store.outbox.totals();
      if (!isDiskTrouble(error)) throw error;
      return false;
    }
    window.pump();
    return true;
  }

  function insert(message: DurableMessage): void {
    const row = rowOf(message, clock.now());
    if (row.replace_key !== null && row.report_id !== null) {
      const gone = store.outbox.deleteReplaced(row.replace_key, row.report_id, window.sentUpTo());
      totals.rows -= gone.rows;
      totals.bytes -= gone.bytes;
    }
    store.outbox.insert(row);
    totals.rows += 1;
    totals.bytes += row.bytes;
  }

  function retryLater(): void {
    if (retry) return;
    log.error("The disk is full: job states are kept in memory, log lines are dropped", { waiting: kept.length });
    retry = setTimeout(() => {
      retry = null;
      if (!writeKept()) retryLater();
    }, writeAgainMs);
  }

  function writeKept(): boolean {
    const messages: DurableMessage[] = [...lost].map(([jobId, gap]) => ({
      type: "log.stream",
      payload: { job_id: jobId, lines: [lostLine(gap, clock.now())] },
    }));
    const gaps = [...lost];
    const done = write({
      messages: [...messages, ...kept.flatMap((one) => one.messages)],
      also: () => {
        for (const [jobId, gap] of gaps) store.jobs.setLastLine(jobId, gap.to);
        for (const one of kept) one.also();
      },
    });
    if (!done) return false;
    kept.length = 0;
    lost.clear();
    log.info("The disk has space again: all job states have been written");
    return true;
  }
}

function lostLine(gap: { from: number; to: number }, now: number): LogLine {
  const payload = `Lines ${gap.from} to ${gap.to} are missing: this machine's disk was full`;
  return { seq: gap.to, ts: now, stream: "event", payload };
}

/** Frames of at most 200 lines and 256 KiB. */
function framesOf(jobId: string, lines: LogLine[]): DurableMessage[] {
  const frames: DurableMessage[] = [];
  let batch: LogLine[] = [];
  let bytes = 0;
  for (const line of lines) {
    const size = Buffer.byteLength(line.payload) + 80;
    if (batch.length > 0 && (batch.length >= MAX_LOG_LINES_PER_FRAME || bytes + size > MAX_BATCH_BYTES)) {
      frames.push({ type: "log.stream", payload: { job_id: jobId, lines: batch } });
      batch = [];
      bytes = 0;
    }
    batch.push(line);
    bytes += size;
  }
  if (batch.length > 0) frames.push({ type: "log.stream", payload: { job_id: jobId, lines: batch } });
  return frames;
}

function rowOf(message: DurableMessage, ts: number): NewOutboxRow {
  const payload = JSON.stringify(message.payload);
  const lines = message.type === "log.stream" ? message.payload.lines : null;
  return {
    type: message.type,
    ts,
    payload,
    bytes: Buffer.byteLength(payload) + 100,
    job_id: jobOf(message),
    first_line: lines?.[0]?.seq ?? null,
    last_line: lines?.at(-1)?.seq ?? null,
    ...replacement(message),
  };
}

function jobOf(message: DurableMessage): string | null {
  return "job_id" in message.payload ? message.payload.job_id : null;
}

function replacement(message: DurableMessage): { replace_key: string | null; report_id: string | null } {
  if (message.type === "snapshots.report") {
    return { replace_key: `snapshots:${message.payload.repo_id}`, report_id: message.payload.report_id };
  }
  if (message.type === "repo.stats") {
    return { replace_key: `stats:${message.payload.repo_id}`, report_id: String(message.payload.measured_at) };
  }
  return { replace_key: null, report_id: null };
}

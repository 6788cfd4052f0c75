/** Sends the outbox in order, with no more in flight at once than the peer can buffer. */
import { MAX_IN_FLIGHT_BYTES, MAX_IN_FLIGHT_MESSAGES } from "../../shared/protocol/version.ts";
import type { OutboxRow, OutboxRows } from "../store/outbox-rows.ts";

/** Hands one frame to the socket. */
export type SendFrame = (frame: string) => void;

const READ_AHEAD = 64;

export function createOutboxWindow(rows: Pick<OutboxRows, "listAfter">) {
  let send: SendFrame | null = null;
  let sentUpTo = 0;
  let inFlight: { seq: number; bytes: number }[] = [];
  let inFlightBytes = 0;

  function reset(next: SendFrame | null): void {
    send = next;
    sentUpTo = 0;
    inFlight = [];
    inFlightBytes = 0;
  }

  function pump(): void {
    while (send && inFlight.length < MAX_IN_FLIGHT_MESSAGES) {
      const limit = Math.min(READ_AHEAD, MAX_IN_FLIGHT_MESSAGES - inFlight.length);
      const next = rows.listAfter(sentUpTo, limit);
      for (const row of next) {
        if (inFlight.length > 0 && inFlightBytes + row.bytes > MAX_IN_FLIGHT_BYTES) return;
        sentUpTo = row.seq;
        inFlight.push({ seq: row.seq, bytes: row.bytes });
        inFlightBytes += row.bytes;
        send(frameOf(row));
      }
      if (next.length < limit) return;
    }
  }

  return {
    pump,
    /** Highest number sent on this connection; 0 while there is none. */
    sentUpTo: (): number => sentUpTo,
    attach(next: SendFrame): void {
      reset(next);
      pump();
    },
    detach: () => reset(null),
    /** What can be deleted now; null when this acknowledges nothing that was sent. */
    acknowledge(seq: number): { upTo: number; rows: number; bytes: number } | null {
      const upTo = Math.min(seq, sentUpTo);
      const left = inFlight.filter((one) => one.seq > upTo);
      const rows = inFlight.length - left.length;
      if (rows === 0) return null;
      const leftBytes = left.reduce((sum, one) => sum + one.bytes, 0);
      const bytes = inFlightBytes - leftBytes;
      inFlight = left;
      inFlightBytes = leftBytes;
      return { upTo, rows, bytes };
    },
  };
}

function frameOf(row: OutboxRow): string {
  return `{"type":"${row.type}","ts":${row.ts},"seq":${row.seq},"payload":${row.payload}}`;
}

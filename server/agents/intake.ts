/** How much the server takes from one host: what it stores is paced, what it receives beyond all measure ends the connection. In memory. */
import { type Clock, HOUR_MS, MINUTE_MS } from "../../shared/clock.ts";

const MIB = 1024 * 1024;
/** At once an agent's whole outbox, as after a week without the server; then by the minute. */
const BURST_BYTES = 64 * MIB;
/** What a busy day may bring; beyond that a tenth of the minute's pace. */
const DAY_BURST_BYTES = 2048 * MIB;
const DAY_SHARE = 0.1;
/** Bytes on the wire, for what is stored: also what repeats, what passes, and what is not valid. */
const RECEIVED_FACTOR = 4;
/** A tiny frame costs, too; more so if it leads to a write. */
const LEAST_FRAME_BYTES = 512;
const LEAST_STORED_BYTES = 4 * 1024;
const WRITING_FRAME_BYTES = 64 * 1024;
/** So long the host's page tells of it. */
const TOLD_FOR_MS = HOUR_MS;

export type IntakeNote = {
  /** `paced`: stored later. `cut_off`: the connection was closed. `list_too_large`: a list of snapshots was dropped. */
  what: "paced" | "cut_off" | "list_too_large";
  at: number;
};

export type Intake = {
  /** Counts a frame. @returns false when the host sends so much that its connection is to be closed */
  received(hostId: string, bytes: number): boolean;
  /** Counts what is handled at once and may write, such as a greeting. @returns as `received` */
  handled(hostId: string): boolean;
  /** The host was cut off a moment ago. */
  isCutOff(hostId: string): boolean;
  /** Whether something may be stored now; if so, it is counted. */
  mayStore(hostId: string, bytes: number): boolean;
  note(hostId: string, what: IntakeNote["what"]): void;
  /** What its page tells; null when nothing was held back lately. */
  findNote(hostId: string): IntakeNote | null;
};

type Bucket = { left: number; at: number };
type Rate = { burst: number; perMs: number };

/** @param mibPerMinute what a host may have stored, on and on */
export function createIntake({ clock, mibPerMinute }: { clock: Clock; mibPerMinute: number }): Intake {
  const perMs = (mibPerMinute * MIB) / MINUTE_MS;
  const burst = Math.max(BURST_BYTES, mibPerMinute * MIB);
  const stored = [
    createBuckets(clock, { burst, perMs }),
    createBuckets(clock, { burst: Math.max(DAY_BURST_BYTES, burst), perMs: perMs * DAY_SHARE }),
  ];
  const wire = createBuckets(clock, { burst: RECEIVED_FACTOR * burst, perMs: RECEIVED_FACTOR * perMs });
  const notes = new Map<string, IntakeNote>();
  const note: Intake["note"] = (hostId, what) => void notes.set(hostId, { what, at: clock.now() });
  return {
    note,
    received(hostId, bytes) {
      wire.take(hostId, Math.max(bytes, LEAST_FRAME_BYTES));
      return wire.hasLeft(hostId);
    },
    handled(hostId) {
      wire.take(hostId, WRITING_FRAME_BYTES);
      return wire.hasLeft(hostId);
    },
    isCutOff: (hostId) => !wire.hasLeft(hostId),
    mayStore(hostId, bytes) {
      if (!stored.every((buckets) => buckets.hasLeft(hostId))) {
        note(hostId, "paced");
        return false;
      }
      for (const buckets of stored) buckets.take(hostId, Math.max(bytes, LEAST_STORED_BYTES));
      return true;
    },
    findNote(hostId) {
      const found = notes.get(hostId);
      if (found && clock.now() - found.at > TOLD_FOR_MS) notes.delete(hostId);
      return notes.get(hostId) ?? null;
    },
  };
}

/** Each may be overdrawn once: a large message waits for no more room than a small one. */
function createBuckets(clock: Clock, { burst, perMs }: Rate) {
  const buckets = new Map<string, Bucket>();
  const filled = (hostId: string): Bucket => {
    const now = clock.now();
    const bucket = buckets.get(hostId) ?? { left: burst, at: now };
    bucket.left = Math.min(burst, bucket.left + Math.max(0, now - bucket.at) * perMs);
    bucket.at = now;
    buckets.set(hostId, bucket);
    return bucket;
  };
  return {
    hasLeft: (hostId: string) => filled(hostId).left > 0,
    take(hostId: string, bytes: number) {
      filled(hostId).left -= bytes;
    },
  };
}

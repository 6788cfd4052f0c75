/** Limits how much one host may send: storing is paced, and a far larger volume ends the connection. In memory. */
import { type Clock, HOUR_MS, MINUTE_MS } from "../../shared/time/clock.ts";

const MIB = 1024 * 1024;
/** The burst that is allowed at once: a full outbox, as after a week without the server. After that the rate per minute applies. */
const BURST_BYTES = 64 * MIB;
/** Allowance for a busy day. Beyond it, a tenth of the rate per minute applies. */
const DAY_BURST_BYTES = 2048 * MIB;
const DAY_SHARE = 0.1;
/** Limit on received bytes, as a multiple of what may be stored. It includes repeated, passing and invalid messages. */
const RECEIVED_FACTOR = 4;
/** Even a tiny frame has a cost, more so when it causes a write. */
const LEAST_FRAME_BYTES = 512;
const LEAST_STORED_BYTES = 4 * 1024;
const WRITING_FRAME_BYTES = 64 * 1024;
/** How long the host's page shows the note. */
const NOTE_SHOWN_MS = HOUR_MS;

export type IntakeNote = {
  /** `paced`: stored later. `cut_off`: the connection was closed. `list_too_large`: a list of snapshots was dropped. */
  what: "paced" | "cut_off" | "list_too_large";
  at: number;
};

export type Intake = {
  /** Counts a frame. @returns false when the host sends so much that its connection must be closed */
  received(hostId: string, bytes: number): boolean;
  /** Counts a passing message that may write, such as a greeting. @returns as `received` */
  handled(hostId: string): boolean;
  /** The host was cut off a moment ago. */
  isCutOff(hostId: string): boolean;
  /** Whether this may be stored now. If so, it is counted. */
  mayStore(hostId: string, bytes: number): boolean;
  note(hostId: string, what: IntakeNote["what"]): void;
  /** The note for the host's page. null when nothing was throttled lately. */
  findNote(hostId: string): IntakeNote | null;
};

type Bucket = { left: number; at: number };
type Rate = { burst: number; perMs: number };

/** @param mibPerMinute how much one host may have stored per minute in the long run */
export function createIntake({ clock, mibPerMinute }: { clock: Clock; mibPerMinute: number }): Intake {
  const perMs = (mibPerMinute * MIB) / MINUTE_MS;
  const burst = Math.max(BURST_BYTES, mibPerMinute * MIB);
  const stored = [
    createBuckets(clock, { burst, perMs }),
    createBuckets(clock, { burst: Math.max(DAY_BURST_BYTES, burst), perMs: perMs * DAY_SHARE }),
  ];
  const traffic = createBuckets(clock, { burst: RECEIVED_FACTOR * burst, perMs: RECEIVED_FACTOR * perMs });
  const notes = new Map<string, IntakeNote>();
  const note: Intake["note"] = (hostId, what) => void notes.set(hostId, { what, at: clock.now() });
  return {
    note,
    received(hostId, bytes) {
      traffic.take(hostId, Math.max(bytes, LEAST_FRAME_BYTES));
      return traffic.hasLeft(hostId);
    },
    handled(hostId) {
      traffic.take(hostId, WRITING_FRAME_BYTES);
      return traffic.hasLeft(hostId);
    },
    isCutOff: (hostId) => !traffic.hasLeft(hostId),
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
      if (found && clock.now() - found.at > NOTE_SHOWN_MS) notes.delete(hostId);
      return notes.get(hostId) ?? null;
    },
  };
}

/** Each bucket may be overdrawn once, so that a large message needs no more room than a small one. */
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

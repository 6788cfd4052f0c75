/** The copy of every night: when it is due, and that a failed one is told and tried again. */
import { join } from "node:path";
import { type Clock, DAY_MS, HOUR_MS } from "../../shared/clock.ts";
import type { Log } from "../../shared/log.ts";
import { type Copy, type CopyParts, copyName, dropOldCopies, listCopies, makeCopy, sharesDisk } from "./copies.ts";

/** Hour of the day (UTC) from which on the night's copy is made. */
const FROM_HOUR = 3;

/** One a day, after 03:00 UTC; a server that was off at that hour makes it up. */
export function isCopyDue(now: number, newestAt: number | null): boolean {
  const today = Math.floor(now / DAY_MS) * DAY_MS + FROM_HOUR * HOUR_MS;
  const due = now >= today ? today : today - DAY_MS;
  return newestAt === null || newestAt < due;
}

export type Copies = {
  /** The tick. @throws when the copy fails; the ticker logs it, and it is tried again */
  copyIfDue(): Promise<void>;
  /** A copy right now, for a person. @throws in plain words */
  makeNow(): Promise<Copy>;
  list(): Copy[];
  /** Where they lie, and whether a dead disk would take them with the data. */
  place(): { folder: string; sharesDisk: boolean };
  /** Why the last try failed; null when it did not. */
  problem(): string | null;
};

export type CopiesDeps = { parts: CopyParts; folder: string; keep: number; dataDir: string; clock: Clock; log: Log };

export function createCopies({ parts, folder, keep, dataDir, clock, log }: CopiesDeps): Copies {
  let problem: string | null = null;
  let running: Promise<Copy> | null = null;

  const make = async (isNightly: boolean): Promise<Copy> => {
    try {
      const copy = await makeCopy(parts, join(folder, copyName(clock.now(), isNightly)));
      dropOldCopies(folder, keep);
      problem = null;
      log.info("the database was copied", { file: copy.path, bytes: copy.bytes });
      return copy;
    } catch (error) {
      problem = error instanceof Error ? error.message : String(error);
      throw error;
    }
  };
  /** One at a time: who comes second gets the first one's copy. */
  const once = (isNightly: boolean): Promise<Copy> => {
    running ??= make(isNightly).finally(() => {
      running = null;
    });
    return running;
  };

  return {
    async copyIfDue() {
      if (isCopyDue(clock.now(), listCopies(folder)[0]?.at ?? null)) await once(true);
    },
    makeNow: () => once(false),
    list: () => listCopies(folder),
    place: () => ({ folder, sharesDisk: sharesDisk(folder, dataDir) }),
    problem: () => problem,
  };
}

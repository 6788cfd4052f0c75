/** The nightly copy of the database: when it is due, and what happens when it fails. */
import { join } from "node:path";
import type { Log } from "../../shared/log.ts";
import { type Clock, DAY_MS, HOUR_MS } from "../../shared/time/clock.ts";
import { type Copy, type CopyParts, copyName, dropOldCopies, listCopies, makeCopy, sharesDisk } from "./copies.ts";

/** Hour of the day (UTC) from which the nightly copy may be made. */
const FROM_HOUR = 3;

/** One copy a day, after 03:00 UTC. A server that was off at that hour catches up. */
export function isCopyDue(now: number, newestAt: number | null): boolean {
  const today = Math.floor(now / DAY_MS) * DAY_MS + FROM_HOUR * HOUR_MS;
  const due = now >= today ? today : today - DAY_MS;
  return newestAt === null || newestAt < due;
}

export type Copies = {
  /** Run by the ticker. @throws when the copy fails; the ticker logs that and tries again */
  copyIfDue(): Promise<void>;
  /** Makes a copy right now, for a person. @throws in plain words */
  makeNow(): Promise<Copy>;
  list(): Copy[];
  /** Where the copies are, and whether a disk failure would destroy them together with the data. */
  place(): { folder: string; sharesDisk: boolean };
  /** Why the last attempt failed. null when it succeeded. */
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
  /** One at a time: a second caller gets the first one's copy. */
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

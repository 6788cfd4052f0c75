/** Checks every few seconds whether the database can be written, so that pages, monitors and the heartbeat can report a problem. */
import { dirname } from "node:path";
import { type Db, databasePath } from "../../db/open.ts";
import { putSetting } from "../../db/queries/settings.ts";
import type { Log } from "../../shared/log.ts";
import { isDiskFull } from "../../shared/sqlite-errors.ts";
import { type Clock, SECOND_MS } from "../../shared/time/clock.ts";
import type { Tick } from "./ticker.ts";

/** Anybody may ask, but the disk is written at most this often. */
const WRITE_EVERY_MS = 5 * SECOND_MS;

export type StorageProblem = { code: "disk_full" | "database"; message: string };

export type Storage = {
  /** The last known problem with writing. Tries again when the result is too old. */
  problem(): StorageProblem | null;
  ticks: readonly Tick[];
};

export function createStorage({ db, clock, log }: { db: Db; clock: Clock; log: Log }): Storage {
  let triedAt = Number.NEGATIVE_INFINITY;
  let found: StorageProblem | null = null;
  const attempt = () => {
    try {
      putSetting(db, "ready_check", String(clock.now()));
      if (found !== null) log.info("the database can be written again", {});
      found = null;
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      if (found === null) log.error("the database cannot be written", { why });
      found = isDiskFull(error) ? diskFull(dirname(databasePath(db))) : unwritable(why);
    }
  };
  const problem: Storage["problem"] = () => {
    if (Math.abs(clock.now() - triedAt) >= WRITE_EVERY_MS) {
      triedAt = clock.now();
      attempt();
    }
    return found;
  };
  return { problem, ticks: [{ name: "storage", everyMs: WRITE_EVERY_MS, run: () => void problem() }] };
}

/** @param folder shown to people who may know it */
export function diskFull(folder: string | null): StorageProblem {
  const where = folder === null ? "" : ` in ${folder}`;
  const message = `The server's disk is full, so nothing can be saved. Free some space${where}. Agents keep their reports and send them again.`;
  return { code: "disk_full", message };
}

function unwritable(why: string): StorageProblem {
  return {
    code: "database",
    message: `The server cannot write to its database (${why}). Check the server's log and disk.`,
  };
}

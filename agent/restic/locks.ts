/** The locks in a repository: how many there are, who holds them, and in words who is in the way. */

import type { Lock } from "../../shared/protocol/fields.ts";
import { lock } from "../../shared/restic/repository.ts";
import { timeOf } from "../../shared/restic/time.ts";
import { MINUTE_MS } from "../../shared/time/clock.ts";
import { clip, countOf, durationInWords } from "../words.ts";
import type { ResticOrder } from "./argv.ts";
import { readWhole } from "./output.ts";
import type { Ask } from "./survey.ts";

export type LockList = {
  /** All lock files, whether they were read or not. */
  files: number;
  /** The locks that were read, at most ten, because each costs a command. */
  locks: Lock[];
  /** A truncated lock file was found, which stops every restic command. Reading ends there, because restic retries it for seconds. */
  isTorn: boolean;
};

const MOST_READ = 10;
/** The clocks of two machines may differ a little. */
const AHEAD_MS = 5 * MINUTE_MS;
/** restic treats another machine's lock as stale when it is older than this. */
const STALE_AFTER_MS = 30 * MINUTE_MS;
/** These need an exclusive lock; the others only wait for exclusive locks. */
const EXCLUSIVE = new Set<ResticOrder["do"]>(["forget", "prune", "check"]);

export const TORN_LOCK =
  "A lock file in the repository cannot be read: make sure that no restic process is using this repository, then run restic unlock --remove-all";

/** null when they could not be listed. */
export async function askLocks(ask: Ask): Promise<LockList | null> {
  const listed = await ask({ do: "list_locks" });
  if (listed.judgement.is !== "ok") return null;
  const ids = listed.stdout.split("\n").flatMap((line) => /^[0-9a-f]{64}$/.exec(line.trim())?.[0] ?? []);
  const found: LockList = { files: ids.length, locks: [], isTorn: false };
  for (const lockId of ids.slice(0, MOST_READ)) {
    const { judgement, stdout, stderr } = await ask({ do: "cat_lock", lockId });
    const read = judgement.is === "ok" ? readWhole(lock, stdout) : null;
    const time = read && timeOf(read.time);
    if (read && time !== null && time >= 0) found.locks.push(lockOf(lockId, read, time));
    else if (judgement.is === "ok" || stderr.some((words) => /invalid data/i.test(words))) {
      found.isTorn = true;
      break;
    }
    // It was removed in the meantime.
    else found.files -= 1;
  }
  return found;
}

type ReadLock = { exclusive: boolean; hostname: string; username: string; pid: number };

function lockOf(lockId: string, { exclusive, hostname, username, pid }: ReadLock, time: number): Lock {
  return { lock_id: lockId, time, exclusive, hostname: clip(hostname, 255), username: clip(username, 255), pid };
}

export type LockTrouble = {
  /** For the log and the job's end: who holds the lock since when, and what to do. */
  message: string;
  /** A few words for the job's progress. */
  phase: string;
  /** Waiting does not help. */
  lasts: boolean;
};

/** What keeps a command from getting its lock; null when nothing is known to. */
export function lockTrouble(list: LockList, order: ResticOrder["do"], now: number): LockTrouble | null {
  if (list.isTorn) {
    return {
      message: TORN_LOCK,
      phase: "blocked by a damaged lock file",
      lasts: true,
    };
  }
  const holders = list.locks.filter((one) => one.exclusive || EXCLUSIVE.has(order));
  // The newest lock decides how long it takes.
  const holder = holders.sort((a, b) => b.time - a.time)[0];
  if (!holder) return null;
  const who = `${holder.hostname || "an unnamed host"} (process ${holder.pid} of ${holder.username || "an unnamed user"})`;
  const more = holders.length > 1 ? `, and ${countOf(holders.length - 1, "more lock")}` : "";
  if (holder.time > now + AHEAD_MS) {
    const ahead = durationInWords(holder.time - now);
    return {
      message: `The repository is locked by ${who}${more}. The lock is dated ${ahead} in the future: that machine's clock is ahead, and restic will not treat the lock as stale before ${inUtc(holder.time + STALE_AFTER_MS)}. Correct the clock there. If no restic process is running there, run restic unlock --remove-all`,
      phase: `waiting for a lock of ${holder.hostname} dated in the future`,
      lasts: false,
    };
  }
  return {
    message: `The repository has been locked by ${who} since ${inUtc(holder.time)}${more}: wait until that restic ends, or run unlock if it is no longer running`,
    phase: `waiting for a lock held by ${holder.hostname} since ${inUtc(holder.time)}`,
    lasts: false,
  };
}

/** `2026-11-30 14:02 UTC` */
function inUtc(time: number): string {
  return `${new Date(time).toISOString().slice(0, 16).replace("T", " ")} UTC`;
}

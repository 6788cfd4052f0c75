/** Notices a child process that is idle: no CPU and no I/O, sockets and pipes included. Linux only. */
import { readFileSync } from "node:fs";
import { type Clock, MINUTE_MS } from "../../shared/time/clock.ts";
import { PLATFORM } from "../machine/platform.ts";

export type StallTimes = {
  lookEveryMs: number;
  /** Idle time after which it is logged. */
  sayAfterMs: number;
  /** Idle time after which it is stopped. */
  stopAfterMs: number;
};

/** A longer gap between two checks means that the machine slept or its clock was set, which says nothing about the process. */
const SLEPT_MS = 10 * MINUTE_MS;

export type StallWatch = { end(): void };

export type StallOptions = {
  pid: number;
  times: StallTimes;
  clock: Clock;
  said(idleMs: number): void;
  stop(idleMs: number): void;
  /** A number that rises while the process works; null when it is unknown. */
  activity?(pid: number): number | null;
};

/** Checks repeatedly until `end`, and reports each idle period once. */
export function watchForStall({ pid, times, clock, said, stop, activity = readActivity }: StallOptions): StallWatch {
  let last = activity(pid);
  let since = clock.now();
  let lookedAt = since;
  let isSaid = false;
  let timer = setTimeout(look, times.lookEveryMs);

  function look(): void {
    const now = activity(pid);
    const gap = clock.now() - lookedAt;
    if (gap < 0 || gap > SLEPT_MS) since = clock.now();
    lookedAt = clock.now();
    const idleMs = lookedAt - since;
    if (now === null || now !== last) {
      last = now;
      since = clock.now();
      isSaid = false;
    } else if (idleMs >= times.stopAfterMs) {
      stop(idleMs);
      return;
    } else if (idleMs >= times.sayAfterMs && !isSaid) {
      isSaid = true;
      said(idleMs);
    }
    timer = setTimeout(look, times.lookEveryMs);
  }
  return { end: () => clearTimeout(timer) };
}

/** The sum of CPU ticks, bytes read and bytes written since the process started. */
export function readActivity(pid: number): number | null {
  if (PLATFORM.os !== "linux") return null;
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const io = readFileSync(`/proc/${pid}/io`, "utf8");
    const bytes = [...io.matchAll(/^[rw]char: (\d+)$/gm)].reduce((sum, match) => sum + Number(match[1]), 0);
    return Number(fields[11]) + Number(fields[12]) + bytes;
  } catch {
    return null;
  }
}

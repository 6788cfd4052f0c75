/** Notices a child that does nothing: no CPU, no reading, no writing (sockets and pipes count as both). Linux only: nothing tells elsewhere. */
import { readFileSync } from "node:fs";
import { type Clock, MINUTE_MS } from "../../shared/clock.ts";
import { PLATFORM } from "../machine/platform.ts";

export type StallTimes = {
  lookEveryMs: number;
  /** Idle for this long: it is said. */
  sayAfterMs: number;
  /** Idle for this long: it is stopped. */
  stopAfterMs: number;
};

/** Between two looks: the machine slept, or its clock was moved, which says nothing about a process. */
const SLEPT_MS = 10 * MINUTE_MS;

export type StallWatch = { end(): void };

export type StallOptions = {
  pid: number;
  times: StallTimes;
  clock: Clock;
  said(idleMs: number): void;
  stop(idleMs: number): void;
  /** A number that rises while the process works; null when it cannot be told. */
  activity?(pid: number): number | null;
};

/** Looks again and again until `end`; says it once for each idle stretch. */
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

/** CPU ticks and bytes read and written since the process began, added up. */
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

// Reads from Linux's /proc what a process costs: memory, and CPU time of itself and its ended children.
import { readdirSync, readFileSync } from "node:fs";

/** Length of a clock tick in /proc/PID/stat: 100 a second on every Linux that we build for. */
const TICK_MS = 10;

export type ProcessorTime = {
  /** Of the process itself, user and system together. */
  ownMs: number;
  /** Of its children that have ended and been waited for. */
  childrenMs: number;
};

export function processorTime(pid: number): ProcessorTime {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  // The program's name stands in brackets and may hold anything.
  const fields = stat
    .slice(stat.lastIndexOf(")") + 2)
    .split(" ")
    .map(Number);
  const [utime = 0, stime = 0, childrenUser = 0, childrenSystem = 0] = fields.slice(11, 15);
  return { ownMs: (utime + stime) * TICK_MS, childrenMs: (childrenUser + childrenSystem) * TICK_MS };
}

/** Resident memory in MB of 10^6 bytes, pages shared with other processes and with files included. */
export function residentMb(pid: number): number {
  const kib = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  return (Number(kib) * 1024) / 1e6;
}

/** Direct children that live. */
export function childrenOf(pid: number): number[] {
  return readdirSync(`/proc/${pid}/task`).flatMap((task) => {
    const text = readFileSync(`/proc/${pid}/task/${task}/children`, "utf8").trim();
    return text === "" ? [] : text.split(" ").map(Number);
  });
}

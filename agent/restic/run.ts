/** The only place that starts processes for jobs: own process group, clean environment, limited output. */

import { existsSync, readFileSync } from "node:fs";
import type { Subprocess } from "bun";
import { PLATFORM } from "../machine/platform.ts";
import { createLineSplitter } from "./lines.ts";
import { OUTSIDE_PID, type OutsideOrder, type TransientUnit } from "./outside.ts";

export type ProcessOrder = {
  /** Program and arguments; never a shell. */
  command: string[];
  /** The complete environment. */
  env: Record<string, string>;
  signal: AbortSignal;
  /** Time between SIGTERM and SIGKILL, in ms. */
  killAfterMs: number;
  /** Longer lines of stdout are cut; default 1 MiB. */
  maxLineBytes?: number;
  onStdout(line: string): void;
  onStderr(line: string): void;
  onStart?(child: ChildIdentity): void;
  /** Low CPU and IO priority. */
  lowPriority: boolean;
  /** Runs in a unit of its own, outside the agent's sandbox. */
  outside?: TransientUnit | null;
};

/** A process and its start time, so that a reused process id is not mistaken for it. */
export type ChildIdentity = { pid: number; birth: string };

export type ProcessEnd =
  | { started: true /** null: ended by a signal */; code: number | null; stoppedByUs: boolean; durationMs: number }
  | { started: false; problem: string };

const MAX_LINE_BYTES = 1024 * 1024;
/** Children left behind may keep the output open: it is read for this long after the process has ended. */
const DRAIN_MS = 5000;
/** Measured: the wrappers exec their command, so the process is restic itself. */
const LOW_PRIORITY = [
  ["nice", "-n", "10"],
  ["ionice", "-c", "2", "-n", "7"],
];

/** Runs one command to its end. Never throws; a program that cannot be started is a result. */
export async function runProcess(order: ProcessOrder): Promise<ProcessEnd> {
  if (order.signal.aborted) return { started: true, code: null, stoppedByUs: true, durationMs: 0 };
  const startedAt = performance.now();
  const child = spawn(order);
  if (typeof child === "string") return { started: false, problem: child };
  let stoppedByUs = false;
  let killed = false;
  let killer: ReturnType<typeof setTimeout> | null = null;
  const stop = () => {
    stoppedByUs = true;
    signal(order, child.pid, "SIGTERM");
    killer = setTimeout(() => {
      killed = true;
      signal(order, child.pid, "SIGKILL");
    }, order.killAfterMs);
  };
  order.signal.addEventListener("abort", stop, { once: true });
  const begun = (pid: number) => order.onStart?.({ pid, birth: processBirth(pid) ?? "" });
  if (!order.outside) begun(child.pid);
  try {
    const lines = [
      readLines(child.stdout, order.maxLineBytes ?? MAX_LINE_BYTES, order.onStdout),
      readLines(child.stderr, MAX_LINE_BYTES, order.outside ? withoutPid(order.onStderr, begun) : order.onStderr),
    ];
    await child.exited;
    await drain(lines, order.killAfterMs + DRAIN_MS);
  } finally {
    order.signal.removeEventListener("abort", stop);
    if (killer) clearTimeout(killer);
  }
  const durationMs = performance.now() - startedAt;
  const code = killed && order.outside ? null : exitCode(child, order);
  if (code !== 0 && !stoppedByUs && (await endsWithTheAgent(order))) stoppedByUs = true;
  return { started: true, code, stoppedByUs, durationMs };
}

/** The agent's unit and those bound to it are stopped at the same time, and the agent may get its signal last. */
async function endsWithTheAgent({ outside, signal, killAfterMs }: ProcessOrder): Promise<boolean> {
  if (!outside?.agentStateWith || !saysStopping(outside.agentStateWith)) return false;
  const limit = AbortSignal.timeout(killAfterMs);
  const either = AbortSignal.any([signal, limit]);
  if (!either.aborted) await new Promise((resolve) => either.addEventListener("abort", resolve, { once: true }));
  return signal.aborted;
}

/** While the agent is running, a pending systemd job on its unit can only be a stop. */
function saysStopping(command: string[]): boolean {
  const { success, stdout } = Bun.spawnSync(command);
  return success && /^(ActiveState=deactivating|Job=[1-9]\d*)$/m.test(stdout.toString());
}

function spawn(order: ProcessOrder) {
  const { outside } = order;
  const command = [...(order.lowPriority ? lowPriority(order.env.PATH) : []), ...order.command];
  const inside: OutsideOrder = { command, env: order.env };
  try {
    return Bun.spawn(outside ? outside.startWith : command, {
      env: outside ? { PATH: order.env.PATH ?? "/usr/bin:/bin" } : order.env,
      stdin: outside ? Buffer.from(JSON.stringify(inside)) : "ignore",
      stdout: "pipe",
      stderr: "pipe",
      detached: PLATFORM.os === "linux",
      windowsHide: true,
    });
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** Our program in the unit reports a death by signal as shells do: 128 + signal. */
function exitCode(child: Pick<Subprocess, "exitCode" | "signalCode">, order: ProcessOrder): number | null {
  if (child.signalCode !== null) return null;
  return order.outside && child.exitCode !== null && child.exitCode > 128 && child.exitCode !== 130
    ? null
    : child.exitCode;
}

/** The first line of stderr has the process id of the actual work. */
function withoutPid(line: (text: string) => void, begun: (pid: number) => void): (text: string) => void {
  return (text) => {
    if (text.startsWith(OUTSIDE_PID)) begun(Number(text.slice(OUTSIDE_PID.length)));
    else line(text);
  };
}

async function drain(lines: Lines[], withinMs: number): Promise<void> {
  const given = setTimeout(() => lines.map((one) => one.cancel()), withinMs);
  await Promise.all(lines.map((one) => one.done));
  clearTimeout(given);
}

function lowPriority(path: string | undefined): string[] {
  if (PLATFORM.os === "windows") return [];
  return LOW_PRIORITY.flatMap(([name, ...args]) => {
    const found = Bun.which(name!, { PATH: path ?? "/usr/bin:/bin" });
    return found === null ? [] : [found, ...args];
  });
}

type Lines = { done: Promise<void>; cancel(): void };

function readLines(stream: ReadableStream<Uint8Array>, max: number, line: (text: string) => void): Lines {
  const splitter = createLineSplitter(max, line);
  const reader = stream.getReader();
  const read = async () => {
    for (let part = await reader.read(); !part.done; part = await reader.read()) splitter.push(part.value);
    splitter.end();
  };
  return { done: read(), cancel: () => void reader.cancel() };
}

function signal(order: ProcessOrder, pid: number, name: "SIGTERM" | "SIGKILL"): void {
  const { outside } = order;
  if (outside && !Bun.spawnSync(outside.signalWith(name)).success) Bun.spawnSync(outside.stopWith);
  if (!outside || name === "SIGKILL") signalGroup(pid, name);
}

/** Windows has no such process groups: only the process itself is killed there. */
function signalGroup(pid: number, signal: "SIGTERM" | "SIGKILL"): void {
  try {
    process.kill(PLATFORM.os === "linux" ? -pid : pid, signal);
  } catch {
    // It ended in the meantime.
  }
}

/** Kills a process that an earlier run of this agent left behind. Returns whether there was one. */
export function killLeftover(child: ChildIdentity): boolean {
  if (child.birth === "" || processBirth(child.pid) !== child.birth) return false;
  signalGroup(child.pid, "SIGKILL");
  return true;
}

/** Waits until a killed process is gone from the process table: restic treats its lock as alive until then. */
export async function untilGone(pid: number, withinMs: number): Promise<void> {
  const deadline = performance.now() + withinMs;
  // It is not our child, so we are not notified when it ends.
  while (PLATFORM.os === "linux" && existsSync(`/proc/${pid}`) && performance.now() < deadline) await Bun.sleep(50);
}

/** Linux: ticks from boot to the process's start, with the boot's id; null when it is gone or unknown. */
export function processBirth(pid: number): string | null {
  if (PLATFORM.os !== "linux") return null;
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    return `${boot} ${fields[19]}`;
  } catch {
    return null;
  }
}

/** Starting and stopping real processes. */
import { afterAll, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { getPriority } from "node:os";
import { join } from "node:path";
import { createCleanup } from "../../tests/testbed/temp.ts";
import { until } from "../../tests/testbed/wait.ts";
import { killLeftover, type ProcessOrder, processBirth, runProcess, untilGone } from "./run.ts";

const cleanup = createCleanup();
afterAll(() => cleanup.run());

function order(script: string, more: Partial<ProcessOrder> = {}): ProcessOrder & { out: string[]; err: string[] } {
  const out: string[] = [];
  const err: string[] = [];
  return {
    command: ["/bin/sh", "-c", script],
    env: { PATH: "/usr/bin:/bin" },
    signal: new AbortController().signal,
    killAfterMs: 200,
    lowPriority: false,
    onStdout: (line) => void out.push(line),
    onStderr: (line) => void err.push(line),
    ...more,
    out,
    err,
  };
}

test("output and exit code come back, and nothing of our environment goes in", async () => {
  const asked = order("env; echo problem >&2; exit 3");
  expect(await runProcess(asked)).toMatchObject({ started: true, code: 3, stoppedByUs: false });
  expect(asked.err).toEqual(["problem"]);
  const names = asked.out.map((line) => line.split("=")[0]);
  expect(names.filter((name) => !["PATH", "PWD", "SHLVL", "_", "OLDPWD"].includes(name ?? ""))).toEqual([]);
});

test("a program that is not there is an answer, not an exception", async () => {
  expect(await runProcess(order("", { command: ["/not/there"] }))).toMatchObject({ started: false });
});

test("stopping ends the whole group, grandchildren too", async () => {
  const file = join(await cleanup.tempFolder(), "pid");
  const abort = new AbortController();
  const running = runProcess(order(`sleep 60 & echo $! > ${file}; wait`, { signal: abort.signal }));
  const pid = Number(await until(() => readFileSync(file, "utf8").trim(), { what: "the grandchild" }));
  abort.abort();
  expect(await running).toMatchObject({ started: true, code: null, stoppedByUs: true });
  await untilGone(pid, 5000);
  expect(processBirth(pid)).toBeNull();
});

test("who does not listen to SIGTERM is killed a moment later", async () => {
  const abort = new AbortController();
  const asked = order("trap '' TERM; echo ready; while :; do sleep 1; done", { signal: abort.signal });
  const running = runProcess(asked);
  await until(() => asked.out.includes("ready"), { what: "the script" });
  const askedAt = performance.now();
  abort.abort();
  expect(await running).toMatchObject({ code: null, stoppedByUs: true });
  expect(performance.now() - askedAt).toBeGreaterThan(190);
});

test("an order that was stopped before it began starts nothing", async () => {
  const file = join(await cleanup.tempFolder(), "made");
  expect(await runProcess(order(`touch ${file}`, { signal: AbortSignal.abort() }))).toMatchObject({
    stoppedByUs: true,
  });
  expect(await Bun.file(file).exists()).toBe(false);
});

test("low priority where the system can do it, with the same process number", async () => {
  let pid = 0;
  const asked = order("echo $$; nice", { lowPriority: true, onStart: (child) => (pid = child.pid) });
  await runProcess(asked);
  expect(asked.out).toEqual([String(pid), String(Math.min(19, getPriority() + 10))]);
});

test("a million lines pass through flat memory", async () => {
  let lines = 0;
  Bun.gc(true);
  const before = process.memoryUsage().rss;
  await runProcess(
    order("yes 'a line of output that is neither long nor short' | head -n 1000000", { onStdout: () => void lines++ }),
  );
  Bun.gc(true);
  expect(lines).toBe(1_000_000);
  expect((process.memoryUsage().rss - before) / 1e6).toBeLessThan(60);
});

test("a process left behind is ended, a later one with its number is not", async () => {
  const left = Bun.spawn(["sleep", "60"], { detached: true });
  const birth = processBirth(left.pid) ?? "";
  expect(killLeftover({ pid: left.pid, birth: "another boot 1" })).toBe(false);
  expect(left.exitCode).toBeNull();
  expect(killLeftover({ pid: left.pid, birth })).toBe(true);
  await left.exited;
  expect(left.signalCode).toBe("SIGKILL");
});

/** Running processes in units outside the sandbox. */
import { afterAll, expect, test } from "bun:test";
import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createCleanup } from "../../tests/testbed/temp.ts";
import { accessOf } from "./access.ts";
import { createOutside, OUTSIDE_PID, ownUnit, type TransientUnit } from "./outside.ts";
import { runProcess } from "./run.ts";

const cleanup = createCleanup();
afterAll(() => cleanup.run());

const repo = (url: string) =>
  accessOf("r", "vault", { url, http_username: null, http_password: null, repo_password: "p", env: {} });

test("the unit is read from either form of control groups", () => {
  expect(ownUnit("0::/system.slice/restic-manager-agent.service\n")).toBe("restic-manager-agent.service");
  const hybrid = "9:memory:/\n1:name=systemd:/system.slice/restic-manager-agent.service\n0::/\n";
  expect(ownUnit(hybrid)).toBe("restic-manager-agent.service");
  expect(ownUnit("0::/user.slice/user-1000.slice/session-2.scope\n")).toBeNull();
  expect(ownUnit("")).toBeNull();
});

test("without a sandbox nothing leaves it", () => {
  const outside = createOutside({ allowed: true, path: "/usr/bin:/bin", program: "/agent", unitName: null });
  expect(outside).toMatchObject({ sandboxed: false, possible: true, sweep: null });
  expect(outside.unit("job")).toBeNull();
  expect(outside.unitFor(repo("/not/there"), "job")).toBeNull();
});

/** Stands for systemd-run: the program itself, started with the same pipes. */
async function unitWith(agentStateWith: TransientUnit["agentStateWith"]): Promise<TransientUnit> {
  const program = join(await cleanup.tempFolder(), "systemd-run");
  writeFileSync(
    program,
    `#!/bin/sh\nexec '${process.execPath}' '${join(import.meta.dir, "../main.ts")}' run-outside\n`,
  );
  chmodSync(program, 0o755);
  const name = "u.service";
  return { name, startWith: [program], signalWith: () => ["/bin/false"], stopWith: ["/bin/false"], agentStateWith };
}

test("command, environment, output, exit code and process pass through a unit", async () => {
  const outside = await unitWith(null);
  const lines: string[] = [];
  const pids: number[] = [];
  const order = {
    env: { PATH: "/usr/bin:/bin", SECRET: "by stdin" },
    signal: new AbortController().signal,
    killAfterMs: 1000,
    lowPriority: false,
    outside,
    onStdout: (line: string) => void lines.push(`out ${line}`),
    onStderr: (line: string) => void lines.push(`err ${line}`),
    onStart: ({ pid }: { pid: number }) => void pids.push(pid),
  };
  const script = 'echo "$SECRET"; echo $$ >&2; exit 11';
  const end = await runProcess({ ...order, command: ["/bin/sh", "-c", script] });
  expect(end).toMatchObject({ started: true, code: 11 });
  expect(lines.sort()).toEqual([`err ${pids[0]}`, "out by stdin"]);
  expect(lines.join()).not.toContain(OUTSIDE_PID);
  expect(await runProcess({ ...order, command: ["/bin/sh", "-c", "kill -KILL $$"] })).toMatchObject({ code: null });
  expect(await runProcess({ ...order, command: ["/not/there"] })).toMatchObject({ code: 127 });
});

test.each([
  ["deactivating", "ActiveState=deactivating", true],
  ["about to be stopped", "ActiveState=active\nJob=4711", true],
  ["active", "ActiveState=active", false],
])("what ends while the agent's unit is %s", async (_, state, withTheAgent) => {
  const stopping = new AbortController();
  const run = runProcess({
    env: { PATH: "/usr/bin:/bin" },
    signal: stopping.signal,
    killAfterMs: 20_000,
    lowPriority: false,
    outside: await unitWith(["/bin/echo", state]),
    onStdout() {},
    // The agent hears of it after its work has ended.
    onStderr: () => void setTimeout(() => stopping.abort(), 500),
    command: ["/bin/sh", "-c", "echo ending >&2; kill -TERM $$"],
  });
  expect(await run).toMatchObject({ started: true, code: null, stoppedByUs: withTheAgent });
});

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

test("command, environment, output, exit code and process pass through a unit", async () => {
  const folder = await cleanup.tempFolder();
  // Stands for systemd-run: the program itself, started with the same pipes.
  const program = join(folder, "systemd-run");
  writeFileSync(
    program,
    `#!/bin/sh\nexec '${process.execPath}' '${join(import.meta.dir, "../main.ts")}' run-outside\n`,
  );
  chmodSync(program, 0o755);
  const outside: TransientUnit = {
    name: "u.service",
    startWith: [program],
    signalWith: () => ["/bin/false"],
    stopWith: ["/bin/false"],
  };
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

/** A status file counts only while the agent that wrote it is running. */
import { afterAll, expect, test } from "bun:test";
import { utimesSync, writeFileSync } from "node:fs";
import { uptime } from "node:os";
import { join } from "node:path";
import { createCleanup } from "../../tests/testbed/temp.ts";
import { processBirth } from "../restic/run.ts";
import { type AgentStatus, createStatusFile, ownIdentity, readStatus } from "./status-file.ts";

const cleanup = createCleanup();
afterAll(() => cleanup.run());

function status(changes: Partial<AgentStatus> = {}): AgentStatus {
  return {
    ...ownIdentity(),
    ...{ connected: true, problem: null, agent_version: "0.1.0", restic_version: null, state_version: 1, skew_ms: 0 },
    runs_owed_hook: false,
    ...changes,
  };
}

/** A process that is no agent, as a number that was given away again. */
function stranger(): number {
  const child = Bun.spawn(["sleep", "60"]);
  cleanup.add(() => child.kill());
  return child.pid;
}

test("of this process it is true", async () => {
  const folder = await cleanup.tempFolder();
  createStatusFile(folder).write(status());
  expect(readStatus(folder)).toMatchObject({ pid: process.pid });
});

test("another program under the same number, born at the same tick after another boot, is no agent", async () => {
  const folder = await cleanup.tempFolder();
  const pid = stranger();
  createStatusFile(folder).write(status({ pid, birth: processBirth(pid) }));
  expect(readStatus(folder)).toBeNull();
});

test("where the start time is unknown, a file from before this boot is stale", async () => {
  const folder = await cleanup.tempFolder();
  createStatusFile(folder).write(status({ pid: stranger(), birth: null, program: null }));
  expect(readStatus(folder)).not.toBeNull();
  const before = Date.now() / 1000 - uptime() - 3600;
  utimesSync(join(folder, "status.json"), before, before);
  expect(readStatus(folder)).toBeNull();
});

test("an older agent's file, which names no program, is read by its number and tick", async () => {
  const folder = await cleanup.tempFolder();
  const { program: _, ...older } = status();
  writeFileSync(join(folder, "status.json"), JSON.stringify(older));
  expect(readStatus(folder)).toMatchObject({ pid: process.pid });
  writeFileSync(join(folder, "status.json"), JSON.stringify({ ...older, birth: "boot 1" }));
  expect(readStatus(folder)).toBeNull();
});

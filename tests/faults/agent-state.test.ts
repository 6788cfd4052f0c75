/** An agent that is killed, wiped, set back or cut off, and a server set back to an older copy: each job reaches its true end, and the next backup works. */
import { afterAll, describe, expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createCleanup } from "../testbed/temp.ts";
import { until } from "../testbed/wait.ts";
import { openScene, type Scene } from "./scene.ts";

const cleanup = createCleanup();
afterAll(cleanup.run, 60_000);

/** Starts a backup that would take minutes, and resolves when restic holds its lock. */
async function runSlowly(scene: Scene): Promise<string> {
  for (let n = 0; n < 40; n++) writeFileSync(join(scene.source, `big-${n}`), randomBytes(500_000));
  const usual = readFileSync(scene.wrapper, "utf8");
  writeFileSync(scene.wrapper, usual.replace('"$@"\n', '"$@" --limit-upload 100\n'));
  const id = await scene.run();
  const locks = join(scene.source, "../repository/locks");
  await until(
    async () =>
      (await scene.job(id)).status === "running" && readdirSync(locks).some((name) => /^[0-9a-f]{64}$/.test(name)),
    { what: "a running backup" },
  );
  writeFileSync(scene.wrapper, usual);
  return id;
}

const stateOf = (scene: Scene) => join(scene.source, "..", "state");
async function stopAgent(scene: Scene): Promise<void> {
  scene.killAgent();
  await scene.agent().exited;
}

const expectNextBackupWorks = async (scene: Scene) =>
  expect((await scene.ended(await scene.run())).status).toBe("succeeded");

describe.each([["restic-0.18" as const], ["restic-0.19" as const]])("with %s", (restic) => {
  test("an agent killed during a backup says so afterwards, and the next backup succeeds in spite of the lock", async () => {
    const scene = await openScene(cleanup, { restic });
    const id = await runSlowly(scene);
    scene.killAgent();
    await scene.restartAgent();
    expect(await scene.ended(id)).toMatchObject({
      status: "failed",
      error_code: "agent_restarted",
      closed_by: "agent",
    });
    await expectNextBackupWorks(scene);
  }, 90_000);
});

test("an agent whose state was wiped gets everything anew; the job that it forgot is failed", async () => {
  const scene = await openScene(cleanup);
  const id = await runSlowly(scene);
  await stopAgent(scene);
  rmSync(stateOf(scene), { recursive: true });
  await scene.restartAgent();
  expect(await scene.ended(id)).toMatchObject({ status: "failed", error_code: "agent_lost_job", closed_by: "server" });
  await expectNextBackupWorks(scene);
}, 90_000);

test("an agent set back to an older state repeats itself without doubling anything", async () => {
  const scene = await openScene(cleanup);
  const copy = await cleanup.tempFolder();
  await stopAgent(scene);
  cpSync(stateOf(scene), copy, { recursive: true });
  await scene.restartAgent();
  const first = await scene.ended(await scene.run());
  await stopAgent(scene);
  rmSync(stateOf(scene), { recursive: true });
  cpSync(copy, stateOf(scene), { recursive: true });
  await scene.restartAgent();
  await expectNextBackupWorks(scene);
  expect(await scene.job(first.id)).toMatchObject({ status: "succeeded", closed_by: "agent" });
}, 90_000);

test("a server restored from an older copy learns again what it has forgotten", async () => {
  const scene = await openScene(cleanup);
  const { dataDir } = scene.server();
  await scene.server().stop();
  const copy = await cleanup.tempFolder();
  cpSync(dataDir, copy, { recursive: true });
  await scene.restartServer();
  const forgotten = await scene.ended(await scene.run());
  expect(forgotten.status).toBe("succeeded");
  await scene.server().stop();
  rmSync(dataDir, { recursive: true });
  cpSync(copy, dataDir, { recursive: true });
  await forgetStateId(dataDir);
  await scene.restartServer();
  const again = await scene.ended(forgotten.id);
  expect(again).toMatchObject({ status: "succeeded", closed_by: "agent" });
  await expectNextBackupWorks(scene);
}, 90_000);

test("a server that stopped answering is left and found again when it goes on", async () => {
  const scene = await openScene(cleanup);
  const { pid } = scene.server();
  process.kill(pid, "SIGSTOP");
  const before = scene.agent().log().length;
  try {
    await until(() => /dropp|no answer|silent|lost/i.test(scene.agent().log().slice(before)), {
      timeoutMs: 30_000,
      what: "the agent's notice",
    });
  } finally {
    process.kill(pid, "SIGCONT");
  }
  await expectNextBackupWorks(scene);
}, 90_000);

test("an agent that was frozen for a while goes on where it stood", async () => {
  const scene = await openScene(cleanup);
  const { pid } = scene.agent();
  process.kill(pid, "SIGSTOP");
  try {
    const id = await scene.run();
    expect((await scene.job(id)).status).toBe("queued");
    process.kill(pid, "SIGCONT");
    expect((await scene.ended(id)).status).toBe("succeeded");
  } finally {
    process.kill(pid, "SIGCONT");
  }
  await expectNextBackupWorks(scene);
}, 90_000);

/** What `restore` does: a restored database announces a new state id. */
async function forgetStateId(dataDir: string): Promise<void> {
  const { Database } = await import("bun:sqlite");
  const database = new Database(join(dataDir, "restic-manager.db"));
  database.run("DELETE FROM settings WHERE key = 'server_state_id'");
  database.close();
}

/** The agent as a separate process: killed while working, stopped by a signal, started twice. The server is faked. */

import { Database } from "bun:sqlite";
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { newId } from "../../shared/ids.ts";
import { agentIn } from "../../tests/testbed/agent.ts";
import { copyRepoTemplate } from "../../tests/testbed/repo-template.ts";
import { createCleanup } from "../../tests/testbed/temp.ts";
import { ensureTools } from "../../tests/testbed/tools.ts";
import { until } from "../../tests/testbed/wait.ts";
import { saveConfig } from "../config.ts";
import { startFakeServer } from "../testing/fake-server.ts";
import { agentFixture, desiredState, localCredential, order } from "../testing/fixture.ts";

const cleanup = createCleanup();
afterAll(() => cleanup.run(), 60_000);

let tools: Record<"restic-0.18" | "restic-0.19", string>;
beforeAll(async () => {
  tools = await ensureTools(["restic-0.18", "restic-0.19"]);
}, 180_000);

/** An enrolled machine with a local repository and a tree that takes a while to save. */
async function machine(restic: string) {
  const home = await cleanup.tempFolder();
  const server = startFakeServer();
  cleanup.add(() => server.stop());
  const { environment, config } = agentFixture(home, server.url, restic);
  saveConfig(environment, config);
  const source = join(home, "source");
  mkdirSync(source);
  for (let i = 0; i < 150; i++)
    writeFileSync(join(source, `file-${i}`), crypto.getRandomValues(new Uint8Array(60_000)));
  const repo = await copyRepoTemplate(join(home, "repo"));
  const repoId = newId();
  const credential = localCredential(repo);
  const state = desiredState({ repoId, credential, group: { includes: [source] } });
  const agent = agentIn({ home, restic });
  const start = async () => {
    const before = server.list("hello").length;
    const process = agent.start();
    cleanup.add(() => process.kill("SIGKILL"));
    await until(() => server.list("hello").length > before, { what: "a hello" });
    return process;
  };
  const backup = (up: number | null) =>
    order("backup", repoId, {
      source_group_id: state.source_groups[0]!.id,
      state_version: 1,
      bandwidth: { up_kbps: up, down_kbps: null },
    });
  const slowlyStarted = async () => {
    const slow = backup(300);
    server.send("command.run", slow);
    await server.wait("log.stream", (one) =>
      one.payload.lines.some((line) => line.payload.startsWith("restic backup")),
    );
    return slow;
  };
  const send = () => server.send("state.set", state);
  return { home, server, agent, repo, start, backup, slowlyStarted, send };
}

/** Under its first, temporary name nobody takes the file for a lock. */
const locks = (repository: string) =>
  readdirSync(join(repository, "locks")).filter((name) => /^[0-9a-f]{64}$/.test(name));

async function resticRuns(repository: string): Promise<number> {
  const { stdout } = Bun.spawnSync(["pgrep", "-f", `restic backup .*${repository.replace("/repo", "")}`]);
  return stdout.toString().split("\n").filter(Boolean).length;
}

test.each(["restic-0.18", "restic-0.19"] as const)(
  "%s: an agent killed during a backup closes it and goes on",
  async (version) => {
    const { server, start, backup, slowlyStarted, send, repo } = await machine(tools[version]);
    const first = await start();
    send();
    await server.wait("state.ack");
    const slow = await slowlyStarted();
    await until(() => locks(repo.path).length > 0, { what: "restic's lock" });
    first.kill("SIGKILL");
    await first.exited;

    await start();
    const hello = server.list("hello").at(-1)!;
    expect(hello.payload).toMatchObject({ applied_state_version: 1, applied_state_digest: "digest-1", open_jobs: [] });
    expect(hello.payload.outbox_last_seq).toBeGreaterThan(0);
    const end = await server.wait("job.finished", (one) => one.payload.job_id === slow.job_id);
    expect(end.payload).toMatchObject({ status: "failed", error_code: "agent_restarted" });
    const lines = server
      .list("log.stream")
      .flatMap((one) => (one.payload.job_id === slow.job_id ? one.payload.lines : []));
    expect(lines.some((line) => line.payload.startsWith("restic backup"))).toBe(true);
    expect(lines.at(-1)?.payload).toStartWith("Failed: The agent was restarted");
    const numbers = [...new Set(lines.map((line) => line.seq))];
    expect(numbers).toEqual([...numbers].sort((a, b) => a - b));
    await until(async () => (await resticRuns(repo.path)) === 0, { what: "no restic of the killed agent" });

    const next = backup(null);
    server.send("command.run", next);
    const saved = await server.wait("job.finished", (one) => one.payload.job_id === next.job_id, 30_000);
    expect(saved.payload).toMatchObject({ status: "succeeded", warnings: 0 });
    const log = server
      .list("log.stream")
      .flatMap((one) => (one.payload.job_id === next.job_id ? one.payload.lines : []));
    expect(log.some((line) => line.payload.includes("removing its stale lock"))).toBe(true);
    expect(locks(repo.path)).toEqual([]);
  },
  60_000,
);

test("an agent whose records refuse a job ends with an error instead of holding its lane while it looks alive", async () => {
  const { home, server, start, backup, send } = await machine(tools["restic-0.19"]);
  const first = await start();
  send();
  await server.wait("state.ack");
  const records = new Database(join(home, "state", "agent.db"));
  records.run(`CREATE TRIGGER refuse BEFORE UPDATE OF status ON jobs WHEN new.status = 'running'
    BEGIN SELECT raise(ABORT, 'the records refuse this'); END`);
  const job = backup(null);
  server.send("command.run", job);
  expect(await first.exited).toBe(1);
  expect(first.log()).toContain("Jobs can no longer be recorded");
  expect(first.log()).toContain("the records refuse this");
  records.run("DROP TRIGGER refuse");
  records.close();

  await start();
  const end = await server.wait("job.finished", (one) => one.payload.job_id === job.job_id, 30_000);
  expect(end.payload.status).toBe("succeeded");
}, 60_000);

test("an agent that is told to stop ends its job, says so, and leaves what waits for its next start", async () => {
  const { server, start, backup, slowlyStarted, send, agent } = await machine(tools["restic-0.19"]);
  const first = await start();
  send();
  await server.wait("state.ack");
  const slow = await slowlyStarted();
  const waiting = backup(null);
  server.send("command.run", waiting);
  await server.wait("job.queued", (one) => one.payload.job_id === waiting.job_id);
  const second = await agent.command(["run"]);
  expect(second).toMatchObject({ code: 1 });
  expect(second.stderr).toContain("already running");
  const status = JSON.parse((await agent.command(["status", "--json"])).stdout) as Record<string, unknown>;
  expect(status).toMatchObject({ connected: true, state_version: 1, restic_version: "0.19.1" });
  expect((status["jobs"] as { status: string }[]).map((job) => job.status)).toEqual(["running", "queued"]);

  expect(await first.stop()).toBe(0);
  const end = await server.wait("job.finished", (one) => one.payload.job_id === slow.job_id);
  expect(end.payload).toMatchObject({ status: "failed", error_code: "agent_restarted" });
  expect(JSON.parse((await agent.command(["status", "--json"])).stdout)).toMatchObject({
    connected: false,
    running: false,
  });

  await start();
  expect(
    server
      .list("hello")
      .at(-1)
      ?.payload.open_jobs.map((job) => job.job_id),
  ).toEqual([waiting.job_id]);
  const saved = await server.wait("job.finished", (one) => one.payload.job_id === waiting.job_id, 30_000);
  expect(saved.payload.status).toBe("succeeded");
}, 60_000);

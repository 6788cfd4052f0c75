/** Wherever the connection is cut, no message is lost and the order is kept; and what follows a job. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { newId } from "../../shared/ids.ts";
import type { ToServer } from "../../shared/protocol/to-server.ts";
import { copyRepoTemplate } from "../../tests/testbed/repo-template.ts";
import { createCleanup } from "../../tests/testbed/temp.ts";
import { ensureTools } from "../../tests/testbed/tools.ts";
import { until } from "../../tests/testbed/wait.ts";
import { startFakeServer } from "../testing/fake-server.ts";
import { agentFixture, desiredState, localCredential, order } from "../testing/fixture.ts";

const cleanup = createCleanup();
afterAll(() => cleanup.run(), 30_000);

let restic: string;
beforeAll(async () => {
  restic = (await ensureTools(["restic-0.19"]))["restic-0.19"];
}, 180_000);

async function machine() {
  const folder = await cleanup.tempFolder();
  const source = join(folder, "source");
  mkdirSync(source);
  writeFileSync(join(source, "letter"), "dear reader");
  const repo = await copyRepoTemplate(join(folder, "repo"));
  const server = startFakeServer();
  cleanup.add(() => server.stop());
  const fixture = agentFixture(folder, server.url, restic);
  const agent = await fixture.start();
  cleanup.add(() => agent.stop());
  const repoId = newId();
  const credential = localCredential(repo);
  const state = desiredState({ repoId, credential, group: { includes: [source, join(source, "gone")] } });
  await server.wait("hello");
  server.send("state.set", state);
  await server.wait("state.ack");
  const backup = () =>
    order("backup", repoId, { source_group_id: state.source_groups[0]!.id, state_version: 1, bandwidth: null });
  return { server, repoId, backup, agent };
}

/** What a server would keep of a job: states in order, lines by number. */
function kept(heard: ToServer[], jobId: string) {
  const mine = heard.filter((one) => "job_id" in one.payload && one.payload.job_id === jobId);
  const states = [
    ...new Set(mine.map((one) => one.type).filter((type) => /^job\.(queued|started|finished)$/.test(type))),
  ];
  const lines = new Map<number, string>();
  for (const one of mine) {
    if (one.type !== "log.stream") continue;
    for (const line of one.payload.lines) {
      expect(lines.get(line.seq) ?? line.payload).toBe(line.payload);
      lines.set(line.seq, line.payload);
    }
  }
  return { states, numbers: [...lines.keys()].sort((a, b) => a - b), first: lines.get(1) };
}

test("the connection cut after each frame of a backup: the server ends up with the same", async () => {
  const { server, backup } = await machine();
  const cutAt = async (k: number) => {
    const command = backup();
    let frames = 0;
    server.behaviour.cutAfter = (message) =>
      "job_id" in message.payload && message.payload.job_id === command.job_id && ++frames === k;
    await until(() => server.connected() && server.heard.at(-1)?.type !== "hello", { what: "a welcome connection" });
    await until(
      () => {
        // As a real server does: the order is sent until it is accepted.
        if (!server.find("job.queued", (one) => one.payload.job_id === command.job_id))
          server.send("command.run", command);
        return server.find("job.finished", (one) => one.payload.job_id === command.job_id);
      },
      { what: `the end of the job cut at frame ${k}`, everyMs: 100 },
    );
    await until(() => server.connected() && server.list("heartbeat").length > 0, { what: "the connection after it" });
    return { ...kept(server.heard, command.job_id), frames };
  };
  const undisturbed = await cutAt(Number.POSITIVE_INFINITY);
  expect(undisturbed.states).toEqual(["job.queued", "job.started", "job.finished"]);
  const all = undisturbed.numbers.length;
  expect(undisturbed.numbers).toEqual(Array.from({ length: all }, (_, i) => i + 1));
  for (let k = 1; k <= undisturbed.frames; k++) {
    const { states, numbers, first } = await cutAt(k);
    expect(states).toEqual(undisturbed.states);
    expect(numbers).toEqual(undisturbed.numbers);
    expect(first).toBe(undisturbed.first!);
  }
  expect(server.garbled).toEqual([]);
}, 120_000);

test("acknowledgements that get lost: everything comes again, from the start", async () => {
  const { server, backup } = await machine();
  server.behaviour.ack = false;
  const command = backup();
  server.send("command.run", command);
  await server.wait("job.finished", (one) => one.payload.job_id === command.job_id);
  const before = server.heard.length;
  server.behaviour.ack = true;
  server.cut();
  await until(() => server.list("job.finished").length === 2, { what: "the job's end once more" });
  const again = server.heard.slice(before).filter((one) => one.seq !== undefined);
  const numbers = again.map((one) => one.seq ?? 0);
  expect(numbers).toEqual([...numbers].sort((a, b) => a - b));
  expect(kept(again, command.job_id).states).toEqual(["job.queued", "job.started", "job.finished"]);
  await until(() => server.list("heartbeat").at(-1)?.payload.outbox_pending === 0, { what: "an empty outbox" });
}, 60_000);

test("measuring gives way to a job and is done afterwards, once", async () => {
  const { server, backup, repoId } = await machine();
  const jobs = [backup(), backup(), backup()];
  for (const job of jobs) server.send("command.run", job);
  const third = await server.wait("job.finished", (one) => one.payload.job_id === jobs[2]!.job_id);
  const measured = await server.wait("repo.stats", (one) => one.payload.repo_id === repoId);
  expect(server.heard.indexOf(measured)).toBeGreaterThan(server.heard.indexOf(third));
  const report = await server.wait("snapshots.report");
  expect(report.payload.snapshots).toHaveLength(3);
  const last = backup();
  server.send("command.run", last);
  const { payload } = await server.wait("job.finished", (one) => one.payload.job_id === last.job_id);
  const saved = String(payload.stats?.["snapshot_id"]);
  await server.wait("snapshots.added", ({ payload: { snapshots } }) =>
    snapshots.some((one) => one.snapshot_id === saved && one.parent !== null),
  );
  expect(server.list("repo.stats")).toHaveLength(1);
}, 60_000);

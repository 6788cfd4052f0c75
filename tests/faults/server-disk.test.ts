/** The server's disk fills up while a job logs: only stored messages are acknowledged, and nothing is missing once there is space again. */
import { afterAll, expect, test } from "bun:test";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { enrollIdentity } from "../testbed/hosts.ts";
import { signIn, startServer } from "../testbed/server.ts";
import { connectSimulated, endOf, fieldsOf, linesOf, type SimulatedAgent } from "../testbed/simulated-agent.ts";
import { createCleanup } from "../testbed/temp.ts";
import { until } from "../testbed/wait.ts";

const cleanup = createCleanup();
afterAll(cleanup.run, 30_000);
const FRAMES = 150;
const LINES = 200;

function tmpfs(folder: string): boolean {
  return Bun.spawnSync(["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", folder]).exitCode === 0;
}

test("a full disk loses and doubles nothing", async () => {
  const dataDir = await cleanup.tempFolder();
  if (!tmpfs(dataDir)) {
    console.log("skipped: this machine cannot mount a small file system");
    return;
  }
  cleanup.add(async () => void Bun.spawnSync(["umount", "-l", dataDir]));
  const server = await startServer({ dataDir });
  cleanup.add(async () => void (await server.stop()));
  const client = await signIn(server);
  const identity = await enrollIdentity(client, { name: "sim-disk", backupNow: false });
  const run = await client.post<{ job_ids: string[] }>(
    `/api/hosts/${identity.hostId}/source-groups/${identity.groupId}/run`,
  );
  const id = run.job_ids[0] ?? "";
  const agent = await connectSimulated(server.url, identity);
  const fields = fieldsOf(await agent.waitFor("command.run", (order) => order.job_id === id));
  agent.send("job.started", { ...fields, started_at: Date.now(), restic_version: "0.19.1" }, { seq: 1 });
  await agent.waitFor("ack", ({ seq }) => seq === 1);

  const ballast = join(dataDir, "ballast");
  const free = Number(Bun.spawnSync(["df", "--output=avail", "-B1", dataDir]).stdout.toString().split("\n")[1]);
  writeFileSync(ballast, new Uint8Array(free - 2_000_000));
  const unsent = new Map(
    Array.from({ length: FRAMES }, (_, n) => [
      n + 2,
      linesOf(1 + n * LINES, LINES).map((line) => ({ ...line, payload: line.payload.padEnd(120, ".") })),
    ]),
  );
  const deliver = (on: SimulatedAgent) => {
    for (const [seq, lines] of unsent) on.send("log.stream", { job_id: id, lines }, { seq });
  };
  deliver(agent);
  expect((await agent.closed).code).toBe(4503);
  const acked = Math.max(
    1,
    ...agent.received.flatMap((message) => (message.type === "ack" ? [message.payload.seq] : [])),
  );
  for (const seq of [...unsent.keys()]) if (seq <= acked) unsent.delete(seq);
  expect(unsent.size).toBeGreaterThan(0);
  expect((await fetch(`${server.url}/healthz`)).status).toBe(200);

  rmSync(ballast);
  const again = await until(
    () =>
      connectSimulated(server.url, identity, {
        hello: { outbox_last_seq: FRAMES + 1, open_jobs: [{ ...fields, status: "running" }] },
      }),
    {
      what: "a connection",
    },
  );
  await again.waitFor("welcome");
  deliver(again);
  again.send("job.finished", endOf(fields), { seq: FRAMES + 2 });
  await again.waitFor("ack", ({ seq }) => seq === FRAMES + 2);
  const job = await client.get<{ status: string; log_lines: number }>(`/api/jobs/${id}`);
  expect(job).toMatchObject({ status: "succeeded", log_lines: FRAMES * LINES });
  const text = await (
    await fetch(`${server.url}/api/jobs/${id}/log.ndjson`, { headers: { cookie: client.cookie } })
  ).text();
  const seqs = text
    .trim()
    .split("\n")
    .map((line) => (JSON.parse(line) as { seq: number }).seq);
  expect(seqs).toEqual(Array.from({ length: FRAMES * LINES }, (_, n) => n + 1));
  again.close();
}, 60_000);

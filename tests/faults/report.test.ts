/** A snapshot list in three parts, with the connection cut or the server killed after each: the result is the same as without. */
import { afterAll, expect, test } from "bun:test";
import { join } from "node:path";
import { newId } from "../../shared/ids.ts";
import type { SnapshotRow } from "../../shared/protocol/fields.ts";
import { enrollIdentity } from "../testbed/hosts.ts";
import { quietPort } from "../testbed/ports.ts";
import { type ServerProcess, signIn, startServer } from "../testbed/server.ts";
import { connectSimulated } from "../testbed/simulated-agent.ts";
import { createCleanup } from "../testbed/temp.ts";

const cleanup = createCleanup();
afterAll(cleanup.run, 30_000);
const PARTS = 3;

function snapshot(n: number): SnapshotRow {
  return {
    snapshot_id: n.toString(16).padStart(64, "0"),
    time: 1_700_000_000_000 + n * 1000,
    hostname: "sim-report",
    username: "root",
    paths: ["/srv"],
    tags: ["default"],
    parent: null,
    program_version: "restic 0.19.1",
    size_bytes: n,
    file_count: 1,
    added_bytes: 1,
  };
}

test("however often it is interrupted, a report is applied whole, once, and never in part", async () => {
  const dataDir = join(await cleanup.tempFolder(), "data");
  const port = await quietPort();
  let server: ServerProcess = await startServer({ dataDir, port });
  cleanup.add(async () => void (await server.stop()));
  const client = await signIn(server);
  const identity = await enrollIdentity(client, { name: "sim-report", backupNow: false });
  const list = async () => {
    const { items } = await client.get<{ items: { snapshot_id: string }[] }>(
      `/api/hosts/${identity.hostId}/snapshots?limit=500`,
    );
    return items.map((row) => Number.parseInt(row.snapshot_id, 16)).sort((a, b) => a - b);
  };

  let known: number[] = [];
  let round = 0;
  for (const isKilled of [false, true]) {
    for (let after = 0; after <= PARTS; after++) {
      round++;
      // Each report drops an old snapshot and brings a new one: a part alone would show.
      const wanted = Array.from({ length: 9 }, (_, n) => round + n);
      const report = { repo_id: identity.repoId, report_id: newId(), taken_at: Date.now() + round };
      const parts = Array.from({ length: PARTS }, (_, n) => ({
        ...report,
        part: n + 1,
        parts: PARTS,
        snapshots: wanted.slice(n * 3, n * 3 + 3).map(snapshot),
      }));
      const first = await connectSimulated(server.url, identity);
      await first.waitFor("welcome");
      for (const part of parts.slice(0, after)) first.send("snapshots.report", part, { seq: part.part });
      if (after > 0) await first.waitFor("ack", ({ seq }) => seq === after);
      if (isKilled) {
        server.kill("SIGKILL");
        await server.exited;
        server = await startServer({ dataDir, port });
      } else first.terminate();
      expect(await list(), `after part ${after}`).toEqual(after === PARTS ? wanted : known);

      const again = await connectSimulated(server.url, identity, { hello: { outbox_last_seq: PARTS } });
      await again.waitFor("welcome");
      for (const part of [...parts].reverse()) again.send("snapshots.report", part, { seq: PARTS + 1 - part.part });
      await again.waitFor("ack", ({ seq }) => seq === PARTS);
      expect(await list()).toEqual(wanted);
      known = wanted;
      again.close();
      await again.closed;
    }
  }
  const stale = { repo_id: identity.repoId, report_id: newId(), taken_at: 1, part: 1, parts: 1, snapshots: [] };
  const late = await connectSimulated(server.url, identity);
  await late.waitFor("welcome");
  late.send("snapshots.report", stale, { seq: 1 });
  await late.waitFor("ack", ({ seq }) => seq === 1);
  expect(await list()).toEqual(known);
}, 120_000);

// Row: how long the server takes to start and answer, with a database of 1 GB.
import { statSync } from "node:fs";
import { join } from "node:path";
import { newId } from "../../shared/ids.ts";
import { DAY_MS } from "../../shared/time/clock.ts";
import { signIn, startServer } from "../testbed/server.ts";
import { median } from "./figures.ts";
import { seedFleet, withDatabase } from "./fleet-seed.ts";
import type { BenchContext, Row } from "./row.ts";

const HOSTS = 100;
const DATABASE_BYTES = 1_000_000_000;
const LINES_PER_JOB = 5_000;
const STARTS = 7;

export const serverStart: Row = {
  name: "server-start",
  how: `${STARTS} starts on a database of 1 GB, nearly all of it log lines: from the start of the process until /readyz answers 200`,
  async run(context) {
    const dataDir = join(await context.cleanup.tempFolder(), "data");
    const bytes = await fill(context, dataDir);
    const starts: number[] = [];
    for (let n = 0; n < STARTS; n++) {
      const startedAt = performance.now();
      const server = await startServer({ dataDir, env: { RM_LOG_LEVEL: "warn" }, checkAnswers: false });
      const { status } = await fetch(`${server.url}/readyz`);
      starts.push(performance.now() - startedAt);
      await server.stop();
      if (status !== 200) throw new Error(`/readyz answered ${status}`);
    }
    return [
      { what: "server start → ready, median", value: median(starts) / 1000, unit: "s", atMost: 1 },
      { what: "server start → ready, slowest", value: Math.max(...starts) / 1000, unit: "s" },
      { what: "size of that database", value: bytes / 1e6, unit: "MB", atLeast: DATABASE_BYTES / 1e6 },
    ];
  },
};

async function fill({ say }: BenchContext, dataDir: string): Promise<number> {
  const server = await startServer({ dataDir, checkAnswers: false });
  await signIn(server);
  await server.stop();
  const hosts = await seedFleet(dataDir, HOSTS);
  const path = join(dataDir, "restic-manager.db");
  const words = "new       /srv/data/2026/11/folder/file.dat, saved in 0.002s (26.118 KiB added) ";
  await withDatabase(dataDir, ({ $client: sqlite }) => {
    sqlite.run("PRAGMA synchronous = OFF");
    const job = sqlite.query(
      `INSERT INTO jobs (id, host_id, repo_id, source_group_id, kind, status, attempt, actor_kind, args, queued_at,
         started_at, finished_at, closed_by, log_lines)
       VALUES (?, ?, ?, ?, 'backup', 'succeeded', 1, 'schedule', '{}', ?, ?, ?, 'agent', ?)`,
    );
    const line = sqlite.query("INSERT INTO job_logs (job_id, seq, ts, stream, payload) VALUES (?, ?, ?, 'stdout', ?)");
    const oneJob = sqlite.transaction((n: number) => {
      const host = hosts[n % HOSTS];
      const id = newId();
      const at = Date.now() - DAY_MS + n;
      if (host) job.run(id, host.hostId, host.repoId, host.groupId, at, at, at, LINES_PER_JOB);
      for (let seq = 1; seq <= LINES_PER_JOB; seq++) line.run(id, seq, at, words + seq);
    });
    const pages = () => Number(Object.values(sqlite.query("PRAGMA page_count").get() as object)[0]) * 4096;
    for (let n = 0; pages() < DATABASE_BYTES; n++) oneJob(n);
  });
  const { size } = statSync(path);
  say(`the database has ${Math.round(size / 1e6)} MB`);
  return size;
}

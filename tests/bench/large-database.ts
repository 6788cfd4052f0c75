// Row: every page and list with 1 000 000 jobs, 100 000 snapshots and 10 000 000 log lines in the database.
import { statSync } from "node:fs";
import { join } from "node:path";
import { newId } from "../../shared/ids.ts";
import { DAY_MS, HOUR_MS } from "../../shared/time/clock.ts";
import { type Client, type ServerProcess, signIn, startServer } from "../testbed/server.ts";
import { percentile } from "./figures.ts";
import { seedFleet, withDatabase } from "./fleet-seed.ts";
import type { BenchContext, Measure, Row } from "./row.ts";

const HOSTS = 100;
const JOBS = 1_000_000;
const LINES_PER_JOB = 10;
const SNAPSHOTS = 100_000;
const WARM_UP = 10;
const REQUESTS = 100;
const TARGET_MS = 100;
const JOBS_A_TRANSACTION = 5_000;

type Place = { hostId: string; repoId: string; groupId: string; jobId: string };

export const largeDatabase: Row = {
  name: "large-database",
  how: `${HOSTS} hosts with 1 000 000 jobs, 100 000 snapshots and 10 000 000 log lines; each page ${REQUESTS} times after ${WARM_UP} that do not count`,
  async run(context) {
    // On a disk: what does not fit into SQLite's own cache is read from there.
    const dataDir = join(await context.cleanup.tempFolder(), "data");
    const first = await startServer({ dataDir, env: { RM_LOG_LEVEL: "warn" }, checkAnswers: false });
    await signIn(first);
    await first.stop();
    const place = await fill(context, dataDir);
    const server = await startServer({ dataDir, env: { RM_LOG_LEVEL: "warn" }, checkAnswers: false });
    context.cleanup.add(async () => void (await server.stop()));
    const client = await signIn(server);
    const measures: Measure[] = [];
    for (const [what, path] of pagesOf(place)) measures.push(await ask(server, client, what, path));
    const slowest = measures.toSorted((a, b) => b.value - a.value)[0];
    if (slowest) context.say(`slowest: ${slowest.what}`);
    return measures;
  },
};

function pagesOf({ hostId, repoId, groupId, jobId }: Place): [what: string, path: string][] {
  const day = new Date(Date.now() - 3 * DAY_MS).toISOString().slice(0, 10);
  return [
    ["dashboard", "/"],
    ["dashboard, filtered", "/?q=host-0001&tag=web"],
    ["host: snapshots", `/hosts/${hostId}`],
    ["host: sources", `/hosts/${hostId}/sources`],
    ["host: a source group", `/hosts/${hostId}/sources/${groupId}`],
    ["host: schedules", `/hosts/${hostId}/schedules`],
    ["host: repos", `/hosts/${hostId}/repos`],
    ["repo", `/hosts/${hostId}/repos/${repoId}`],
    ["host: jobs", `/hosts/${hostId}/jobs`],
    ["host: settings", `/hosts/${hostId}/settings`],
    ["jobs", "/jobs"],
    ["jobs, page 10 000", "/jobs?offset=500000"],
    ["jobs, failed", "/jobs?status=failed"],
    ["jobs, one kind of one host", `/jobs?host_id=${hostId}&kind=check`],
    ["jobs of a day of a host", `/jobs?host_id=${hostId}&day=${day}`],
    ["job with its log", `/jobs/${jobId}`],
    ["repos", "/repos"],
    ["audit", "/audit"],
    ["system", "/settings/system"],
    ["account", "/settings/account"],
    ["add host", "/hosts/new"],
    ["search", "/search?q=host"],
    ["REST: hosts", "/api/hosts?limit=500"],
    ["REST: jobs", "/api/jobs?limit=500"],
    ["REST: snapshots", `/api/hosts/${hostId}/snapshots?limit=500`],
    ["REST: log", `/api/jobs/${jobId}/logs?limit=500`],
    ["REST: fleet summary", "/api/fleet/summary"],
  ];
}

async function ask(server: ServerProcess, client: Client, what: string, path: string): Promise<Measure> {
  const times: number[] = [];
  for (let n = 0; n < WARM_UP + REQUESTS; n++) {
    const askedAt = performance.now();
    const answer = await fetch(server.url + path, { headers: { cookie: client.cookie } });
    await answer.arrayBuffer();
    if (answer.status !== 200) throw new Error(`${path} answered ${answer.status}`);
    if (n >= WARM_UP) times.push(performance.now() - askedAt);
  }
  return { what: `${what}, p99`, value: percentile(times, 0.99), unit: "ms", atMost: TARGET_MS };
}

async function fill({ say }: BenchContext, dataDir: string): Promise<Place> {
  const startedAt = performance.now();
  const hosts = await seedFleet(dataDir, HOSTS);
  const newest = hosts.map(() => "");
  await withDatabase(dataDir, ({ $client: sqlite }) => {
    sqlite.run("PRAGMA synchronous = OFF");
    const job = sqlite.query(
      `INSERT INTO jobs (id, host_id, repo_id, source_group_id, kind, status, attempt, actor_kind, args, queued_at, expires_at,
         started_at, finished_at, received_at, closed_by, exit_code, warnings, stats, error_code, error_message, log_lines)
       VALUES (?, ?, ?, ?, ?, ?, 1, 'schedule', '{}', ?, ?, ?, ?, ?, 'agent', ?, ?, '{"data_added":12345,"total_files_processed":678}', ?, ?, ?)`,
    );
    const line = sqlite.query("INSERT INTO job_logs (job_id, seq, ts, stream, payload) VALUES (?, ?, ?, 'stdout', ?)");
    const now = Date.now();
    const everyMs = (365 * DAY_MS) / (JOBS / HOSTS);
    const portion = sqlite.transaction((from: number) => {
      for (let n = from; n < from + JOBS_A_TRANSACTION; n++) {
        const at = n % HOSTS;
        const host = hosts[at];
        if (!host) continue;
        const id = newId();
        newest[at] = id;
        const kind = ["backup", "backup", "backup", "forget", "check"][n % 5] ?? "backup";
        const isFailed = n % 40 === 0;
        const began = Math.round(now - HOUR_MS - ((JOBS - n) / HOSTS) * everyMs);
        const code = isFailed ? "repo_unreachable" : null;
        const message = isFailed ? "The repo server does not answer." : null;
        const status = isFailed ? "failed" : "succeeded";
        const group = kind === "backup" ? host.groupId : null;
        const ended = began + 60_000;
        job.run(
          id,
          host.hostId,
          host.repoId,
          group,
          kind,
          status,
          began,
          kind === "backup" ? null : began + 3 * DAY_MS,
          began,
          ended,
          ended,
          isFailed ? 1 : 0,
          n % 20 === 0 ? 3 : 0,
          code,
          message,
          LINES_PER_JOB,
        );
        for (let seq = 1; seq <= LINES_PER_JOB; seq++)
          line.run(id, seq, began + seq, `saved /srv/data/2026/folder-${seq}/file-${n}.dat`);
      }
    });
    for (let from = 0; from < JOBS; from += JOBS_A_TRANSACTION) portion(from);
    const snapshot = sqlite.query(
      `INSERT INTO snapshots (repo_id, snapshot_id, short_id, time, hostname, username, paths, tags, size_bytes, file_count, added_bytes)
       VALUES (?, ?, ?, ?, ?, 'root', '["/etc","/home","/srv"]', '["default"]', 123456789, 4321, 1234567)`,
    );
    sqlite.transaction(() => {
      for (let n = 0; n < SNAPSHOTS; n++) {
        const at = n % HOSTS;
        const id = new Bun.CryptoHasher("sha256").update(`snapshot ${n}`).digest("hex");
        const time = now - Math.floor(n / HOSTS) * 8 * HOUR_MS;
        snapshot.run(hosts[at]?.repoId ?? "", id, id.slice(0, 8), time, `host-${String(at).padStart(5, "0")}`);
      }
    })();
    sqlite.run("PRAGMA optimize");
  });
  const { size } = statSync(join(dataDir, "restic-manager.db"));
  say(
    `filled in ${Math.round((performance.now() - startedAt) / 1000)} s; the database has ${Math.round(size / 1e6)} MB`,
  );
  const [host] = hosts;
  if (!host) throw new Error("no host was made");
  return { hostId: host.hostId, repoId: host.repoId, groupId: host.groupId, jobId: newest[0] ?? "" };
}

/**
 * Kills the server with `kill -9` at random moments during 200 jobs of 20 real agents: every job's end arrives, and every log line
 * once and in order. This tests delivery only, so restic replays recorded output (a backup with unreadable files): 200 real
 * backups would spend minutes on key derivation, and frames.test.ts has the real one.
 */
import { afterAll, expect, test } from "bun:test";
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type AgentProcess, agentIn } from "../testbed/agent.ts";
import { quietPort } from "../testbed/ports.ts";
import { type Client, signIn, startServer } from "../testbed/server.ts";
import { createCleanup } from "../testbed/temp.ts";
import { until } from "../testbed/wait.ts";

const AGENTS = 20;
const ROUNDS = 10;
/** Each backup logs this many lines, one by one. */
const UNREADABLE = 40;
const cleanup = createCleanup();
afterAll(cleanup.run, 60_000);

type Host = { id: string; source_groups: { id: string }[]; repos: { id: string; status: string }[] };
type Job = { id: string; kind: string; status: string; log_lines: number; closed_by: string };

test("nothing is lost or doubled", async () => {
  const dataDir = join(await cleanup.tempFolder(), "data");
  const port = await quietPort();
  let server = await startServer({ dataDir, port });
  let isOver = false;
  cleanup.add(async () => {
    isOver = true;
    await server.stop();
  });
  const client = await signIn(server);
  const calls = join(await cleanup.tempFolder(), "calls");
  const wrapper = join(dataDir, "restic-replay");
  writeFileSync(wrapper, replay(calls));
  chmodSync(wrapper, 0o755);

  const agents: AgentProcess[] = [];
  cleanup.add(async () => void (await Promise.all(agents.map((agent) => agent.stop()))));
  for (let n = 0; n < AGENTS; n++) agents.push(await newAgent(n));
  const hosts = await until(
    async () => {
      const { items } = await client.get<{ items: Host[] }>("/api/hosts?limit=100");
      return items.every((host) => host.repos[0]?.status === "ready") ? items : null;
    },
    { timeoutMs: 120_000, everyMs: 250, what: "twenty ready repos" },
  );
  writeFileSync(calls, "");

  let kills = 0;
  const killer = (async () => {
    while (!isOver) {
      await Bun.sleep(300 + Math.random() * 2200);
      if (isOver) return;
      server.kill("SIGKILL");
      await server.exited;
      kills++;
      server = await startServer({ dataDir, port });
    }
  })();

  for (let round = 0; round < ROUNDS || kills <= 5; round++) {
    const asked = await Promise.all(hosts.map((host) => ask(client, host)));
    await Promise.all(asked.map((id) => endOf(client, id)));
  }
  isOver = true;
  await killer;
  // More than were asked for when an answer got lost and its job was over before the next question.
  const ids = (await Promise.all(hosts.map((host) => backupsOf(client, host)))).flat();
  expect(ids.length).toBeGreaterThanOrEqual(AGENTS * ROUNDS);

  for (const id of ids) {
    const job = await client.get<Job>(`/api/jobs/${id}`);
    expect({ id, status: job.status, closed_by: job.closed_by }).toEqual({
      id,
      status: "succeeded",
      closed_by: "agent",
    });
    const { items } = await client.get<{ items: { seq: number; payload: string }[] }>(
      `/api/jobs/${id}/logs?limit=5000`,
    );
    expect(items.map((line) => line.seq)).toEqual(items.map((_, index) => index + 1));
    expect(items.length).toBe(job.log_lines);
    expect(
      items
        .filter((line) => line.payload.includes("unreadable-"))
        .map((line) => /unreadable-(\d+)/.exec(line.payload)?.[1]),
    ).toEqual(Array.from({ length: UNREADABLE }, (_, index) => String(index + 1)));
  }
  const backups = readFileSync(calls, "utf8")
    .split("\n")
    .filter((call) => call === "backup").length;
  expect(backups).toBe(ids.length);
  const open = await client.get<{ total: number }>("/api/jobs?status=running");
  expect(open.total).toBe(0);

  async function newAgent(n: number): Promise<AgentProcess> {
    const home = await cleanup.tempFolder();
    const source = join(home, "source");
    mkdirSync(source);
    writeFileSync(join(source, "file"), `content ${n}`);
    mkdirSync(join(home, "repository"));
    const made = await client.post<{ token: string }>("/api/enrollment-tokens", {
      host_name: `agent-${n}`,
      includes: [source],
      backup_now: false,
      repo: { kind: "local", url: join(home, "repository") },
    });
    const program = agentIn({ home, restic: wrapper, quick: true });
    await program.enroll(server.url, made.token);
    return program.start();
  }
}, 300_000);

function replay(calls: string): string {
  const error = `{"message_type":"error","error":{"message":"open /srv/unreadable-$n: permission denied"},"during":"archival","item":"/srv/unreadable-$n"}`;
  const summary = `{"message_type":"summary","files_new":0,"files_changed":0,"files_unmodified":3,"dirs_new":0,"dirs_changed":0,"dirs_unmodified":1,"data_blobs":0,"tree_blobs":0,"data_added":0,"data_added_packed":0,"total_files_processed":3,"total_bytes_processed":49,"total_duration":0.6}`;
  return `#!/bin/sh
case "$1" in
backup)
  echo backup >> '${calls}'
  n=0
  while [ $n -lt ${UNREADABLE} ]; do n=$((n + 1)); echo "${error.replaceAll('"', '\\"')}" >&2; done
  sleep 0.2
  echo '${summary}'
  exit 3 ;;
version) echo '{"message_type":"version","version":"0.19.1","go_version":"go1.26.4","go_os":"linux","go_arch":"amd64"}' ;;
cat) echo '{"version":2,"id":"${"d39b4bec".repeat(8)}","chunker_polynomial":"3b02462593ffab"}' ;;
snapshots) echo '[]' ;;
stats) echo '{"total_size":3008849,"total_uncompressed_size":3016639,"compression_ratio":1.0025,"total_blob_count":41,"snapshots_count":9}' ;;
esac
`;
}

async function backupsOf(client: Client, host: Host): Promise<string[]> {
  const { items } = await client.get<{ items: Job[] }>(`/api/jobs?host_id=${host.id}&kind=backup&limit=200`);
  return items.map(({ id }) => id);
}

/** Asks until an answer comes: the server may be dead at this moment, and asking while a job is open makes no second one. */
async function ask(client: Client, host: Host): Promise<string> {
  const path = `/api/hosts/${host.id}/source-groups/${host.source_groups[0]?.id}/run`;
  return await until(async () => (await client.post<{ job_ids: string[] }>(path).catch(() => null))?.job_ids[0], {
    timeoutMs: 30_000,
    everyMs: 50,
    what: "an answer to Run now",
  });
}

async function endOf(client: Client, id: string): Promise<void> {
  await until(
    async () => {
      const job = await client.get<Job>(`/api/jobs/${id}`).catch(() => null);
      return job !== null && !["queued", "running"].includes(job.status);
    },
    { timeoutMs: 120_000, everyMs: 200, what: `the end of ${id}` },
  );
}

/** A server and a real agent with its own clock, one schedule and a repository. */
import { randomBytes } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Agent, type AgentProcess, agentIn } from "../testbed/agent.ts";
import { ensureDist, MACHINE_PLATFORM } from "../testbed/dist.ts";
import { createFakeClock, type FakeClock } from "../testbed/fake-clock.ts";
import { quietPort } from "../testbed/ports.ts";
import { copyRepoTemplate, TEMPLATE_PASSWORD } from "../testbed/repo-template.ts";
import { type Client, type ServerProcess, signIn, startServer } from "../testbed/server.ts";
import type { Cleanup } from "../testbed/temp.ts";
import { ensureTool } from "../testbed/tools.ts";
import { until } from "../testbed/wait.ts";

type ScheduledJob = {
  id: string;
  kind: string;
  status: string;
  attempt: number;
  scheduled_at: string | null;
  error_code: string | null;
  log_lines: number;
};

type ScheduleSceneOptions = {
  startAt: string;
  cron: string;
  timezone?: string;
  restic?: "restic-0.18" | "restic-0.19";
  /** The compiled agent with its usual delays, instead of a quick one from source. */
  compiled?: boolean;
  /** The server lives by the same clock. */
  serverToo?: boolean;
  /** A repository on a repo server; a local folder unless told. */
  repo?: { url: string; own_folder?: boolean; http_username: string; http_password: string };
  includesMegabytes?: number;
};

export async function openScheduleScene(cleanup: Cleanup, options: ScheduleSceneOptions) {
  const restic = await ensureTool(options.restic ?? "restic-0.19");
  const home = await cleanup.tempFolder();
  const clock: FakeClock = await createFakeClock(home, Date.parse(options.startAt));
  const dataDir = join(await cleanup.tempFolder(), "data");
  const env = options.serverToo ? clock.env : {};
  const port = await quietPort();
  let server: ServerProcess = await startServer({ dataDir, port, env });
  cleanup.add(async () => void (await server.stop()));
  const client: Client = await signIn(server);

  const source = join(home, "source");
  mkdirSync(source);
  writeFileSync(join(source, "a.txt"), "content");
  for (let at = 0; at < (options.includesMegabytes ?? 0); at++)
    writeFileSync(join(source, `${at}.bin`), randomBytes(2 ** 20));
  const repository = join(home, "repository");
  if (!options.repo) await copyRepoTemplate(repository);
  const repo = options.repo
    ? { kind: "rest", ...options.repo, repo_password: TEMPLATE_PASSWORD }
    : { kind: "local", url: repository, repo_password: TEMPLATE_PASSWORD };
  const made = await client.post<{ token: string }>("/api/enrollment-tokens", {
    host_name: "scene",
    includes: [source],
    backup_now: false,
    repo,
  });
  const binary = options.compiled ? (await ensureDist()).agents[MACHINE_PLATFORM] : undefined;
  const program: Agent = agentIn({
    home,
    restic,
    quick: !options.compiled,
    env: clock.env,
    ...(binary ? { binary } : {}),
  });
  await program.enroll(server.url, made.token);
  const { items } = await client.get<{
    items: { id: string; source_groups: { id: string }[]; repos: { id: string }[] }[];
  }>("/api/hosts?q=scene");
  const host = items[0];
  if (!host) throw new Error("the host is not there");
  const hostId = host.id;
  const groupId = host.source_groups[0]?.id ?? "";
  const schedules = await client.get<{ items: { id: string }[] }>(`/api/hosts/${hostId}/schedules`);
  await client.call("PUT", `/api/hosts/${hostId}/schedules/${schedules.items[0]?.id}`, {
    cron: options.cron,
    timezone: options.timezone ?? "UTC",
    splay_minutes: 0,
  });

  let agent: AgentProcess = program.start();
  cleanup.add(async () => {
    agent.kill("SIGCONT");
    await agent.stop();
  });
  const repoId = host.repos[0]?.id ?? "";
  await until(async () => (await client.get<{ status: string }>(`/api/repos/${repoId}`)).status === "ready", {
    timeoutMs: 60_000,
    what: "a ready repo",
  });

  const status = async () => JSON.parse((await program.command(["status", "--json"])).stdout) as AgentStatus;
  const jobs = async () =>
    (await client.get<{ items: ScheduledJob[] }>(`/api/jobs?host_id=${hostId}&kind=backup`)).items.reverse();
  const scene = {
    clock,
    client,
    hostId,
    groupId,
    repoId,
    source,
    /** Where the repository lies, unless it is on a repo server. */
    repository,
    status,
    jobs,
    agent: () => agent,
    /** Due times of all backups that the server knows, oldest first, as `2020-11-22T02:00`. */
    dueTimes: async () => (await jobs()).map(({ scheduled_at }) => scheduled_at?.slice(0, 16)),
    log: async (id: string) =>
      (await client.get<{ items: { payload: string }[] }>(`/api/jobs/${id}/logs?limit=5000`)).items.map(
        ({ payload }) => payload,
      ),
    /** Moves the clock, and waits until the agent itself has counted so many ends of backups. */
    async moveTo(time: string, backups?: number) {
      clock.set(Date.parse(time));
      if (backups !== undefined) await scene.ended(backups);
    },
    ended: (count: number) =>
      until(() => (agent.log().match(/Job ended.*kind=backup/g)?.length ?? 0) + past >= count, {
        timeoutMs: 60_000,
        what: `the end of backup ${count}`,
      }),
    async stopServer() {
      server.kill("SIGKILL");
      await server.exited;
    },
    async startServer() {
      server = await startServer({ dataDir, port, env });
    },
    async killAgent() {
      agent.kill("SIGKILL");
      await agent.exited;
      past += agent.log().match(/Job ended.*kind=backup/g)?.length ?? 0;
    },
    startAgent(): void {
      agent = program.start();
    },
    /** Until the server has heard of so many backups, all ended. */
    told: (count: number) =>
      until(
        async () => {
          const all = await jobs();
          return all.length >= count && all.every((job) => !["queued", "running"].includes(job.status)) ? all : null;
        },
        { timeoutMs: 90_000, what: `${count} backups at the server` },
      ),
  };
  /** Ends that earlier lives of the agent have logged. */
  let past = 0;
  await until(async () => (await status()).schedules[0]?.cron === options.cron, { what: "the schedule at the agent" });
  return scene;
}

type AgentStatus = { schedules: { cron: string; next_run_at: string | null }[]; outbox: number };

/** A server, a relay and a real agent with a local repository, ready for backups; a wrapper records every call of restic. */
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type AgentProcess, agentIn } from "../testbed/agent.ts";
import { type FrameRelay, startFrameRelay } from "../testbed/frame-relay.ts";
import { quietPort } from "../testbed/ports.ts";
import { copyRepoTemplate } from "../testbed/repo-template.ts";
import { type Client, type ServerProcess, signIn, startServer } from "../testbed/server.ts";
import type { Cleanup } from "../testbed/temp.ts";
import { ensureTools } from "../testbed/tools.ts";
import { until } from "../testbed/wait.ts";

export type Job = {
  id: string;
  kind: string;
  status: string;
  error_code: string | null;
  closed_by: string | null;
  log_lines: number;
  stats: Record<string, unknown> | null;
};

export type Scene = {
  server(): ServerProcess;
  client(): Client;
  relay: FrameRelay;
  agent(): AgentProcess;
  hostId: string;
  groupId: string;
  repoId: string;
  source: string;
  /** What the agent calls as restic; may be rewritten. */
  wrapper: string;
  killServer(): void;
  /** Starts it again on the same port and data, after the old one is gone. */
  restartServer(): Promise<void>;
  killAgent(): void;
  restartAgent(): Promise<void>;
  /** Each call of restic so far: its command. */
  resticCalls(): string[];
  run(): Promise<string>;
  /** The host's backups, newest first. */
  backups(): Promise<Job[]>;
  order(kind: "probe" | "snapshots" | "unlock"): Promise<string>;
  job(id: string): Promise<Job>;
  ended(id: string): Promise<Job>;
  log(id: string): Promise<{ seq: number; stream: string; payload: string }[]>;
};

export type SceneOptions = {
  restic?: "restic-0.18" | "restic-0.19";
  files?: number /** Paths beside the source. */;
  alsoIncludes?: string[];
};

export async function openScene(
  cleanup: Cleanup,
  { restic = "restic-0.19", files = 3, alsoIncludes = [] }: SceneOptions = {},
): Promise<Scene> {
  const tools = await ensureTools([restic]);
  const dataDir = join(await cleanup.tempFolder(), "data");
  const port = await quietPort();
  let server = await startServer({ dataDir, port });
  cleanup.add(async () => void (await server.stop()));
  const client = await signIn(server);
  const relay = startFrameRelay(server.url);
  cleanup.add(() => relay.close());

  const home = await cleanup.tempFolder();
  const source = join(home, "source");
  mkdirSync(source);
  for (let n = 0; n < files; n++) writeFileSync(join(source, `file-${n}`), `content of file ${n}`);
  const repository = join(home, "repository");
  const { password } = await copyRepoTemplate(repository);
  const calls = join(home, "restic-calls");
  const wrapper = join(home, "restic-wrapper");
  writeFileSync(wrapper, `#!/bin/sh\nprintf '%s\\n' "$*" >> '${calls}'\nexec '${tools[restic]}' "$@"\n`);
  chmodSync(wrapper, 0o755);

  const made = await client.post<{ token: string }>("/api/enrollment-tokens", {
    host_name: "scene",
    includes: [source, ...alsoIncludes],
    backup_now: false,
    repo: { kind: "local", url: repository, repo_password: password },
  });
  const program = agentIn({ home, restic: wrapper, quick: true });
  await program.enroll(relay.url, made.token);
  let agent = program.start();
  cleanup.add(async () => void (await agent.stop()));
  const host = (
    await client.get<{ items: { id: string; source_groups: { id: string }[]; repos: { id: string }[] }[] }>(
      "/api/hosts?q=scene",
    )
  ).items[0];
  if (!host) throw new Error("the host is not there");
  const repoId = host.repos[0]?.id ?? "";
  const groupId = host.source_groups[0]?.id ?? "";

  const job: Scene["job"] = (id) => client.get<Job>(`/api/jobs/${id}`);
  const scene: Scene = {
    server: () => server,
    client: () => client,
    relay,
    agent: () => agent,
    hostId: host.id,
    groupId,
    repoId,
    source,
    wrapper,
    killServer: () => server.kill("SIGKILL"),
    async restartServer() {
      await server.exited;
      server = await startServer({ dataDir, port });
    },
    killAgent: () => agent.kill("SIGKILL"),
    async restartAgent() {
      await agent.exited;
      agent = program.start();
    },
    resticCalls: () => (existsSync(calls) ? readFileSync(calls, "utf8").trim().split("\n") : []),
    run: async () =>
      (await client.post<{ job_ids: string[] }>(`/api/hosts/${host.id}/source-groups/${groupId}/run`)).job_ids[0] ?? "",
    backups: async () => (await client.get<{ items: Job[] }>(`/api/jobs?host_id=${host.id}&kind=backup`)).items,
    order: async (kind) => (await client.post<{ job_id: string }>(`/api/repos/${repoId}/${kind}`)).job_id,
    job,
    ended: (id) =>
      until(
        async () => {
          const found = await job(id).catch(() => null);
          return found && !["queued", "running"].includes(found.status) ? found : null;
        },
        { timeoutMs: 30_000, what: `the end of job ${id}` },
      ),
    log: async (id) =>
      (
        await client.get<{ items: { seq: number; stream: string; payload: string }[] }>(
          `/api/jobs/${id}/logs?limit=5000`,
        )
      ).items,
  };
  await until(async () => (await client.get<{ status: string }>(`/api/repos/${repoId}`)).status === "ready", {
    timeoutMs: 30_000,
    what: "a ready repo",
  });
  await until(
    async () =>
      (await client.get<{ items: Job[] }>(`/api/jobs?host_id=${host.id}`)).items.every(
        (j) => !["queued", "running"].includes(j.status),
      ),
    {
      timeoutMs: 30_000,
      what: "a quiet host",
    },
  );
  return scene;
}

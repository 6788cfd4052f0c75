// A server and the compiled agent on this machine with a repository in a folder, ready for backups, for rows about one agent.
import { appendFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type AgentProcess, agentIn } from "../testbed/agent.ts";
import { ensureDist, MACHINE_PLATFORM } from "../testbed/dist.ts";
import { copyRepoTemplate } from "../testbed/repo-template.ts";
import { type Client, type ServerProcess, signIn, startServer } from "../testbed/server.ts";
import { until } from "../testbed/wait.ts";
import { childrenOf } from "./process-cost.ts";
import type { BenchContext } from "./row.ts";

const READY_WITHIN_MS = 60_000;
const BACKUP_WITHIN_MS = 300_000;
/** So long without a child process, and the agent's measuring after a backup is over. */
const QUIET_MS = 800;

export type AgentScene = {
  server: ServerProcess;
  client: Client;
  agent: AgentProcess;
  hostId: string;
  /** Folder of the repository. */
  repository: string;
  password: string;
  /** Folder of the agent's configuration and state. */
  home: string;
  /** "Run now"; resolves with the job's id as soon as the server has answered. */
  run(): Promise<string>;
  /** Resolves when the server tells a browser that the job has ended; by its stream, not by asking again and again. */
  ended(jobId: string): Promise<{ status: string; error_message: string | null }>;
  /** Resolves when the agent runs nothing any more. */
  quiet(): Promise<void>;
};

export type AgentSceneOptions = {
  /** The program that the agent finds as `restic`. */
  restic: string;
  source: string;
  /** Where the repository is made; by default below the agent's own folder. */
  repositoryFolder?: string;
};

/** A folder of a hundred small files to back up. */
export async function smallFiles({ cleanup }: BenchContext): Promise<string> {
  const source = join(await cleanup.tempFolder(), "source");
  mkdirSync(source);
  for (let n = 0; n < 100; n++) writeFileSync(join(source, `file-${n}`), `content of file ${n}`);
  return source;
}

export async function openAgentScene(
  { cleanup, say }: BenchContext,
  { restic, source, repositoryFolder }: AgentSceneOptions,
): Promise<AgentScene> {
  const dist = await ensureDist({ say });
  const binary = dist.agents[MACHINE_PLATFORM] ?? "";
  const dataDir = join(await cleanup.tempFolder(), "data");
  const server = await startServer({
    dataDir,
    env: { RM_LOG_LEVEL: "warn", RM_DIST_DIR: dist.folder },
    checkAnswers: false,
  });
  cleanup.add(() => server.stop());
  const client = await signIn(server);
  const home = await cleanup.tempFolder();
  const repository = join(repositoryFolder ?? home, "repository");
  const { password } = await copyRepoTemplate(repository);
  const made = await client.post<{ token: string }>("/api/enrollment-tokens", {
    host_name: "bench",
    includes: [source],
    backup_now: false,
    repo: { kind: "local", url: repository, repo_password: password },
  });
  const program = agentIn({ home, restic, binary });
  await program.enroll(server.url, made.token);
  // The plain restic that it is compared with runs at normal priority, too.
  appendFileSync(join(home, "config/agent.yaml"), "\nlow_priority: false\n");
  const agent = program.start();
  cleanup.add(() => agent.stop());

  type HostBody = { id: string; source_groups: { id: string }[]; repos: { id: string; status: string }[] };
  const readyHost = async () => {
    const [host] = (await client.get<{ items: HostBody[] }>("/api/hosts?q=bench")).items;
    return host?.repos[0]?.status === "ready" ? host : null;
  };
  const host = await until(readyHost, { timeoutMs: READY_WITHIN_MS, what: `a ready repo\n${agent.log()}` });
  const group = host.source_groups[0]?.id;

  const scene: AgentScene = {
    server,
    client,
    agent,
    hostId: host.id,
    repository,
    password,
    home,
    run: async () =>
      (await client.post<{ job_ids: string[] }>(`/api/hosts/${host.id}/source-groups/${group}/run`)).job_ids[0] ?? "",
    ended: (jobId) => endOfJob(server.url, client.cookie, jobId),
    async quiet() {
      let since = performance.now();
      const isQuiet = () => {
        if (childrenOf(agent.pid).length > 0) since = performance.now();
        return performance.now() - since > QUIET_MS;
      };
      await until(isQuiet, { timeoutMs: BACKUP_WITHIN_MS, everyMs: 50, what: "an agent that runs nothing" });
    },
  };
  await scene.quiet();
  return scene;
}

type Ended = { status: string; error_message: string | null };

function endOfJob(url: string, cookie: string, jobId: string): Promise<Ended> {
  const ws = new WebSocket(`${url.replace(/^http/, "ws")}/api/jobs/${jobId}/stream?after_seq=0`, {
    headers: { cookie, origin: url },
  } as never);
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`job ${jobId} did not end`)), BACKUP_WITHIN_MS);
    ws.addEventListener("message", (event) => {
      const { type, payload } = JSON.parse(String(event.data)) as { type: string; payload: Ended };
      if (type !== "job.finished") return;
      clearTimeout(timer);
      ws.close();
      resolve(payload);
    });
    ws.addEventListener("close", () => {
      clearTimeout(timer);
      reject(new Error(`the stream of job ${jobId} ended before the job`));
    });
  });
}

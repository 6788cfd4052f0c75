/** `npm run demo`: the main job without any preparation: server, an admin, this machine as a host, a first real backup; then it keeps serving. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { type AgentProcess, agentIn } from "../testbed/agent.ts";
import { ensureDist, MACHINE_PLATFORM } from "../testbed/dist.ts";
import { type Client, type ServerProcess, signIn, startServer } from "../testbed/server.ts";
import { until } from "../testbed/wait.ts";

const REPOSITORY = resolve(import.meta.dir, "../..");
const SOURCES = ["agent", "db", "docs", "install", "server", "shared", "tests", "ui"].map((name) =>
  join(REPOSITORY, name),
);
const HOST = "demo";
const BACKUP_WITHIN_MS = 120_000;

type Options = { data: string; port: number; json: boolean };
type SignIn = { username: string; password: string };
type Job = { id: string; status: string; error_message: string | null };

const options = readOptions();
const say = (line: string) => (options.json ? process.stderr : process.stdout).write(`${line}\n`);
process.exitCode = await demo(options).catch((error: unknown) => {
  process.stderr.write(`The demo failed: ${error instanceof Error ? error.message : error}\n`);
  return 1;
});

async function demo({ data, port, json }: Options): Promise<number> {
  mkdirSync(data, { recursive: true });
  const interrupted = new Promise<void>((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => resolve());
  });
  say("Building the agent and fetching restic (quick the second time)…");
  const dist = await ensureDist({ say });
  const server = await startServer({
    dataDir: join(data, "server"),
    port,
    env: { RM_DIST_DIR: dist.folder, RM_LOG_LEVEL: "warn" },
  });
  let agent: AgentProcess | null = null;
  try {
    const who = knownSignIn(join(data, "sign-in.json"));
    const client = await signIn(server, who);
    const program = agentIn({
      home: join(data, "agent"),
      restic: null,
      binary: dist.agents[MACHINE_PLATFORM] ?? "",
      env: { PATH: process.env["PATH"] ?? "" },
    });
    const hostId = await enroll(client, server, program, join(data, "repository"));
    agent = program.start();
    say("The agent is running; waiting for its backup…");
    const job = await Promise.race([backup(client, hostId), interrupted]);
    if (!job) return 0;
    const facts = { url: server.url, ...who, host_id: hostId, job_id: job.id };
    if (json) process.stdout.write(`${JSON.stringify(facts)}\n`);
    else
      say(
        `\nThe first backup has succeeded. Look at it:\n\n  ${server.url}\n  user      ${who.username}\n  password  ${who.password}\n\nCtrl-C ends the demo; everything lies in ${data}.`,
      );
    await interrupted;
    return 0;
  } finally {
    await agent?.stop();
    await server.stop();
  }
}

function readOptions(): Options {
  const { values } = parseArgs({
    options: {
      data: { type: "string", default: join(REPOSITORY, "data/demo") },
      port: { type: "string", default: "8080" },
      json: { type: "boolean", default: false },
    },
  });
  return { data: resolve(values.data), port: Number(values.port), json: values.json };
}

/** The same name and password at every start of the same demo. */
function knownSignIn(path: string): SignIn {
  if (existsSync(path)) return JSON.parse(readFileSync(path, "utf8")) as SignIn;
  const password = `demo-${Buffer.from(crypto.getRandomValues(new Uint8Array(9))).toString("base64url")}`;
  const made = { username: "demo", password };
  writeFileSync(path, JSON.stringify(made), { mode: 0o600 });
  return made;
}

async function enroll(
  client: Client,
  server: ServerProcess,
  program: ReturnType<typeof agentIn>,
  repository: string,
): Promise<string> {
  const find = async () => (await client.get<{ items: { id: string }[] }>(`/api/hosts?q=${HOST}`)).items[0]?.id;
  const known = await find();
  if (known) {
    // The port may be another one than last time: the agent learns the address by enrolling again.
    const again = await client.post<{ token: string }>(`/api/hosts/${known}/enrollment-token`);
    await program.enroll(server.url, again.token);
    return known;
  }
  const { token } = await client.post<{ token: string }>("/api/enrollment-tokens", {
    host_name: HOST,
    tags: ["demo"],
    includes: SOURCES.filter((path) => existsSync(path)),
    backup_now: true,
    repo: { kind: "local", url: repository },
  });
  await program.enroll(server.url, token);
  const made = await find();
  if (!made) throw new Error("the agent enrolled, but the server does not list its host");
  return made;
}

/** The first backup starts by itself; at a later start one is asked for. */
async function backup(client: Client, hostId: string): Promise<Job> {
  const list = async (status: string) =>
    (await client.get<{ items: Job[] }>(`/api/jobs?host_id=${hostId}&kind=backup&status=${status}&limit=1`)).items[0];
  if (await list("succeeded")) {
    const { source_groups: groups } = await client.get<{ source_groups: { id: string }[] }>(`/api/hosts/${hostId}`);
    const { job_ids } = await client.post<{ job_ids: string[] }>(
      `/api/hosts/${hostId}/source-groups/${groups[0]?.id}/run`,
    );
    return await ended(client, job_ids[0] ?? "");
  }
  const first = await until(async () => (await list("succeeded")) ?? (await list("failed")), {
    timeoutMs: BACKUP_WITHIN_MS,
    everyMs: 200,
    what: "the first backup",
  });
  return await ended(client, first.id);
}

async function ended(client: Client, id: string): Promise<Job> {
  const job = await until(
    async () => {
      const found = await client.get<Job>(`/api/jobs/${id}`);
      return ["queued", "running"].includes(found.status) ? null : found;
    },
    { timeoutMs: BACKUP_WITHIN_MS, everyMs: 200, what: "the backup's end" },
  );
  if (job.status !== "succeeded") throw new Error(`the backup ended as ${job.status}: ${job.error_message}`);
  return job;
}

/** Adds the demo's host through REST: two source groups with different nights, an admin credential, first backups. */
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import type { agentIn } from "../testbed/agent.ts";
import type { Client } from "../testbed/server.ts";
import { until } from "../testbed/wait.ts";
import type { DemoRepository } from "./repository.ts";

const REPOSITORY = resolve(import.meta.dir, "../..");
const below = (...names: string[]) => names.map((name) => join(REPOSITORY, name)).filter((path) => existsSync(path));

const HOST = "demo";
const DOCUMENTS = below("docs", "install", "README.md");
const CODE = { name: "code", includes: below("agent", "db", "server", "shared", "tests", "ui"), excludes: ["*.zst"] };
/** Of the code; documents have the new host's own schedule, every night. */
const CODE_NIGHTS = "30 3 * * 1,3,5";
const WITHIN_MS = 120_000;

export type Job = { id: string; status: string; error_message: string | null };
type Items<T> = { items: T[] };
type Named = { id: string; name: string };

/** Enrols this machine, or lets it enrol again: the server's port may be another one than last time. @returns the host's id */
export async function enrollHost(
  client: Client,
  url: string,
  agent: ReturnType<typeof agentIn>,
  repository: DemoRepository,
): Promise<{ hostId: string; isNew: boolean }> {
  const find = async () => (await client.get<Items<{ id: string }>>(`/api/hosts?q=${HOST}`)).items[0]?.id;
  const known = await find();
  if (known) {
    const again = await client.post<{ token: string }>(`/api/hosts/${known}/enrollment-token`);
    await agent.enroll(url, again.token);
    return { hostId: known, isNew: false };
  }
  const { token } = await client.post<{ token: string }>("/api/enrollment-tokens", {
    host_name: HOST,
    tags: ["demo"],
    includes: DOCUMENTS,
    backup_now: true,
    repo: await repository.forHost(HOST),
  });
  await agent.enroll(url, token);
  const hostId = await find();
  if (!hostId) throw new Error("the agent enrolled, but the server does not list its host");
  await furnish(client, hostId, repository.deletingUrl(HOST));
  return { hostId, isNew: true };
}

async function furnish(client: Client, hostId: string, deletingUrl: string | null): Promise<void> {
  const [documents] = await groupsOf(client, hostId);
  await client.call("PUT", `/api/hosts/${hostId}/source-groups/${documents?.id}`, { name: "documents" });
  const code = await client.post<Named>(`/api/hosts/${hostId}/source-groups`, CODE);
  await client.post(`/api/hosts/${hostId}/schedules`, { cron: CODE_NIGHTS, source_group_ids: [code.id] });
  if (deletingUrl)
    await client.call("PUT", `/api/repos/${await repoOf(client, hostId)}/credentials/admin`, { url: deletingUrl });
}

/** First backups start by themselves, of every group that is there in time; everything else is asked for. @returns one of them */
export async function backUp(client: Client, hostId: string, isNew: boolean): Promise<Job> {
  const jobs: Job[] = isNew ? [await firstBackup(client, hostId)] : [];
  for (const { id } of await groupsOf(client, hostId)) {
    const [known] = isNew ? await backupsOf(client, `source_group_id=${id}`) : [];
    const run = `/api/hosts/${hostId}/source-groups/${id}/run`;
    const ids = known ? [known.id] : (await client.post<{ job_ids: string[] }>(run)).job_ids;
    for (const one of ids) jobs.push(await ended(client, one));
  }
  const failed = jobs.find((job) => job.status !== "succeeded");
  if (failed) throw new Error(`the backup ended as ${failed.status}: ${failed.error_message}`);
  const [first] = jobs;
  if (!first) throw new Error("there is nothing to back up");
  return first;
}

/** Uses the credential that may delete, and reads the repository once. */
export async function maintainOnce(client: Client, hostId: string): Promise<void> {
  const repo = await repoOf(client, hostId);
  for (const kind of ["prune", "check"]) {
    const { job_id } = await client.post<{ job_id: string }>(`/api/repos/${repo}/${kind}`);
    const job = await ended(client, job_id);
    if (job.status !== "succeeded") throw new Error(`${kind} ended as ${job.status}: ${job.error_message}`);
  }
}

async function firstBackup(client: Client, hostId: string): Promise<Job> {
  return await until(
    async () => {
      const jobs = await backupsOf(client, `host_id=${hostId}`);
      return jobs.find(({ status }) => status === "succeeded" || status === "failed");
    },
    { timeoutMs: WITHIN_MS, everyMs: 200, what: "the first backup" },
  );
}

async function backupsOf(client: Client, filter: string): Promise<Job[]> {
  return (await client.get<Items<Job>>(`/api/jobs?kind=backup&${filter}`)).items;
}

async function ended(client: Client, id: string): Promise<Job> {
  return await until(
    async () => {
      const job = await client.get<Job>(`/api/jobs/${id}`);
      return ["queued", "running"].includes(job.status) ? null : job;
    },
    { timeoutMs: WITHIN_MS, everyMs: 200, what: "the job's end" },
  );
}

async function groupsOf(client: Client, hostId: string): Promise<Named[]> {
  return (await client.get<Items<Named>>(`/api/hosts/${hostId}/source-groups`)).items;
}

async function repoOf(client: Client, hostId: string): Promise<string> {
  return (await client.get<Items<Named>>(`/api/hosts/${hostId}/repos`)).items[0]?.id ?? "";
}

/** Today's server and agent open what older versions left behind: data folder, agent's state, repository. */
import { afterEach, describe, expect, test } from "bun:test";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { agentIn } from "../testbed/agent.ts";
import { quietPort } from "../testbed/ports.ts";
import { startRestServer } from "../testbed/rest-server.ts";
import { type Client, signIn, startServer } from "../testbed/server.ts";
import { createCleanup } from "../testbed/temp.ts";
import { ensureTool } from "../testbed/tools.ts";
import { FIXTURE_ADMIN, FIXTURE_HOST, fixtureNames, unpack } from "../testbed/upgrades/fixture.ts";
import { until } from "../testbed/wait.ts";

const cleanup = createCleanup();
afterEach(cleanup.run);

type Items<T> = { items: T[]; total: number };
type Host = {
  id: string;
  name: string;
  status: string;
  in_sync: boolean;
  agent_version: string;
  repos: { id: string; status: string }[];
  source_groups: { id: string }[];
};
type Job = { id: string; status: string; error_message: string | null };
type Credential = { unreadable: boolean; on_trial: boolean; trial_error: string | null; has_repo_password: boolean };
type Document = { paths: Record<string, { get?: { parameters?: { in: string; name: string; required: boolean }[] } }> };

test("there is a fixture of the first version, and one that is newer", () => {
  expect(fixtureNames()[0]).toBe("0.1.0");
  expect(fixtureNames().length).toBeGreaterThan(1);
});

describe.each(fixtureNames())("what %s left behind", (name) => {
  test("opens, migrates, is shown, and runs on", async () => {
    const folder = await cleanup.tempFolder();
    await unpack(name, folder);
    const rest = await startRestServer({ root: join(folder, "repository"), appendOnly: true });
    cleanup.add(rest.close);
    const server = await startServer({ dataDir: join(folder, "data"), port: await quietPort() });
    cleanup.add(server.stop);
    expect(server.setupToken).toBeNull();
    const client = await signIn(server, FIXTURE_ADMIN);

    const host = await hostOf(client);
    expect(host).toMatchObject({ name: FIXTURE_HOST, status: "offline" });
    const succeeded = "/api/jobs?kind=backup&status=succeeded";
    const before = (await client.get<Items<Job>>(succeeded)).total;
    expect(before).toBeGreaterThanOrEqual(2);
    const snapshots = (await client.get<Items<unknown>>(`/api/hosts/${host.id}/snapshots`)).total;
    expect(snapshots).toBeGreaterThanOrEqual(2);
    await readEverything(client, host);

    const repo = `/api/repos/${host.repos[0]?.id}`;
    const everyday = `${repo}/credentials/everyday`;
    expect(await client.get<Credential>(everyday)).toMatchObject({ unreadable: false, has_repo_password: true });
    // The repo server has another port than it had then: all but the address comes from what is stored.
    const moved = await client.request<Credential>("PUT", everyday, { url: rest.url(FIXTURE_HOST, "main") });
    expect(moved.body).toMatchObject({ unreadable: false });

    const agent = agentIn({ home: join(folder, "agent"), restic: await ensureTool("restic-0.19") });
    pointTo(join(folder, "agent/config/agent.yaml"), server.url);
    const running = agent.start();
    cleanup.add(running.stop);
    await until(
      async () => {
        const { status, in_sync, repos } = await hostOf(client);
        const { on_trial, trial_error } = await client.get<Credential>(everyday);
        if (trial_error) throw new Error(trial_error);
        return status === "online" && in_sync && !on_trial && repos[0]?.status === "ready";
      },
      { timeoutMs: 60_000, everyMs: 200, what: "the host with its moved repository" },
    );

    const sources = await cleanup.tempFolder();
    mkdirSync(join(sources, "new"));
    writeFileSync(join(sources, "new", "file.txt"), "after the update\n");
    const group = `/api/hosts/${host.id}/source-groups/${host.source_groups[0]?.id}`;
    expect((await client.request("PUT", group, { includes: [sources] })).status).toBe(200);
    const made = await client.post<{ job_ids: string[] }>(`${group}/run`);
    const job = await until(
      async () => {
        const found = await client.get<Job>(`/api/jobs/${made.job_ids[0]}`);
        return ["queued", "running"].includes(found.status) ? null : found;
      },
      { timeoutMs: 60_000, everyMs: 200, what: "the backup's end" },
    );
    expect(job).toMatchObject({ status: "succeeded", error_message: null });
    expect((await client.get<Items<Job>>(succeeded)).total).toBe(before + 1);
    await until(
      async () => (await client.get<Items<unknown>>(`/api/hosts/${host.id}/snapshots`)).total === snapshots + 1,
      { timeoutMs: 30_000, what: "the new snapshot beside the old ones" },
    );
    expect(server.log()).not.toContain("a request failed");
  }, 180_000);
});

async function hostOf(client: Client): Promise<Host> {
  const [host] = (await client.get<Items<Host>>("/api/hosts")).items;
  if (!host) throw new Error("the host is gone");
  return host;
}

/** Every route that only reads, by what the server says of itself: none stumbles over old rows. */
async function readEverything(client: Client, host: Host): Promise<void> {
  const jobId = (await client.get<Items<Job>>("/api/jobs")).items[0]?.id ?? "";
  const schedules = await client.get<Items<{ id: string }>>(`/api/hosts/${host.id}/schedules`);
  const ids: Record<string, string | undefined> = {
    hosts: host.id,
    repos: host.repos[0]?.id,
    jobs: jobId,
    "source-groups": host.source_groups[0]?.id,
    schedules: schedules.items[0]?.id,
  };
  const { paths } = await client.get<Document>("/api/openapi.json");
  const wrong: string[] = [];
  let asked = 0;
  for (const [path, { get }] of Object.entries(paths)) {
    const needsQuery = get?.parameters?.some((one) => one.in === "query" && one.required);
    if (!get || needsQuery || !path.startsWith("/api/") || path.endsWith("/stream")) continue;
    const filled = path.replace(/([a-z-]+)\/\{[a-z]+\}/g, (_, noun: string) => `${noun}/${ids[noun]}`);
    const { status } = await client.request("GET", filled);
    asked++;
    // There may be no admin credential.
    if (status !== 200 && !(status === 404 && path.endsWith("/credentials/admin"))) wrong.push(`${filled} ${status}`);
  }
  expect(wrong).toEqual([]);
  expect(asked).toBeGreaterThan(20);
}

function pointTo(config: string, url: string): void {
  const text = readFileSync(config, "utf8").replace(/^server: .*$/m, `server: ${url}`);
  writeFileSync(config, text, { mode: 0o600 });
}

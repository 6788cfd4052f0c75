/** The basic path over REST with both restic versions: enrol, create the repository, prove append-only, first backup automatically, a second by Run now. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { agentIn } from "../testbed/agent.ts";
import { type RestServer, startRestServer } from "../testbed/rest-server.ts";
import { type Client, type ServerProcess, signIn, startServer } from "../testbed/server.ts";
import { createCleanup } from "../testbed/temp.ts";
import { ensureTools } from "../testbed/tools.ts";
import { until } from "../testbed/wait.ts";

const cleanup = createCleanup();
let server: ServerProcess;
let client: Client;
let rest: RestServer;
let restics: Record<string, string>;

beforeAll(async () => {
  restics = await ensureTools(["restic-0.18", "restic-0.19", "rest-server"]);
  server = await startServer({ dataDir: join(await cleanup.tempFolder(), "data") });
  cleanup.add(async () => void (await server.stop()));
  client = await signIn(server);
  rest = await startRestServer({ root: await cleanup.tempFolder(), appendOnly: true });
  cleanup.add(() => rest.close());
}, 180_000);
afterAll(cleanup.run);

type Job = {
  id: string;
  kind: string;
  status: string;
  error_message: string | null;
  warnings: number;
  stats: Record<string, unknown>;
};
const jobsOf = async (hostId: string) => (await client.get<{ items: Job[] }>(`/api/jobs?host_id=${hostId}`)).items;
const ended = async (id: string) => {
  const job = await client.get<Job>(`/api/jobs/${id}`);
  return ["queued", "running"].includes(job.status) ? null : job;
};

describe.each([["restic-0.18"], ["restic-0.19"]])("with %s", (version) => {
  test("a machine becomes a protected host", async () => {
    const name = `host-${version.replaceAll(".", "-")}`;
    const home = await cleanup.tempFolder();
    const source = join(home, "source");
    mkdirSync(source);
    writeFileSync(join(source, "letter.txt"), "hello");
    writeFileSync(join(source, "$odd [name] #1.txt"), "odd");

    const made = await client.post<{
      token: string;
      generated: { http_password: string; htpasswd_line: string; repo_password: string };
    }>("/api/enrollment-tokens", {
      host_name: name,
      tags: ["test"],
      includes: [source],
      repo: { kind: "rest", url: `http://127.0.0.1:${rest.port}/${name}/` },
    });
    expect(made.generated.htpasswd_line).toStartWith(`${name}:$2`);
    await rest.addUser(name, made.generated.http_password);

    const agent = agentIn({ home, restic: restics[version] ?? null });
    await agent.enroll(server.url, made.token);
    const running = agent.start();
    cleanup.add(async () => void (await running.stop()));

    const hosts = await client.get<{
      items: { id: string; source_groups: { id: string }[]; repos: { id: string }[] }[];
    }>(`/api/hosts?q=${name}`);
    const host = hosts.items[0];
    if (!host) throw new Error("the host is not in the list");
    const first = await until(
      async () => (await jobsOf(host.id)).find((job) => job.kind === "backup" && job.status === "succeeded"),
      {
        timeoutMs: 40_000,
        what: "the first backup",
      },
    );
    expect(first.warnings).toBe(0);
    expect(Number(first.stats["total_files_processed"])).toBe(2);

    const repo = await client.get<{ status: string; append_only: string; restic_id: string }>(
      `/api/repos/${host.repos[0]?.id}`,
    );
    expect(repo).toMatchObject({ status: "ready", append_only: "proven" });
    expect(repo.restic_id).toMatch(/^[0-9a-f]{64}$/);

    const run = await client.post<{ job_ids: string[] }>(
      `/api/hosts/${host.id}/source-groups/${host.source_groups[0]?.id}/run`,
      { bandwidth: { up_kbps: 5000, down_kbps: null } },
    );
    const second = await until(() => ended(run.job_ids[0] ?? ""), { timeoutMs: 30_000, what: "the second backup" });
    expect(second.status).toBe("succeeded");
    const snapshots = await until(
      async () => {
        const list = await client.get<{ items: { tags: string[]; hostname: string }[]; total: number }>(
          `/api/hosts/${host.id}/snapshots`,
        );
        return list.total >= 2 ? list : null;
      },
      { what: "two snapshots" },
    );
    expect(snapshots.items[0]).toMatchObject({ tags: ["default"], hostname: name });
    const log = await client.get<{ items: { seq: number; payload: string }[] }>(`/api/jobs/${second.id}/logs`);
    expect(log.items.length).toBeGreaterThan(1);
    expect(log.items.some((line) => line.payload.includes("--limit-upload 5000"))).toBe(true);
    expect(JSON.stringify(log)).not.toContain(made.generated.repo_password);
    const shown = await client.get<{ status: string; protected_24h: boolean; in_sync: boolean }>(
      `/api/hosts/${host.id}`,
    );
    expect(shown).toMatchObject({ status: "online", protected_24h: true, in_sync: true });
  }, 60_000);
});

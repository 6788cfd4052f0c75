/** A server, and hosts whose only repo is of one kind, for init, backup, forget, prune and check. */
import { expect } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { agentIn } from "../testbed/agent.ts";
import { signIn, startServer } from "../testbed/server.ts";
import type { Cleanup } from "../testbed/temp.ts";
import { ensureTools } from "../testbed/tools.ts";
import { until } from "../testbed/wait.ts";

type Job = { status: string; error_code: string | null; error_message: string | null; stats: Record<string, unknown> };

export type RepoScene = Awaited<ReturnType<typeof openRepoScene>>;

export async function openRepoScene(cleanup: Cleanup) {
  const tools = await ensureTools(["restic-0.19"]);
  const server = await startServer({ dataDir: join(await cleanup.tempFolder(), "data") });
  cleanup.add(async () => void (await server.stop()));
  const client = await signIn(server);

  /** An agent of a new host whose only repo is this one. */
  async function enrolled(name: string, home: string, repo: Record<string, unknown>, env: Record<string, string> = {}) {
    const source = join(home, "source");
    mkdirSync(source);
    writeFileSync(join(source, "letter.txt"), "hello");
    const { token } = await client.post<{ token: string }>("/api/enrollment-tokens", {
      host_name: name,
      includes: [source],
      repo,
    });
    const agent = agentIn({ home, restic: tools["restic-0.19"], env });
    await agent.enroll(server.url, token);
    const running = agent.start();
    cleanup.add(async () => void (await running.stop()));
    const { items } = await client.get<{
      items: { id: string; source_groups: { id: string }[]; repos: { id: string }[] }[];
    }>(`/api/hosts?q=${name}`);
    const { id = "", source_groups: [group] = [], repos: [found] = [] } = items[0] ?? {};
    const rid = found?.id ?? "";
    const becomes = (status: "ready" | "failed") =>
      until(
        async () => {
          const shown = await client.get<{ status: string; status_code: string; kind: string; append_only: string }>(
            `/api/repos/${rid}`,
          );
          return shown.status === status ? shown : null;
        },
        { timeoutMs: 60_000, everyMs: 200, what: `${name} being ${status}` },
      );
    return { id, gid: group?.id ?? "", rid, source, becomes };
  }

  /** Brought to its first backup. */
  async function hostWith(...those: Parameters<typeof enrolled>) {
    const { id, gid, rid, source, becomes } = await enrolled(...those);
    const ready = await becomes("ready");
    const run = async (path: string, body = {}): Promise<Job> => {
      const answer = await client.post<{ job_id?: string; job_ids?: string[] }>(path, body);
      const jobId = answer.job_id ?? answer.job_ids?.[0];
      return await until(
        async () => {
          const job = await client.get<Job>(`/api/jobs/${jobId}`);
          return ["queued", "running"].includes(job.status) ? null : job;
        },
        { timeoutMs: 60_000, everyMs: 100, what: path },
      );
    };
    const backup = () => {
      writeFileSync(join(source, "letter.txt"), crypto.getRandomValues(new Uint8Array(20_000)));
      return run(`/api/hosts/${id}/source-groups/${gid}/run`);
    };
    return { id, gid, rid, ready, run, backup };
  }

  async function keepHealthy(host: Awaited<ReturnType<typeof hostWith>>): Promise<void> {
    expect(await host.backup()).toMatchObject({ status: "succeeded" });
    expect(await host.backup()).toMatchObject({ status: "succeeded" });
    const answer = await client.request("PUT", `/api/hosts/${host.id}/source-groups/${host.gid}`, {
      retention: { keep_last: 1 },
      confirm_removal: true,
    });
    expect(answer.status).toBe(200);
    const forgotten = await host.run(`/api/repos/${host.rid}/forget`);
    expect(forgotten).toMatchObject({ status: "succeeded" });
    expect(Number(forgotten.stats["snapshots_removed"])).toBeGreaterThan(0);
    expect(forgotten.stats["snapshots_after"]).toBe(1);
    expect(await host.run(`/api/repos/${host.rid}/prune`)).toMatchObject({ status: "succeeded" });
    expect(await host.run(`/api/repos/${host.rid}/check`)).toMatchObject({ status: "succeeded", stats: { errors: 0 } });
  }

  return { client, enrolled, hostWith, keepHealthy };
}

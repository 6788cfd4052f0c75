/** Every kind of repo for which there is a server here: REST by rclone, local, SFTP by OpenSSH, an rclone remote; made, backed up into, forgotten from, pruned, checked. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { agentIn } from "../testbed/agent.ts";
import { startRcloneServer } from "../testbed/rclone-server.ts";
import { type Client, type ServerProcess, signIn, startServer } from "../testbed/server.ts";
import { startSshServer } from "../testbed/ssh-server.ts";
import { createCleanup } from "../testbed/temp.ts";
import { ensureTools } from "../testbed/tools.ts";
import { until } from "../testbed/wait.ts";

const cleanup = createCleanup();
let server: ServerProcess;
let client: Client;
let tools: Record<"restic-0.19" | "rclone", string>;

beforeAll(async () => {
  tools = await ensureTools(["restic-0.19", "rclone", "sshd"]);
  server = await startServer({ dataDir: join(await cleanup.tempFolder(), "data") });
  cleanup.add(async () => void (await server.stop()));
  client = await signIn(server);
}, 180_000);
afterAll(cleanup.run);

type Job = { status: string; error_code: string | null; error_message: string | null; stats: Record<string, unknown> };

/** A host whose only repo is this one, brought to its first backup. */
async function hostWith(name: string, home: string, repo: Record<string, unknown>) {
  const source = join(home, "source");
  mkdirSync(source);
  writeFileSync(join(source, "letter.txt"), "hello");
  const { token } = await client.post<{ token: string }>("/api/enrollment-tokens", {
    host_name: name,
    includes: [source],
    repo,
  });
  const agent = agentIn({ home, restic: tools["restic-0.19"] });
  await agent.enroll(server.url, token);
  const running = agent.start();
  cleanup.add(async () => void (await running.stop()));
  const { items } = await client.get<{
    items: { id: string; source_groups: { id: string }[]; repos: { id: string }[] }[];
  }>(`/api/hosts?q=${name}`);
  const { id = "", source_groups: [group] = [], repos: [found] = [] } = items[0] ?? {};
  const rid = found?.id ?? "";
  const ready = await until(
    async () => {
      const shown = await client.get<{ status: string; kind: string; append_only: string }>(`/api/repos/${rid}`);
      return shown.status === "ready" ? shown : null;
    },
    { timeoutMs: 60_000, everyMs: 200, what: `${name} being ready` },
  );
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
    return run(`/api/hosts/${id}/source-groups/${group?.id}/run`);
  };
  return { id, gid: group?.id ?? "", rid, ready, run, backup };
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

test("a folder on the host", async () => {
  const home = await cleanup.tempFolder();
  const host = await hostWith("local", home, { kind: "local", url: join(home, "repo") });
  expect(host.ready).toMatchObject({ kind: "local", append_only: "not_applicable" });
  await keepHealthy(host);
}, 120_000);

test("SFTP by OpenSSH", async () => {
  const ssh = await startSshServer(cleanup);
  const home = await cleanup.tempFolder();
  await ssh.installClient(join(home, "path"));
  const host = await hostWith("sftp", home, { kind: "sftp", url: ssh.url("repo") });
  expect(host.ready).toMatchObject({ kind: "sftp", append_only: "not_applicable" });
  await keepHealthy(host);
}, 120_000);

test("an rclone remote: reads no data in checks unless told to", async () => {
  const home = await cleanup.tempFolder();
  mkdirSync(join(home, "path"), { recursive: true });
  symlinkSync(tools.rclone, join(home, "path", "rclone"));
  mkdirSync(join(home, ".config/rclone"), { recursive: true });
  writeFileSync(join(home, ".config/rclone/rclone.conf"), "[disk]\ntype = local\n");
  const host = await hostWith("rclone", home, { kind: "rclone", url: `rclone:disk:${join(home, "far")}` });
  expect(host.ready).toMatchObject({ kind: "rclone", append_only: "not_applicable" });
  expect(await client.get(`/api/repos/${host.rid}/maintenance`)).toMatchObject({
    check_budget_bytes: 0,
    check_parts: null,
  });
  await keepHealthy(host);
}, 120_000);

test("REST by rclone, append-only with a second listener that deletes", async () => {
  const root = await cleanup.tempFolder();
  const who = { user: "web", password: "a password of rclone" };
  const everyday = await startRcloneServer(cleanup, { root, ...who, appendOnly: true });
  const deleting = await startRcloneServer(cleanup, { root, ...who, appendOnly: false });
  const host = await hostWith("rclone-rest", await cleanup.tempFolder(), {
    kind: "rest",
    url: everyday.url("web"),
    http_username: who.user,
    http_password: who.password,
  });
  expect(host.ready).toMatchObject({ kind: "rest", append_only: "proven" });
  expect((await client.request("POST", `/api/repos/${host.rid}/prune`, {})).status).toBe(409);
  const answer = await client.request("PUT", `/api/repos/${host.rid}/credentials/admin`, { url: deleting.url("web") });
  expect(answer.status).toBe(200);
  await keepHealthy(host);
}, 120_000);

test("what could make ssh or rclone run something else is refused", async () => {
  for (const repo of [
    { kind: "sftp", url: "sftp:-oProxyCommand=x:/srv" },
    { kind: "sftp", url: "sftp://-oProxyCommand=x@h/srv" },
    { kind: "rclone", url: "rclone::sftp,ssh=x:/srv" },
    { kind: "rclone", url: "rclone:--config=x:/srv" },
    { kind: "s3", url: "s3:https://s3.example/bucket", env: { RESTIC_PASSWORD_COMMAND: "x" } },
    { kind: "other", url: "azure:container:/", env: { LD_PRELOAD: "x" } },
    { kind: "other", url: "unknown:thing" },
    { kind: "b2", url: "/srv/restic" },
  ]) {
    const answer = await client.request("POST", "/api/enrollment-tokens", { host_name: "x", includes: ["/srv"], repo });
    expect([repo.url, answer.status]).toEqual([repo.url, 400]);
  }
});

/** Maintenance that goes wrong: an agent killed during a prune, a lock left by a killed restic, a repo server that no longer allows deletes. */
import { afterAll, describe, expect, test } from "bun:test";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { agentIn } from "../testbed/agent.ts";
import { holdLock } from "../testbed/held-lock.ts";
import { quietPort } from "../testbed/ports.ts";
import { TEMPLATE_PASSWORD } from "../testbed/repo-template.ts";
import { startRestServer } from "../testbed/rest-server.ts";
import { type Client, signIn, startServer } from "../testbed/server.ts";
import { createCleanup } from "../testbed/temp.ts";
import { ensureTools } from "../testbed/tools.ts";
import { until } from "../testbed/wait.ts";
import { type Job, openScene, type Scene } from "./scene.ts";

const cleanup = createCleanup();
afterAll(cleanup.run, 60_000);

const order = async (scene: Scene, kind: string) =>
  (await scene.client().post<{ job_id: string }>(`/api/repos/${scene.repoId}/${kind}`)).job_id;

/** Two snapshots whose packs are half unused once the first is forgotten: a prune has to pack anew. */
async function fillAndForget(scene: Scene): Promise<void> {
  const files = Array.from({ length: 60 }, (_, n) => join(scene.source, `big-${n}`));
  for (const file of files) writeFileSync(file, crypto.getRandomValues(new Uint8Array(60_000)));
  expect((await scene.ended(await scene.run())).status).toBe("succeeded");
  for (const file of files.filter((_, n) => n % 2 === 0)) rmSync(file);
  expect((await scene.ended(await scene.run())).status).toBe("succeeded");
  const answer = await scene.client().request("PUT", `/api/hosts/${scene.hostId}/source-groups/${scene.groupId}`, {
    retention: { keep_last: 1 },
    confirm_removal: true,
  });
  expect(answer.status).toBe(200);
  expect((await scene.ended(await order(scene, "forget"))).stats).toMatchObject({ snapshots_removed: 1 });
}

describe.each([["restic-0.18" as const], ["restic-0.19" as const]])("with %s", (restic) => {
  test("an agent killed during a prune says so; the next prune succeeds and the repository is whole", async () => {
    const scene = await openScene(cleanup, { restic });
    await fillAndForget(scene);
    const { wrapper } = scene;
    const usual = readFileSync(wrapper, "utf8");
    const slow = usual.replace('"$@"\n', '"$@" --limit-upload 100 --limit-download 100\n');
    writeFileSync(wrapper, slow);
    const id = await order(scene, "prune");
    await until(async () => (await scene.log(id)).some(({ payload }) => payload.startsWith("repacking packs")), {
      timeoutMs: 60_000,
      what: "a prune that packs anew",
    });
    scene.killAgent();
    writeFileSync(wrapper, usual);
    await scene.restartAgent();
    expect(await scene.ended(id)).toMatchObject({
      status: "failed",
      error_code: "agent_restarted",
      closed_by: "agent",
    });
    expect((await scene.ended(await order(scene, "prune"))).status).toBe("succeeded");
    expect(await scene.ended(await order(scene, "check"))).toMatchObject({ status: "succeeded", stats: { errors: 0 } });
    expect((await scene.ended(await scene.run())).status).toBe("succeeded");
  }, 180_000);

  test("a lock left by a killed restic is shown, and holds no maintenance up", async () => {
    const scene = await openScene(cleanup, { restic });
    const tools = await ensureTools([restic]);
    const repository = join(scene.source, "../repository");
    const leaveLock = async () => await (await holdLock(tools[restic], repository, TEMPLATE_PASSWORD)).kill();
    await leaveLock();
    await scene.ended(await scene.order("probe"));
    const shown = await until(
      async () => {
        const repo = await scene
          .client()
          .get<{ lock_count: number; locks: { pid: number }[] }>(`/api/repos/${scene.repoId}`);
        return repo.lock_count === 1 ? repo : null;
      },
      { what: "the lock on the repo" },
    );
    expect(shown.locks[0]?.pid).toBeGreaterThan(1);
    expect(await scene.ended(await scene.order("unlock"))).toMatchObject({
      stats: { locks_removed: 1, locks_left: 0 },
    });
    await until(
      async () => (await scene.client().get<{ lock_count: number }>(`/api/repos/${scene.repoId}`)).lock_count === 0,
      { what: "no lock on the repo" },
    );
    await leaveLock();
    const check = await scene.ended(await order(scene, "check"));
    expect(check).toMatchObject({ status: "succeeded" });
    expect(readdirSync(join(repository, "locks"))).toEqual([]);
  }, 120_000);
});

test("a repo server that no longer deletes is found out, and named before the next try", async () => {
  const { "restic-0.19": restic } = await ensureTools(["restic-0.19", "rest-server"]);
  const server = await startServer({ dataDir: join(await cleanup.tempFolder(), "data") });
  cleanup.add(async () => void (await server.stop()));
  const client: Client = await signIn(server);
  const root = await cleanup.tempFolder();
  const port = await quietPort();
  let rest = await startRestServer({ root, appendOnly: false, port });
  cleanup.add(() => rest.close());
  await rest.addUser("web", "a password");
  const home = await cleanup.tempFolder();
  mkdirSync(join(home, "source"));
  const { token } = await client.post<{ token: string }>("/api/enrollment-tokens", {
    host_name: "web",
    includes: [join(home, "source")],
    repo: { kind: "rest", url: rest.url("web", "main"), http_username: "web", http_password: "a password" },
  });
  const agent = agentIn({ home, restic });
  await agent.enroll(server.url, token);
  const running = agent.start();
  cleanup.add(async () => void (await running.stop()));
  const { items } = await client.get<{
    items: { id: string; source_groups: { id: string }[]; repos: { id: string }[] }[];
  }>("/api/hosts?q=web");
  const { id = "", source_groups: [group] = [], repos: [repo] = [] } = items[0] ?? {};
  const rid = repo?.id ?? "";
  const appendOnlyIs = (state: string) =>
    until(async () => (await client.get<{ append_only: string }>(`/api/repos/${rid}`)).append_only === state, {
      timeoutMs: 30_000,
      what: `append-only ${state}`,
    });
  const run = async (path: string): Promise<Job> => {
    const answer = await client.post<{ job_id?: string; job_ids?: string[] }>(path);
    const jobId = answer.job_id ?? answer.job_ids?.[0];
    return await until(
      async () => {
        const job = await client.get<Job>(`/api/jobs/${jobId}`);
        return ["queued", "running"].includes(job.status) ? null : job;
      },
      { timeoutMs: 60_000, what: path },
    );
  };
  await appendOnlyIs("violated");
  for (let n = 0; n < 2; n++) {
    writeFileSync(join(home, "source/letter"), String(n));
    expect(await run(`/api/hosts/${id}/source-groups/${group?.id}/run`)).toMatchObject({ status: "succeeded" });
  }
  await client.request("PUT", `/api/hosts/${id}/source-groups/${group?.id}`, {
    retention: { keep_last: 1 },
    confirm_removal: true,
  });

  await rest.close();
  rest = await startRestServer({ root, appendOnly: true, port });
  const refused = await run(`/api/repos/${rid}/forget`);
  expect(refused).toMatchObject({ status: "failed", error_code: "append_only" });
  await run(`/api/repos/${rid}/probe`);
  await appendOnlyIs("proven");
  const answer = await client.request("POST", `/api/repos/${rid}/forget`, {});
  expect(answer).toMatchObject({ status: 409, body: { error: { code: "no_admin_credential" } } });
}, 120_000);

/** Maintenance over REST: no admin credential, a wrong one, a right one; another maintenance host; repos added, missing, re-initialised, removed. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { agentIn } from "../testbed/agent.ts";
import { mustRun } from "../testbed/command.ts";
import { copyRepoTemplate, TEMPLATE_PASSWORD } from "../testbed/repo-template.ts";
import { type RestServer, startRestServer } from "../testbed/rest-server.ts";
import { type Client, type ServerProcess, signIn, startServer } from "../testbed/server.ts";
import { createCleanup } from "../testbed/temp.ts";
import { ensureTools } from "../testbed/tools.ts";
import { until } from "../testbed/wait.ts";

const cleanup = createCleanup();
let server: ServerProcess;
let client: Client;
let root: string;
let everyday: RestServer;
let deleting: RestServer;
let restics: Record<string, string>;

beforeAll(async () => {
  restics = await ensureTools(["restic-0.18", "restic-0.19", "rest-server"]);
  server = await startServer({ dataDir: join(await cleanup.tempFolder(), "data") });
  cleanup.add(async () => void (await server.stop()));
  client = await signIn(server);
  root = await cleanup.tempFolder();
  everyday = await startRestServer({ root, appendOnly: true });
  deleting = await startRestServer({ root, appendOnly: false });
  cleanup.add(async () => {
    await everyday.close();
    await deleting.close();
  });
}, 180_000);
afterAll(cleanup.run);

type Job = {
  id: string;
  kind: string;
  status: string;
  host_id: string;
  error_code: string | null;
  error_message: string | null;
  stats: Record<string, unknown> | null;
};
type Repo = { id: string; status: string; status_code: string | null; restic_id: string; snapshot_count: number };

async function addHost(name: string, version: string, repoPassword?: string) {
  const home = await cleanup.tempFolder();
  const source = join(home, "source");
  mkdirSync(source);
  writeFileSync(join(source, "letter.txt"), "hello");
  const password = `http of ${name}`;
  await everyday.addUser(name, password);
  const { token } = await client.post<{ token: string }>("/api/enrollment-tokens", {
    host_name: name,
    backup_now: repoPassword === undefined,
    includes: [source],
    repo: {
      kind: "rest",
      url: everyday.url(name, "main"),
      http_username: name,
      http_password: password,
      repo_password: repoPassword,
    },
  });
  const agent = agentIn({ home, restic: restics[version] ?? null });
  await agent.enroll(server.url, token);
  const running = agent.start();
  cleanup.add(async () => void (await running.stop()));
  const { items } = await client.get<{ items: { id: string; source_groups: { id: string }[]; repos: Repo[] }[] }>(
    `/api/hosts?q=${name}`,
  );
  const host = items[0];
  if (!host) throw new Error(`${name} is not in the list`);
  return { id: host.id, gid: host.source_groups[0]?.id ?? "", rid: host.repos[0]?.id ?? "", home, source, name };
}

const put = (path: string, body: unknown) => client.call("PUT", path, body);
const remove = (path: string, body: unknown) => client.call("DELETE", path, body);
const ended = (id: string) =>
  until(
    async () => {
      const job = await client.get<Job>(`/api/jobs/${id}`);
      return ["queued", "running"].includes(job.status) ? null : job;
    },
    { timeoutMs: 90_000, everyMs: 100, what: `the end of job ${id}` },
  );
const run = async (rid: string, kind: string): Promise<Job> => {
  const { job_id } = await client.post<{ job_id: string }>(`/api/repos/${rid}/${kind}`, {});
  return await ended(job_id);
};
const repo = (rid: string) => client.get<Repo & Record<string, unknown>>(`/api/repos/${rid}`);
const backup = async (host: { id: string; gid: string; source: string }) => {
  writeFileSync(join(host.source, "letter.txt"), crypto.getRandomValues(new Uint8Array(40_000)));
  const path = `/api/hosts/${host.id}/source-groups/${host.gid}/run`;
  const { job_ids } = await client.post<{ job_ids: string[] }>(path, {});
  return await Promise.all(job_ids.map(ended));
};
const ready = (rid: string) =>
  until(
    async () => {
      const found = await repo(rid);
      return found.status === "ready" ? found : null;
    },
    { timeoutMs: 60_000, everyMs: 200, what: "the repo being ready" },
  );

/** Snapshots as plain restic makes them, by the clock of a zone. */
async function savedByHand(host: { name: string; source: string }, version: string, times: string[], zone: string) {
  const env = {
    ...{ RESTIC_REPOSITORY: deleting.url(host.name, "main"), RESTIC_PASSWORD: TEMPLATE_PASSWORD, TZ: zone },
    ...{ RESTIC_REST_USERNAME: host.name, RESTIC_REST_PASSWORD: `http of ${host.name}` },
  };
  for (const time of times)
    await mustRun(
      [
        restics[version] ?? "",
        "backup",
        "--no-cache",
        "--host",
        host.name,
        "--tag",
        "default",
        "--time",
        time,
        "source",
      ],
      { env, cwd: join(host.source, "..") },
    );
}

test.each([
  ["restic-0.18", "tokyo-a"],
  ["restic-0.19", "tokyo-b"],
])(
  "with %s: the first forget in an existing repository asks, by the days that restic forms; then exactly what was agreed goes",
  async (version, name) => {
    await copyRepoTemplate(join(root, name, "main"));
    const host = await addHost(name, version, TEMPLATE_PASSWORD);
    const hours = ["20", "22", "24", "26"].flatMap((day) => [`2026-11-${day} 02:00:00`, `2026-11-${day} 16:00:00`]);
    // Before there is anything that it could remove: the agent may list the repository at any moment.
    await client.call("PATCH", `/api/hosts/${host.id}`, { timezone_override: "Asia/Tokyo" });
    const group = `/api/hosts/${host.id}/source-groups/${host.gid}`;
    await put(group, { retention: { keep_daily: 30 } });
    await savedByHand(host, version, hours, "UTC");
    const credential = { url: deleting.url(name, "main"), http_username: name, http_password: `http of ${name}` };
    await put(`/api/repos/${host.rid}/credentials/admin`, credential);
    await ready(host.rid);
    expect(
      await ended((await client.post<{ job_id: string }>(`/api/repos/${host.rid}/snapshots`, {})).job_id),
    ).toMatchObject({
      status: "succeeded",
      stats: { snapshot_count: 8 },
    });

    const refused = await client.request("POST", `/api/repos/${host.rid}/forget`, {});
    expect(refused).toMatchObject({ status: 409, body: { error: { code: "retention_held" } } });
    expect((await repo(host.rid)).snapshot_count).toBe(8);

    await client.post(`${group}/confirm-retention`, {});
    // One that the server has not heard of, made before the order is sent.
    await savedByHand(host, version, ["2026-11-27 02:00:00"], "UTC");
    const first = await run(host.rid, "forget");
    expect(first).toMatchObject({ status: "succeeded", stats: { replan: true, snapshots_removed: 0 } });
    const last = await until(
      async () => {
        const { items } = await client.get<{ items: Job[] }>(`/api/jobs?repo_id=${host.rid}&kind=forget`);
        return items.length === 2 && items[0]?.status === "succeeded" ? items[0] : null;
      },
      { timeoutMs: 60_000, what: "the forget that was planned anew" },
    );
    expect(last.stats).toMatchObject({ snapshots_removed: 3, snapshots_after: 6 });

    // New snapshots carry the clock of the schedule.
    expect((await backup(host))[0]).toMatchObject({ status: "succeeded" });
    type Items = { items: { utc_offset_minutes: number }[] };
    const { items } = await client.get<Items>(`/api/hosts/${host.id}/snapshots`);
    expect(items[0]?.utc_offset_minutes).toBe(540);
  },
  120_000,
);

test.each([
  ["restic-0.18", "a"],
  ["restic-0.19", "b"],
])(
  "with %s: what removes data needs a credential that may, and says so until it has one",
  async (version, suffix) => {
    const host = await addHost(`keep-${suffix}`, version);
    await ready(host.rid);
    for (let n = 0; n < 3; n++) expect((await backup(host))[0]).toMatchObject({ status: "succeeded" });
    await put(`/api/hosts/${host.id}/source-groups/${host.gid}`, {
      retention: { keep_last: 1 },
      confirm_removal: true,
    });

    for (const kind of ["forget", "prune"]) {
      const refused = await client.request("POST", `/api/repos/${host.rid}/${kind}`, {});
      expect(refused.status).toBe(409);
      expect(refused.body).toMatchObject({
        error: { code: "no_admin_credential", message: expect.stringContaining("Enter an admin credential") },
      });
    }
    expect(await client.get(`/api/repos/${host.rid}/maintenance`)).toMatchObject({
      delete_right: "none",
      prune: { state: "blocked", why: "no_admin_credential" },
      check: { state: "later" },
    });
    expect(await run(host.rid, "check")).toMatchObject({ status: "succeeded", stats: { errors: 0, read_parts: 1 } });

    // The same listener under another name: it is no more allowed there.
    const toothless = { url: everyday.url(host.name, "main").replace("127.0.0.1", "localhost") };
    await put(`/api/repos/${host.rid}/credentials/admin`, toothless);
    const denied = await run(host.rid, "forget");
    expect(denied).toMatchObject({ status: "failed", error_code: "append_only" });
    expect(denied.error_message).toContain("admin credential that may delete");
    expect(await client.get(`/api/repos/${host.rid}/credentials/admin`)).toMatchObject({
      trial_error: expect.stringContaining("does not let this credential delete"),
      proved_at: null,
    });

    await put(`/api/repos/${host.rid}/credentials/admin`, { url: deleting.url(host.name, "main") });
    const forgotten = await run(host.rid, "forget");
    expect(forgotten).toMatchObject({ status: "succeeded", stats: { snapshots_removed: 2, snapshots_after: 1 } });
    await put(`/api/repos/${host.rid}/credentials/admin`, toothless);
    expect(await run(host.rid, "prune")).toMatchObject({ status: "failed", error_code: "append_only" });
    await put(`/api/repos/${host.rid}/credentials/admin`, { url: deleting.url(host.name, "main") });
    expect(await run(host.rid, "prune")).toMatchObject({ status: "succeeded" });
    const shown = await until(
      async () => {
        const found = await repo(host.rid);
        return found.snapshot_count === 1 && found["last_prune_status"] === "ok" ? found : null;
      },
      { what: "the list without the forgotten snapshots" },
    );
    expect(shown).toMatchObject({ last_forget_status: "ok", last_check_status: "ok" });
    expect(shown["fully_read_since"]).not.toBeNull();
    const credential = await client.get<Record<string, unknown>>(`/api/repos/${host.rid}/credentials/admin`);
    expect(credential["proved_at"]).not.toBeNull();
    expect(JSON.stringify(credential)).not.toContain(`http of ${host.name}`);
    await remove(`/api/repos/${host.rid}/credentials/admin`, {});
    expect((await client.request("POST", `/api/repos/${host.rid}/prune`, {})).status).toBe(409);
  },
  240_000,
);

test("another host can do it, with everything it needs sent along for the one job", async () => {
  const host = await addHost("far", "restic-0.19");
  const keeper = await addHost("keeper", "restic-0.18");
  await ready(host.rid);
  await ready(keeper.rid);
  await backup(host);
  await put(`/api/repos/${host.rid}/credentials/admin`, { url: deleting.url("far", "main") });
  await put(`/api/repos/${host.rid}/maintenance`, { maintenance_host_id: keeper.id });
  expect(await client.get(`/api/repos/${host.rid}/maintenance`)).toMatchObject({ runs_on: { name: "keeper" } });
  expect(await run(host.rid, "prune")).toMatchObject({ status: "succeeded", host_id: keeper.id });
  expect(await run(host.rid, "check")).toMatchObject({ status: "succeeded", host_id: keeper.id });
  expect(await repo(host.rid)).toMatchObject({ last_prune_status: "ok", last_check_status: "ok" });
}, 120_000);

test("a second repo: added, used, missing without a fresh init, made anew by name, taken off", async () => {
  const host = await addHost("twin", "restic-0.19");
  await ready(host.rid);
  const disk = join(host.home, "disk");
  mkdirSync(disk);
  const added = await client.post<{ id: string; generated: { repo_password: string } }>(`/api/hosts/${host.id}/repos`, {
    name: "disk",
    kind: "local",
    url: join(disk, "repo"),
  });
  expect(added.generated.repo_password.length).toBeGreaterThan(20);
  const first = await ready(added.id);
  await put(`/api/hosts/${host.id}/source-groups/${host.gid}`, { repo_ids: [host.rid, added.id] });
  const both = await until(
    async () => {
      const jobs = await backup(host);
      return jobs.length === 2 && jobs.every(({ status }) => status === "succeeded") ? jobs : null;
    },
    { timeoutMs: 60_000, what: "a backup into both" },
  );
  expect(both).toHaveLength(2);

  renameSync(disk, `${disk}.away`);
  await run(added.id, "probe");
  expect(await repo(added.id)).toMatchObject({
    status: "failed",
    status_code: "repo_missing",
    restic_id: first.restic_id,
  });
  expect((await backup(host)).map(({ error_code }) => error_code).sort()).toEqual([null, "repo_missing"] as never);
  expect(await repo(added.id)).toMatchObject({ status: "failed", restic_id: first.restic_id });
  const wrongName = await client.request("POST", `/api/repos/${added.id}/reinit`, { confirm: "other" });
  expect(wrongName.status).toBe(400);
  const notMissing = await client.request("POST", `/api/repos/${host.rid}/reinit`, { confirm: "twin" });
  expect(notMissing).toMatchObject({ status: 409, body: { error: { code: "repository_exists" } } });

  mkdirSync(disk);
  await client.post(`/api/repos/${added.id}/reinit`, { confirm: "twin" });
  const anew = await ready(added.id);
  expect(anew.restic_id).not.toBe(first.restic_id);
  // It is backed up into by itself, and the other repo is left alone.
  type Backup = { repo_id: string; actor_kind: string; status: string };
  const backups = await until(
    async () => {
      const path = `/api/jobs?kind=backup&host_id=${host.id}&limit=50`;
      const { items } = await client.get<{ items: Backup[] }>(path);
      return items[0]?.repo_id === added.id && items[0].status === "succeeded" ? items : null;
    },
    { timeoutMs: 60_000, what: "a backup into the new repository" },
  );
  const system = backups.filter(({ actor_kind }) => actor_kind === "system");
  expect(system.filter(({ repo_id }) => repo_id === added.id)).toHaveLength(1);

  const used = await client.request("DELETE", `/api/repos/${added.id}`, { confirm: "twin" });
  expect(used).toMatchObject({ status: 409, body: { error: { code: "repo_in_use" } } });
  await put(`/api/hosts/${host.id}/source-groups/${host.gid}`, { repo_ids: [] });
  await remove(`/api/repos/${added.id}`, { confirm: "twin" });
  expect((await client.request("GET", `/api/repos/${added.id}`)).status).toBe(404);
  const primary = await client.request("DELETE", `/api/repos/${host.rid}`, { confirm: "twin" });
  expect(primary).toMatchObject({ status: 409, body: { error: { code: "primary_repo" } } });
}, 180_000);

// Work that the sandbox forbids, in a booted system: hooks that dump databases and stop a service, and a repository in a local folder.
import { Database } from "bun:sqlite";
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { runCommand } from "../testbed/command.ts";
import { bootContainer, type Container, containerObstacle } from "../testbed/container.ts";
import { type ControlPlane, startControlPlane } from "../testbed/control-plane.ts";
import { createCleanup } from "../testbed/temp.ts";
import { ensureTool } from "../testbed/tools.ts";
import { until } from "../testbed/wait.ts";

const obstacle = containerObstacle();
if (obstacle) console.warn(`skipped: ${obstacle}`);

const PASSWORD = "the password of a local repository";
const DUMP = `set -eu
cat /proc/self/cgroup
mkdir -p /var/backups/databases
su postgres -c "pg_dump shop" > /var/backups/databases/shop.sql
sqlite3 /srv/app.db ".backup /var/backups/databases/app.db"
systemctl stop shop.service`;
const RESUME = `systemctl start shop.service
echo "after $RM_JOB_STATUS: shop is $(systemctl is-active shop.service)"`;

const cleanup = createCleanup();
let plane: ControlPlane;
let container: Container;
let hostId: string;
let groupId: string;

type Job = { id: string; status: string; warnings: number; error_code: string | null; stats: Record<string, unknown> };

beforeAll(async () => {
  if (obstacle) return;
  plane = await startControlPlane(cleanup);
  container = await bootContainer("debian-root-databases");
  cleanup.add(container.stop);
  writeFileSync(
    join(container.root, "etc/systemd/system/shop.service"),
    "[Service]\nExecStart=/bin/sleep infinity\n[Install]\nWantedBy=multi-user.target\n",
  );
  await container.must("systemctl daemon-reload && systemctl enable --now shop.service");
  await container.must("systemctl start postgresql && until su postgres -c 'psql -c \"select 1\"'; do sleep 0.2; done");
  await container.must(
    `su postgres -c "createdb shop && psql shop -c \\"create table orders as select 'order number ' || n as name from generate_series(1, 5000) n\\""`,
  );
  await container.must(`sqlite3 /srv/app.db "create table notes (text); insert into notes values ('kept in SQLite')"`);
}, 600_000);
afterAll(cleanup.run, 60_000);

const install = (args: string, env: Record<string, string>) =>
  container.exec(`curl -fsSL ${plane.server.url}/install.sh | sh -s -- ${args}`, { env, timeoutMs: 120_000 });
const setHooks = async (pre: string | null, post: string | null) => {
  const before = await appliedVersion();
  const path = `/api/hosts/${hostId}/source-groups/${groupId}/hooks`;
  expect((await plane.client.request("PUT", path, { pre, post })).status).toBe(200);
  await until(async () => (await appliedVersion()) > before, { timeoutMs: 30_000, what: "the applied hooks" });
};
const appliedVersion = async () =>
  Number(JSON.parse(await container.must("restic-manager-agent status --json")).state_version);
const order = async () =>
  (await plane.client.post<{ job_ids: string[] }>(`/api/hosts/${hostId}/source-groups/${groupId}/run`)).job_ids[0]!;
const job = (id: string) => plane.client.get<Job>(`/api/jobs/${id}`);
const ended = (id: string) =>
  until(
    async () => {
      const found = await job(id);
      return ["queued", "running"].includes(found.status) ? null : found;
    },
    { timeoutMs: 60_000, what: "the end of the job" },
  );
const log = async (id: string) =>
  (await plane.client.get<{ items: { payload: string }[] }>(`/api/jobs/${id}/logs?limit=5000`)).items
    .map(({ payload }) => payload)
    .join("\n");
const shopPid = async () => (await container.must("systemctl show -P MainPID shop.service")).trim();
/** systemd collects a unit some moments after it has ended. */
const noUnitOf = (id: string) => until(async () => !(await units()).includes(id), { what: "no unit left" });
const units = () => container.must("systemctl list-units --all --no-legend 'restic-manager-job-*'");

describe.skipIf(obstacle !== null)("outside of the sandbox", () => {
  test("a repository in a local folder is made and backed up to, without opening the unit", async () => {
    const { token } = await plane.client.post<{ token: string }>("/api/enrollment-tokens", {
      host_name: "box2",
      tags: [],
      includes: ["/etc", "/var/backups/databases"],
      backup_now: true,
      repo: { kind: "local", url: "/srv/restic", repo_password: PASSWORD },
    });
    const { code, stdout } = await install("", { RM_TOKEN: token });
    expect(stdout).toContain("local repositories are allowed");
    expect(code).toBe(0);
    const first = await plane.finishedBackup("box2", { timeoutMs: 120_000 });
    expect(await log(first.id)).toContain("Snapshot ");
    expect(first.status).toBe("succeeded");
    expect(existsSync(join(container.root, "srv/restic/config"))).toBe(true);
    const host = await plane.client.get<{ items: Record<string, unknown>[] }>("/api/hosts?q=box2");
    const row = host.items[0] as { id: string; source_groups: { id: string }[]; capabilities: string[] };
    hostId = row.id;
    groupId = row.source_groups[0]!.id;
    expect(row.capabilities).toEqual(expect.arrayContaining(["hooks", "local_repo"]));
  }, 240_000);

  test("hooks dump PostgreSQL and SQLite and stop a service; what they dumped can be restored", async () => {
    await setHooks(DUMP, RESUME);
    const before = await shopPid();
    const done = await ended(await order());
    const text = await log(done.id);
    expect({ done, text }).toMatchObject({ done: { status: "succeeded", warnings: 0 } });
    expect(text).toContain(`restic-manager-job-${done.id}-pre.service`);
    expect(text).toContain("hook(post): after succeeded: shop is active");
    expect(await shopPid()).not.toBe(before);

    const restic = await ensureTool("restic-0.19");
    const target = await cleanup.tempFolder();
    const env = { RESTIC_PASSWORD: PASSWORD, RESTIC_CACHE_DIR: await cleanup.tempFolder() };
    const repository = join(container.root, "srv/restic");
    const restored = await runCommand(
      [restic, "--repo", repository, "restore", "latest:/var/backups/databases", "--target", target],
      { env },
    );
    expect(restored.code).toBe(0);
    const dump = await Bun.file(join(target, "shop.sql")).text();
    expect(dump.match(/^order number \d+$/gm)).toHaveLength(5000);
    const app = new Database(join(target, "app.db"), { readonly: true });
    expect(app.query("SELECT text FROM notes").all()).toEqual([{ text: "kept in SQLite" }]);
    app.close();
    // The dump is loaded again by a real PostgreSQL.
    await container.copyIn(join(target, "shop.sql"), "/srv/shop.sql");
    const loaded = `su postgres -c "createdb again && psql -q again < /srv/shop.sql && psql -At again -c 'select count(*) from orders'"`;
    expect((await container.must(`chmod 644 /srv/shop.sql; ${loaded}`)).trim()).toEndWith("5000");
    await noUnitOf(done.id);
  }, 120_000);

  test("passwords stand in no unit's settings and in no argument", async () => {
    await setHooks("sleep 3", null);
    const id = await order();
    await until(async () => (await units()).includes(`restic-manager-job-${id}-pre`), { what: "the hook's unit" });
    const shown = await container.must("systemctl show 'restic-manager-job-*'; cat /proc/[0-9]*/cmdline");
    expect(shown).not.toContain(PASSWORD);
    expect(await ended(id)).toMatchObject({ status: "succeeded" });
  }, 60_000);

  test("a failing pre hook ends the job; the service is started again all the same", async () => {
    await setHooks("systemctl stop shop.service; echo the disk is full >&2; exit 9", RESUME);
    const done = await ended(await order());
    expect(done).toMatchObject({ status: "failed", error_code: "pre_hook_failed" });
    const text = await log(done.id);
    expect(text).toContain("hook(pre): the disk is full");
    expect(text).toContain("hook(post): after failed: shop is active");
  }, 60_000);

  test("a cancelled job takes its unit with it, and the post hook runs", async () => {
    await setHooks("systemctl stop shop.service; sleep 300", RESUME);
    const id = await order();
    await until(async () => (await units()).includes(id), { what: "the hook's unit" });
    await plane.client.post(`/api/jobs/${id}/cancel`);
    expect(await ended(id)).toMatchObject({ status: "cancelled" });
    await noUnitOf(id);
    expect(await log(id)).toContain("hook(post): after cancelled: shop is active");
  }, 60_000);

  test("a service that is stopped takes its units with it, and leaves the machine as it was", async () => {
    await setHooks("systemctl stop shop.service; sleep 300", RESUME);
    const id = await order();
    await until(async () => (await units()).includes(id), { what: "the hook's unit" });
    await until(async () => (await container.exec("systemctl is-active shop.service")).stdout.trim() === "inactive");
    await container.must("systemctl stop restic-manager-agent");
    await noUnitOf(id);
    expect((await container.must("systemctl is-active shop.service")).trim()).toBe("active");
    await container.must("systemctl start restic-manager-agent");
    expect(await ended(id)).toMatchObject({ status: "failed", error_code: "agent_restarted" });
    expect(await log(id)).toContain("hook(post): after cancelled: shop is active");
  }, 90_000);

  test("an agent that is killed within a hook ends what it left behind, and makes up for the post hook", async () => {
    await setHooks("systemctl stop shop.service; sleep 300", RESUME);
    const id = await order();
    await until(async () => (await units()).includes(id), { what: "the hook's unit" });
    await until(async () => (await container.exec("systemctl is-active shop.service")).stdout.trim() === "inactive");
    await container.must("systemctl kill --signal=SIGKILL restic-manager-agent");
    expect(await ended(id)).toMatchObject({ status: "failed", error_code: "agent_restarted" });
    await until(async () => (await container.exec("systemctl is-active shop.service")).stdout.trim() === "active", {
      timeoutMs: 30_000,
      what: "the service, started again",
    });
    await noUnitOf(id);
  }, 90_000);

  test("--hardened keeps everything inside: hooks are refused and not offered", async () => {
    const { stdout } = await install("--hardened", {});
    expect(stdout).toContain("programs from the server are forbidden");
    await until(async () => {
      const { capabilities } = await plane.client.get<{ capabilities: string[] }>(`/api/hosts/${hostId}`);
      return !capabilities.includes("hooks") && !capabilities.includes("local_repo");
    });
    await setHooks("touch /root/was-here", null);
    await container.must("grep -q '^allow_outside: false' /etc/restic-manager/agent.yaml");
    expect(await ended(await order())).toMatchObject({ status: "failed", error_code: "refused_by_host" });
    expect(existsSync(join(container.root, "root/was-here"))).toBe(false);
  }, 120_000);
});

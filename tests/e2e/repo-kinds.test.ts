/** Every kind of repo that has a server here (REST by rclone, local, SFTP by OpenSSH, an rclone remote): init, backup, forget, prune, check. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { startRcloneServer } from "../testbed/rclone-server.ts";
import { startSshServer } from "../testbed/ssh-server.ts";
import { createCleanup } from "../testbed/temp.ts";
import { ensureTool } from "../testbed/tools.ts";
import { openRepoScene, type RepoScene } from "./repo-scene.ts";

const cleanup = createCleanup();
let scene: RepoScene;

beforeAll(async () => {
  scene = await openRepoScene(cleanup);
}, 180_000);
afterAll(cleanup.run);

test("a folder on the host", async () => {
  const home = await cleanup.tempFolder();
  const host = await scene.hostWith("local", home, { kind: "local", url: join(home, "repo") });
  expect(host.ready).toMatchObject({ kind: "local", append_only: "not_applicable" });
  await scene.keepHealthy(host);
}, 120_000);

test("SFTP by OpenSSH", async () => {
  const ssh = await startSshServer(cleanup);
  const home = await cleanup.tempFolder();
  await ssh.installClient(join(home, "path"));
  const host = await scene.hostWith("sftp", home, { kind: "sftp", url: ssh.url("repo") });
  expect(host.ready).toMatchObject({ kind: "sftp", append_only: "not_applicable" });
  await scene.keepHealthy(host);
}, 120_000);

test("an rclone remote: reads no data in checks unless told to", async () => {
  const home = await cleanup.tempFolder();
  mkdirSync(join(home, "path"), { recursive: true });
  symlinkSync(await ensureTool("rclone"), join(home, "path", "rclone"));
  mkdirSync(join(home, ".config/rclone"), { recursive: true });
  writeFileSync(join(home, ".config/rclone/rclone.conf"), "[disk]\ntype = local\n");
  const host = await scene.hostWith("rclone", home, { kind: "rclone", url: `rclone:disk:${join(home, "far")}` });
  expect(host.ready).toMatchObject({ kind: "rclone", append_only: "not_applicable" });
  expect(await scene.client.get(`/api/repos/${host.rid}/maintenance`)).toMatchObject({
    check_budget_bytes: 0,
    check_parts: null,
  });
  await scene.keepHealthy(host);
}, 120_000);

test("REST by rclone, append-only with a second listener that deletes", async () => {
  const root = await cleanup.tempFolder();
  const who = { user: "web", password: "a password of rclone" };
  const everyday = await startRcloneServer(cleanup, { root, ...who, appendOnly: true });
  const deleting = await startRcloneServer(cleanup, { root, ...who, appendOnly: false });
  const host = await scene.hostWith("rclone-rest", await cleanup.tempFolder(), {
    kind: "rest",
    url: everyday.url("web"),
    http_username: who.user,
    http_password: who.password,
  });
  expect(host.ready).toMatchObject({ kind: "rest", append_only: "proven" });
  expect((await scene.client.request("POST", `/api/repos/${host.rid}/prune`, {})).status).toBe(409);
  const answer = await scene.client.request("PUT", `/api/repos/${host.rid}/credentials/admin`, {
    url: deleting.url("web"),
  });
  expect(answer.status).toBe(200);
  await scene.keepHealthy(host);
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
    const answer = await scene.client.request("POST", "/api/enrollment-tokens", {
      host_name: "x",
      includes: ["/srv"],
      repo,
    });
    expect([repo.url, answer.status]).toEqual([repo.url, 400]);
  }
});

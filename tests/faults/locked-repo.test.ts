/** Repositories locked by a running restic, by one whose clock is fast, and by a truncated file, with both versions of restic. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, truncateSync } from "node:fs";
import { join } from "node:path";
import { order } from "../../agent/testing/fixture.ts";
import { openRepoScenes, type RepoScene, type RepoScenes } from "../../agent/testing/repo-scene.ts";
import { HOUR_MS } from "../../shared/time/clock.ts";
import { holdLock } from "../testbed/held-lock.ts";
import { putLock } from "../testbed/light-key.ts";
import { TEMPLATE_PASSWORD } from "../testbed/repo-template.ts";
import { createCleanup } from "../testbed/temp.ts";
import { until } from "../testbed/wait.ts";

const cleanup = createCleanup();
afterAll(() => cleanup.run(), 60_000);

let scenes: RepoScenes;
beforeAll(async () => {
  scenes = await openRepoScenes(cleanup);
}, 180_000);

const backupOf = ({ repoId, groupId }: RepoScene) =>
  order("backup", repoId, { source_group_id: groupId, state_version: 1, bandwidth: null });
const lock = (extra: Partial<Parameters<typeof putLock>[2]>) => ({
  time: new Date().toISOString(),
  exclusive: true,
  hostname: "nas-07",
  username: "root",
  pid: 4711,
  ...extra,
});

describe.each(["restic-0.18", "restic-0.19"] as const)("with %s", (version) => {
  test("a prune says at once who holds the repository, lets other jobs of the host go first, and runs when it is free", async () => {
    const scene = await scenes.scene(version);
    const { repoId, resticId, admin, server, save, done, log } = scene;
    await save("web-01", "documents", "2026-10-01 12:00:00");
    const holder = await holdLock(scenes.tools[version], scene.path, TEMPLATE_PASSWORD);
    cleanup.add(() => holder.kill());
    const prune = order("prune", repoId, { restic_id: resticId }, { credential: admin });
    server.send("command.run", prune);
    const waiting = await server.wait(
      "job.progress",
      (one) => one.payload.job_id === prune.job_id && one.payload.phase.startsWith("waiting for a lock held by"),
    );
    expect(waiting.payload.phase).toMatch(/ since \d{4}-\d\d-\d\d \d\d:\d\d UTC$/);
    await until(() => log(prune.job_id).includes(`(process ${holder.pid} of `));
    // A living backup does not mind another one.
    expect(await done(backupOf(scene))).toMatchObject({ status: "succeeded" });
    expect(server.find("job.finished", (one) => one.payload.job_id === prune.job_id)).toBeUndefined();
    await holder.kill();
    const ended = await server.wait("job.finished", (one) => one.payload.job_id === prune.job_id, 60_000);
    expect(ended.payload).toMatchObject({ status: "succeeded" });
    expect(server.list("job.started").filter((one) => one.payload.job_id === prune.job_id)).toHaveLength(1);
  }, 120_000);

  test("a lock that stays ends the job with the name of its holder; one dated ahead is explained", async () => {
    const scene = await scenes.scene(version, {
      timings: { lockWait: { firstMs: 50, mostMs: 50, giveUpAfterMs: 200 } },
    });
    const { repoId, resticId, path, done } = scene;
    const ahead = new Date(Date.now() + 3 * HOUR_MS).toISOString();
    const name = putLock(path, TEMPLATE_PASSWORD, lock({ time: ahead }));
    const late = await done(backupOf(scene));
    expect(late).toMatchObject({ status: "failed", error_code: "repo_locked" });
    expect(late.error_message).toMatch(
      /^The repository is locked by nas-07 \(process 4711 of root\)\. The lock is dated (2 h 59 min|3 h 0 min) in the future: that machine's clock is ahead/,
    );
    expect(late.error_message).toContain("restic unlock --remove-all");
    expect(existsSync(join(path, "locks", name))).toBe(true);

    await scene.cli(["unlock", "--remove-all"]);
    putLock(path, TEMPLATE_PASSWORD, lock({ exclusive: false }));
    expect(await done(backupOf(scene))).toMatchObject({ status: "succeeded" });
    const check = await done(order("check", repoId, { restic_id: resticId, subset: null }));
    expect(check).toMatchObject({ status: "failed", error_code: "repo_locked", stats: null });
    expect(check.error_message).toMatch(
      /^The repository has been locked by nas-07 \(process 4711 of root\) since \d{4}-.* UTC: wait until/,
    );
  }, 120_000);

  test("a torn lock file is named as such by every job, counted, and is no damage to the repository", async () => {
    // Over REST restic tries for half a minute to read one.
    const scene = await scenes.scene(version, { local: true });
    const { repoId, resticId, path, done, server, log } = scene;
    truncateSync(join(path, "locks", putLock(path, TEMPLATE_PASSWORD, lock({}))), 20);
    const backup = await done(backupOf(scene));
    expect(backup).toMatchObject({ status: "failed", error_code: "repo_locked" });
    expect(backup.error_message).toContain("cannot be read: make sure that no restic process is using this repository");
    const check = order("check", repoId, { restic_id: resticId, subset: null });
    expect(await done(check)).toMatchObject({ error_code: "repo_locked", stats: null });
    const unlocked = order("unlock", repoId, {});
    expect(await done(unlocked)).toMatchObject({
      ...{ status: "failed", error_code: "repo_locked" },
      stats: { locks_removed: 0, locks_left: 1 },
    });
    expect(log(unlocked.job_id)).toContain("0 stale locks removed, 1 lock left");
    const status = await server.wait("repo.status", (one) => one.payload.lock_files === 1);
    expect(status.payload).toMatchObject({ status: "ready", locks: [] });
  }, 120_000);

  test("all lock files are counted, whoever holds them", async () => {
    const scene = await scenes.scene(version);
    for (let pid = 1; pid <= 12; pid++) putLock(scene.path, TEMPLATE_PASSWORD, lock({ pid, exclusive: false }));
    const unlocked = await scene.done(order("unlock", scene.repoId, {}));
    expect(unlocked).toMatchObject({ status: "succeeded", stats: { locks_removed: 0, locks_left: 12 } });
    const status = await scene.server.wait("repo.status", (one) => one.payload.lock_files === 12);
    expect(status.payload.locks).toHaveLength(10);
  }, 60_000);
});

test("a pre hook does not run while the repository is locked", async () => {
  const folder = await cleanup.tempFolder();
  const mark = join(folder, "stopped");
  const scene = await scenes.scene("restic-0.19", {
    group: { hooks: { pre: `date >> ${mark}`, post: null } },
    timings: { lockWait: { firstMs: 50, mostMs: 50, giveUpAfterMs: 200 } },
  });
  putLock(scene.path, TEMPLATE_PASSWORD, lock({}));
  expect(await scene.done(backupOf(scene))).toMatchObject({ status: "failed", error_code: "repo_locked" });
  expect(existsSync(mark)).toBe(false);
  await scene.cli(["unlock", "--remove-all"]);
  expect(await scene.done(backupOf(scene))).toMatchObject({ status: "succeeded" });
  expect(existsSync(mark)).toBe(true);
}, 60_000);

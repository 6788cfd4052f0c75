/** Damaged repositories as every job meets them: the job says what to do, hides Go stack traces, and names what cannot be read. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { chmodSync, readdirSync, rmSync, statSync, truncateSync } from "node:fs";
import { join } from "node:path";
import { order } from "../../agent/testing/fixture.ts";
import { openRepoScenes, type RepoScene, type RepoScenes } from "../../agent/testing/repo-scene.ts";
import { createCleanup } from "../testbed/temp.ts";

const cleanup = createCleanup();
afterAll(() => cleanup.run(), 60_000);

let scenes: RepoScenes;
beforeAll(async () => {
  scenes = await openRepoScenes(cleanup);
}, 180_000);

const backupOf = ({ repoId, groupId }: RepoScene) =>
  order("backup", repoId, { source_group_id: groupId, state_version: 1, bandwidth: null });
const GO = /\.go:\d+|github\.com\/restic/;

describe.each(["restic-0.18", "restic-0.19"] as const)("with %s", (version) => {
  test("a snapshot file cut short: backup and prune say what check says, lists are amber and name it", async () => {
    const scene = await scenes.scene(version);
    const { repoId, resticId, admin, path, save, done, log, server } = scene;
    await save("web-01", "documents", "2026-10-01 12:00:00");
    await save("web-01", "documents", "2026-10-02 12:00:00");
    const [broken = ""] = readdirSync(join(path, "snapshots"));
    cut(join(path, "snapshots", broken), 40);
    for (const job of [backupOf(scene), order("prune", repoId, { restic_id: resticId }, { credential: admin })]) {
      const ended = await done(job);
      expect(ended).toMatchObject({ status: "failed", error_code: "repo_damaged" });
      expect(ended.error_message).toStartWith("A snapshot file is damaged: remove the file named in the log");
      expect(log(job.job_id)).toContain(broken.slice(0, 8));
      expect(log(job.job_id)).not.toMatch(GO);
    }
    const list = order("snapshots", repoId, {});
    const listed = await done(list);
    expect(listed).toMatchObject({ status: "succeeded", warnings: 1, stats: { snapshot_count: 1 } });
    expect(log(list.job_id)).toContain(`Snapshot ${broken} cannot be read`);
    const report = await server.wait("snapshots.report", (one) => (one.payload.unreadable ?? []).length > 0);
    expect(report.payload).toMatchObject({ unreadable: [broken], snapshots: [{}] });
    expect(await done(order("stats", repoId, {}))).toMatchObject({ status: "succeeded", warnings: 1 });
  }, 120_000);

  test("packs that are missing: prune and stats say what check says", async () => {
    const scene = await scenes.scene(version);
    const { repoId, resticId, admin, path, save, done, log } = scene;
    await save("web-01", "documents", "2026-10-01 12:00:00");
    const packs = readdirSync(join(path, "data"), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .sort((a, b) => statSync(a).size - statSync(b).size);
    rmSync(packs.at(-1) ?? "");
    const prune = order("prune", repoId, { restic_id: resticId }, { credential: admin });
    const pruned = await done(prune);
    expect(pruned).toMatchObject({ status: "failed", error_code: "repo_damaged" });
    expect(pruned.error_message).toStartWith("Stored data is missing: run restic repair index, then a backup");
    for (const pack of packs.slice(0, -1)) rmSync(pack);
    // What describes the data is answered from the cache otherwise.
    rmSync(scene.fixture.environment.cacheFolder, { recursive: true });
    const backup = backupOf(scene);
    const saved = await done(backup);
    expect(saved).toMatchObject({
      status: "succeeded",
      warning_causes: [{ code: "repo_damaged", count: 1, paths: [] }],
    });
    expect(log(backup.job_id)).toContain("Stored data is missing: run restic repair index");
    for (const job of [
      order("stats", repoId, {}),
      order("prune", repoId, { restic_id: resticId }, { credential: admin }),
    ]) {
      const ended = await done(job);
      expect(ended).toMatchObject({ status: "failed", error_code: "repo_damaged" });
      expect(ended.error_message).toStartWith("Stored data is missing");
      expect(log(job.job_id)).not.toMatch(GO);
    }
  }, 120_000);
});

function cut(file: string, bytes: number): void {
  chmodSync(file, 0o600);
  truncateSync(file, bytes);
}

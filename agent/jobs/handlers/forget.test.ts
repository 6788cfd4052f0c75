/** forget with real restic in both versions: it removes exactly what was agreed, judges by each snapshot's own clock, and keeps what the plan did not know. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { newId } from "../../../shared/ids.ts";
import { createCleanup } from "../../../tests/testbed/temp.ts";
import { openRepoScenes, type RepoScenes } from "../../testing/repo-scene.ts";

const cleanup = createCleanup();
afterAll(() => cleanup.run(), 60_000);

let scenes: RepoScenes;
beforeAll(async () => {
  scenes = await openRepoScenes(cleanup);
}, 180_000);

const days = (n: number) => `2026-10-${String(n).padStart(2, "0")} 12:00:00`;

describe.each(["restic-0.18", "restic-0.19"] as const)("with %s", (version) => {
  test("equal tags of two hosts in one repository never thin out each other", async () => {
    const { repoId, save, snapshots, done, log, server, plan, forget } = await scenes.scene(version);
    for (const day of [1, 2, 3]) {
      await save("web-01", "documents", days(day));
      await save("db-01", "documents", days(day));
    }
    await save("web-01", "photos", days(1));
    await save("web-01", "photos", days(2));

    const planned = await plan("documents", "web-01");
    const first = forget([planned]);
    const ended = await done(first);
    expect(ended).toMatchObject({ status: "succeeded" });
    expect(ended.stats).toMatchObject({ snapshots_before: 8, snapshots_after: 6, snapshots_removed: 2 });
    expect(ended.stats?.groups).toEqual([
      expect.objectContaining({ tag: "documents", host: "web-01", kept: 1, removed: 2 }),
    ]);
    const left = (await snapshots()).map((one) => `${one.hostname} ${one.tags} ${one.time.slice(0, 10)}`);
    expect(left.sort()).toEqual([
      "db-01 documents 2026-10-01",
      "db-01 documents 2026-10-02",
      "db-01 documents 2026-10-03",
      "web-01 documents 2026-10-03",
      "web-01 photos 2026-10-01",
      "web-01 photos 2026-10-02",
    ]);
    expect(log(first.job_id)).toContain(
      "forget --json --dry-run --no-lock --tag=documents --host=web-01 --group-by host,tags",
    );
    const removing = log(first.job_id)
      .split("\n")
      .find((line) => line.startsWith("restic forget --json --"));
    expect(removing).toContain("restic forget --json --dry-run");
    const deleting = log(first.job_id)
      .match(/restic forget --json -- (.+)/)?.[1]
      ?.split(" ");
    expect(deleting?.toSorted()).toEqual(planned.remove.toSorted());
    const report = await server.wait("snapshots.report", (one) => one.payload.snapshots.length === 6);
    expect(report.payload).toMatchObject({ repo_id: repoId, parts: 1 });

    const both = await done(forget([await plan("photos", "web-01"), await plan("documents", "db-01")]));
    expect(both.stats?.groups).toMatchObject([{ removed: 1 }, { removed: 2 }]);
  }, 120_000);

  test("a host in Tokyo whose snapshots were made in UTC loses what restic's days say, if that was agreed", async () => {
    const { save, done, plan, forget, snapshots } = await scenes.scene(version, {
      state: { timezone_override: "Asia/Tokyo" },
    });
    for (const day of ["20", "22", "24", "26"])
      for (const hour of ["02", "16"]) await save("web-01", "documents", `2026-11-${day} ${hour}:00:00`);
    const planned = await plan("documents", "web-01", { keep_daily: 30 });
    expect(planned.remove).toHaveLength(3);
    const agreed = await done(forget([planned]));
    expect(agreed).toMatchObject({ status: "succeeded", stats: { snapshots_removed: 3, snapshots_after: 5 } });
    expect(await snapshots()).toHaveLength(5);
  }, 120_000);

  test("what restic would remove beyond the plan stays, and a person is asked", async () => {
    const { save, done, plan, forget, snapshots } = await scenes.scene(version);
    for (const day of [1, 2, 3]) await save("web-01", "documents", days(day));
    for (const day of [1, 2]) await save("web-01", "photos", days(day));
    const planned = await plan("documents", "web-01");
    const mistaken = { ...planned, remove: planned.remove.slice(0, 1) };
    const ended = await done(forget([mistaken, await plan("photos", "web-01")]));
    expect(ended).toMatchObject({ status: "failed", error_code: "retention_held" });
    expect(ended.error_message).toContain("restic would remove 1 more snapshot of documents than was confirmed");
    expect(ended.stats).toMatchObject({
      snapshots_removed: 2,
      disputed: [{ source_group_id: planned.source_group_id, snapshot_id: planned.remove[1] }],
      groups: [
        { tag: "documents", removed: 1, disputed: 1 },
        { tag: "photos", removed: 1, disputed: 0 },
      ],
    });
    const left = (await snapshots()).map(({ id }) => id);
    expect(left).toHaveLength(3);
    expect(left).toContain(planned.remove[1]!);

    const part = { ...(await plan("documents", "web-01", { keep_yearly: 1 })), remove: [], is_partial: true };
    expect(await done(forget([part]))).toMatchObject({ status: "succeeded", stats: { snapshots_removed: 0 } });
  }, 120_000);

  test("snapshots that the plan does not know are reported, and nothing is removed before a new plan", async () => {
    const { save, done, plan, forget, snapshots, server } = await scenes.scene(version);
    for (const day of [1, 2, 3]) await save("web-01", "documents", days(day));
    const old = await plan("documents", "web-01");
    await save("web-01", "documents", days(4));
    const outdated = await done(forget([old]));
    expect(outdated).toMatchObject({ status: "succeeded", stats: { replan: true, snapshots_removed: 0 } });
    const report = await server.wait("snapshots.report", (one) => one.payload.snapshots.length === 4);
    expect(report.seq).toBeLessThan(
      server.find("job.finished", (one) => one.payload.job_id === outdated.job_id)?.seq ?? 0,
    );
    expect(await done(forget([old], undefined, 0))).toMatchObject({ status: "failed", error_code: "plan_outdated" });
    expect(await snapshots()).toHaveLength(4);
    expect(await done(forget([await plan("documents", "web-01")]))).toMatchObject({ status: "succeeded" });
    expect(await snapshots()).toHaveLength(1);
  }, 120_000);

  test("a server that refuses to delete is found out, whatever restic exits with", async () => {
    const { credential, save, snapshots, done, plan, forget } = await scenes.scene(version);
    for (const day of [1, 2]) await save("web-01", "documents", days(day));
    const forgotten = await done(forget([await plan("documents", "web-01")], credential));
    expect(forgotten).toMatchObject({ status: "failed", error_code: "append_only" });
    expect(forgotten.error_message).toContain("1 of 1 snapshot could not be removed");
    expect(forgotten.stats).toMatchObject({ snapshots_removed: 0, snapshots_after: 2 });
    expect(await snapshots()).toHaveLength(2);
  }, 120_000);

  test("nothing is removed in another repository, by an empty policy, or where all is kept", async () => {
    const { admin, save, snapshots, done, plan, forget } = await scenes.scene(version);
    for (const day of [1, 2]) await save("web-01", "documents", days(day));
    const planned = await plan("documents", "web-01");
    const elsewhere = forget([planned]);
    if (elsewhere.kind !== "forget") throw new Error(elsewhere.kind);
    elsewhere.args.restic_id = "f".repeat(64);
    expect(await done(elsewhere)).toMatchObject({ error_code: "wrong_repo" });
    const empty = forget([{ ...planned, retention: {} }], admin);
    expect(await done(empty)).toMatchObject({ status: "succeeded" });
    const all = await done(forget([await plan("documents", "web-01", { keep_last: 9 })]));
    expect(all).toMatchObject({ status: "succeeded", stats: { snapshots_removed: 0, snapshots_kept: 2 } });
    expect(await snapshots()).toHaveLength(2);
  }, 120_000);
});

test("an order of the former kind, which lets restic alone decide, is refused", async () => {
  const { save, done, snapshots, repoId, resticId, admin } = await scenes.scene("restic-0.19");
  for (const day of [1, 2]) await save("web-01", "documents", days(day));
  const former = {
    ...{ job_id: newId(), repo_id: repoId, actor_kind: "user", queued_at: Date.now(), expires_at: Date.now() + 60_000 },
    ...{ kind: "forget", credential: admin },
    args: {
      restic_id: resticId,
      groups: [{ source_group_id: newId(), tag: "documents", host: "web-01", keep: { keep_last: 1 } }],
    },
  } as unknown as Parameters<typeof done>[0];
  expect(await done(former)).toMatchObject({ status: "failed", error_code: "refused_by_host" });
  expect(await snapshots()).toHaveLength(2);
}, 60_000);

/** A repository that disappears and comes back is probed again automatically, and never created anew. */
import { afterAll, expect, test } from "bun:test";
import { existsSync, renameSync } from "node:fs";
import { createCleanup } from "../testbed/temp.ts";
import { until } from "../testbed/wait.ts";
import { openScheduleScene } from "./schedule-scene.ts";

const cleanup = createCleanup();
afterAll(cleanup.run, 60_000);

type Repo = { status: string; status_code: string | null; restic_id: string; next_look_at: string | null };

test("a repository that was unmounted and is back is ready again by itself", async () => {
  const scene = await openScheduleScene(cleanup, {
    startAt: "2020-11-22T12:00:00Z",
    cron: "0 2 * * *",
    serverToo: true,
  });
  const repo = () => scene.client.get<Repo>(`/api/repos/${scene.repoId}`);
  const probes = async () =>
    (await scene.client.get<{ total: number }>(`/api/jobs?host_id=${scene.hostId}&kind=probe`)).total;
  /** Time passes while the agent is away: one that is connected would seem to have been silent all the while. */
  const jump = async (time: number) => {
    await scene.killAgent();
    scene.clock.set(time);
    scene.startAgent();
  };
  const { restic_id } = await repo();
  renameSync(scene.repository, `${scene.repository}.away`);
  await scene.client.post(`/api/repos/${scene.repoId}/probe`);
  await until(async () => (await repo()).status === "failed", { what: "a failed repo" });
  const before = await probes();
  const next = Date.parse((await repo()).next_look_at ?? "");
  expect(next - scene.clock.now()).toBeLessThanOrEqual(5 * 60_000);

  await jump(next + 1000);
  await until(
    async () => (await probes()) === before + 1 && Date.parse((await repo()).next_look_at ?? "") > next + 60_000,
    {
      timeoutMs: 60_000,
      what: "another look that finds nothing",
    },
  );
  expect(await repo()).toMatchObject({ status: "failed", status_code: "repo_missing", restic_id });
  expect(existsSync(scene.repository)).toBe(false);

  renameSync(`${scene.repository}.away`, scene.repository);
  await jump(Date.parse((await repo()).next_look_at ?? "") + 1000);
  await until(async () => (await repo()).status === "ready", { timeoutMs: 60_000, what: "a repo that is ready again" });
  expect(await repo()).toMatchObject({ restic_id, next_look_at: null });
}, 180_000);

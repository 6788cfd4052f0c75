/** Schedules without a server, across sleep, clock jumps and unreachable repositories: each run happens once, and all of them are reported later. */
import { afterAll, describe, expect, test } from "bun:test";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { quietPort } from "../testbed/ports.ts";
import { copyRepoTemplate } from "../testbed/repo-template.ts";
import { startRestServer } from "../testbed/rest-server.ts";
import { createCleanup } from "../testbed/temp.ts";
import { until } from "../testbed/wait.ts";
import { openScheduleScene } from "./schedule-scene.ts";

const cleanup = createCleanup();
afterAll(cleanup.run, 60_000);

/** Years behind every real clock: the server, on its own clock, takes no time for true that lies ahead of it. */
const DAILY = { startAt: "2020-11-22T12:00:00Z", cron: "0 2 * * *" };
/** How long a wrong run would take at most to show itself: several looks of the scheduler. */
const QUIET_MS = 1500;

describe.each([["restic-0.18" as const], ["restic-0.19" as const]])("with %s", (restic) => {
  test("the server is down over three due times: the agent backs up alone, and tells everything later", async () => {
    const scene = await openScheduleScene(cleanup, { ...DAILY, restic });
    await scene.stopServer();
    await scene.moveTo("2020-11-23T02:00:05Z", 1);
    await scene.moveTo("2020-11-24T02:00:05Z", 2);
    await scene.moveTo("2020-11-25T02:00:05Z", 3);
    await scene.startServer();
    const jobs = await scene.told(3);
    expect(jobs.map(({ status, attempt }) => [status, attempt])).toEqual(Array(3).fill(["succeeded", 1]));
    expect(await scene.dueTimes()).toEqual(["2020-11-23T02:00", "2020-11-24T02:00", "2020-11-25T02:00"]);
    for (const job of jobs) {
      const log = await scene.log(job.id);
      expect(log).toHaveLength(job.log_lines);
      expect(log.join("\n")).toContain("Snapshot ");
    }
    const snapshots = () => scene.client.get<{ items: unknown[] }>(`/api/hosts/${scene.hostId}/snapshots`);
    await until(async () => (await snapshots()).items.length === 3, { what: "three snapshots at the server" });
  }, 120_000);
});

test("a laptop asleep over two due times runs the newest once when it wakes", async () => {
  const scene = await openScheduleScene(cleanup, DAILY);
  scene.agent().kill("SIGSTOP");
  scene.clock.set(Date.parse("2020-11-24T09:30:00Z"));
  scene.agent().kill("SIGCONT");
  await scene.told(1);
  await Bun.sleep(QUIET_MS);
  expect(await scene.dueTimes()).toEqual(["2020-11-24T02:00"]);
  await scene.moveTo("2020-11-25T02:00:05Z", 2);
  await scene.told(2);
  expect(await scene.dueTimes()).toEqual(["2020-11-24T02:00", "2020-11-25T02:00"]);
}, 120_000);

test("asleep until shortly before the next run: nothing is made up for", async () => {
  const scene = await openScheduleScene(cleanup, DAILY);
  scene.clock.set(Date.parse("2020-11-24T01:50:00Z"));
  await Bun.sleep(QUIET_MS);
  expect(await scene.jobs()).toEqual([]);
  await scene.moveTo("2020-11-24T02:00:05Z", 1);
  await scene.told(1);
  expect(await scene.dueTimes()).toEqual(["2020-11-24T02:00"]);
}, 120_000);

test("an agent that starts without a network fires from what it has stored", async () => {
  const scene = await openScheduleScene(cleanup, DAILY);
  await scene.stopServer();
  await scene.killAgent();
  scene.clock.set(Date.parse("2020-11-23T08:00:00Z"));
  scene.startAgent();
  await scene.ended(1);
  await scene.moveTo("2020-11-24T02:00:05Z", 2);
  await scene.startServer();
  await scene.told(2);
  expect(await scene.dueTimes()).toEqual(["2020-11-23T02:00", "2020-11-24T02:00"]);
}, 120_000);

test("the compiled agent: a clock that ran a year ahead and is set right holds nothing up, and repeats nothing", async () => {
  const scene = await openScheduleScene(cleanup, { ...DAILY, compiled: true });
  await scene.moveTo("2020-11-23T02:00:05Z", 1);
  await scene.moveTo("2021-11-24T12:00:00Z", 2);
  await scene.moveTo("2020-11-23T01:59:00Z");
  await scene.moveTo("2020-11-23T02:00:05Z");
  await Bun.sleep(2 * 5000);
  await scene.moveTo("2020-11-24T02:00:05Z", 3);
  await scene.told(3);
  const dueTimes = (await scene.dueTimes()).sort();
  expect(dueTimes).toEqual(["2020-11-23T02:00", "2020-11-24T02:00", "2021-11-24T02:00"]);
}, 120_000);

test("the compiled agent: a run in the missing hour comes with the jump, one in the doubled hour once", async () => {
  const scene = await openScheduleScene(cleanup, {
    startAt: "2021-03-27T12:00:00Z",
    cron: "30 2 * * *",
    timezone: "Europe/Berlin",
    compiled: true,
  });
  // 03:00 in Berlin, a moment after 02:00.
  await scene.moveTo("2021-03-28T01:00:02Z", 1);
  await scene.moveTo("2021-03-29T00:30:02Z", 2);
  // The day before the clocks go back; the months between count as one missed run.
  await scene.moveTo("2021-10-30T12:00:00Z", 3);
  await scene.moveTo("2021-10-31T00:30:02Z", 4);
  // 02:30 for the second time.
  await scene.moveTo("2021-10-31T01:30:02Z");
  await Bun.sleep(2 * 5000);
  await scene.moveTo("2021-11-01T01:30:02Z", 5);
  await scene.told(5);
  expect(await scene.dueTimes()).toEqual([
    "2021-03-28T01:00",
    "2021-03-29T00:30",
    "2021-10-30T00:30",
    "2021-10-31T00:30",
    "2021-11-01T01:30",
  ]);
}, 180_000);

test("a repo that is unreachable and comes back: the third try succeeds", async () => {
  const root = await cleanup.tempFolder();
  const user = "scene";
  const login = { http_username: user, http_password: "http secret of this user" };
  await copyRepoTemplate(join(root, user, "main"));
  const port = await quietPort();
  let rest = await startRestServer({ root, appendOnly: true, port });
  cleanup.add(() => rest.close());
  await rest.addUser(user, login.http_password);
  const scene = await openScheduleScene(cleanup, { ...DAILY, repo: { url: rest.url(user, "main"), ...login } });
  await scene.client.call("PUT", `/api/hosts/${scene.hostId}/source-groups/${scene.groupId}`, {
    retry_max: 3,
    retry_backoff_seconds: 60,
  });
  await rest.close();
  await scene.moveTo("2020-11-23T02:00:00Z", 1);
  await scene.moveTo("2020-11-23T02:01:30Z", 2);
  rest = await startRestServer({ root, appendOnly: true, port });
  await scene.moveTo("2020-11-23T02:05:00Z", 3);
  const jobs = await scene.told(3);
  expect(jobs.map(({ attempt, status, error_code }) => [attempt, status, error_code])).toEqual([
    [1, "failed", "repo_unreachable"],
    [2, "failed", "repo_unreachable"],
    [3, "succeeded", null],
  ]);
  expect(new Set(await scene.dueTimes())).toEqual(new Set(["2020-11-23T02:00"]));
}, 120_000);

test("an agent that is killed during a scheduled backup tries the same due time again, and succeeds once", async () => {
  const scene = await openScheduleScene(cleanup, { ...DAILY, includesMegabytes: 8 });
  await scene.client.call("PUT", `/api/hosts/${scene.hostId}/source-groups/${scene.groupId}`, {
    retry_max: 2,
    retry_backoff_seconds: 60,
  });
  await scene.client.call("PUT", `/api/hosts/${scene.hostId}/bandwidth`, { up_kbps: 100, down_kbps: null });
  const isInSync = async () => (await scene.client.get<{ in_sync: boolean }>(`/api/hosts/${scene.hostId}`)).in_sync;
  await until(isInSync, { what: "the limit at the agent" });
  await scene.moveTo("2020-11-23T02:00:05Z");
  await until(
    async () => {
      const [job] = await scene.jobs();
      return job && (await scene.log(job.id)).some((line) => line.startsWith("restic backup"));
    },
    { timeoutMs: 30_000, what: "restic at work" },
  );
  await scene.killAgent();
  await scene.client.call("PUT", `/api/hosts/${scene.hostId}/bandwidth`, { up_kbps: null, down_kbps: null });
  scene.startAgent();
  await until(async () => (await scene.jobs())[0]?.status === "failed" && (await isInSync()), {
    timeoutMs: 30_000,
    what: "the end of the killed backup",
  });
  expect(await scene.jobs()).toHaveLength(1);
  await scene.moveTo("2020-11-23T02:02:00Z", 1);
  await scene.moveTo("2020-11-23T06:00:00Z");
  await Bun.sleep(QUIET_MS);
  const jobs = await scene.told(2);
  expect(jobs.map(({ attempt, status, error_code }) => [attempt, status, error_code])).toEqual([
    [1, "failed", "agent_restarted"],
    [2, "succeeded", null],
  ]);
  expect(await scene.dueTimes()).toEqual(["2020-11-23T02:00", "2020-11-23T02:00"]);
}, 120_000);

test("25 hours without a server: the job that ran is not declared lost, and the run between is told", async () => {
  const scene = await openScheduleScene(cleanup, { ...DAILY, serverToo: true });
  const gate = join(scene.source, "go-on");
  const hook = `while ! test -e '${gate}'; do sleep 0.1; done`;
  await scene.client.call("PUT", `/api/hosts/${scene.hostId}/source-groups/${scene.groupId}/hooks`, {
    pre: hook,
    post: null,
  });
  const { job_ids } = await scene.client.post<{ job_ids: string[] }>(
    `/api/hosts/${scene.hostId}/source-groups/${scene.groupId}/run`,
  );
  await until(async () => (await scene.jobs())[0]?.status === "running", { what: "a running backup" });
  await scene.stopServer();
  scene.clock.set(Date.parse("2020-11-23T13:00:00Z"));
  await Bun.sleep(QUIET_MS);
  writeFileSync(gate, "");
  await scene.ended(1);
  expect(existsSync(gate)).toBe(true);
  await scene.moveTo("2020-11-24T02:00:05Z", 2);
  await scene.startServer();
  const jobs = await scene.told(2);
  expect(jobs.map(({ id, status, error_code }) => [id === job_ids[0], status, error_code])).toEqual([
    [true, "succeeded", null],
    [false, "succeeded", null],
  ]);
  expect(await scene.dueTimes()).toEqual([undefined, "2020-11-24T02:00"]);
}, 120_000);

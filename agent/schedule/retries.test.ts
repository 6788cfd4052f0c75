/** The scheduler's retries: with unreachable servers, restarts and crashes of the agent. */
import { afterAll, expect, test } from "bun:test";
import { HOUR_MS, MINUTE_MS } from "../../shared/time/clock.ts";
import { createCleanup } from "../../tests/testbed/temp.ts";
import { until } from "../../tests/testbed/wait.ts";
import { failed, succeeded } from "../jobs/handlers/handler.ts";
import { order } from "../testing/fixture.ts";
import {
  DAY,
  daily,
  deaf,
  endless,
  fine,
  groupId,
  insides,
  repoId,
  TWO,
  unreachable,
  wanted,
} from "../testing/inside.ts";

const cleanup = createCleanup();
afterAll(() => cleanup.run());

const inside = insides(cleanup);

test("an unreachable repo is tried again twice, with growing waits, and holds nothing up meanwhile", async () => {
  const agent = await inside(unreachable);
  agent.apply(wanted([daily()]));
  agent.at(TWO);
  await agent.settled();
  agent.at(TWO + MINUTE_MS - 1);
  expect(agent.fired()).toHaveLength(1);
  agent.at(TWO + MINUTE_MS);
  await agent.settled();
  agent.at(TWO + 3 * MINUTE_MS);
  await agent.settled();
  agent.at(TWO + 60 * MINUTE_MS);
  const jobs = agent.list("job.queued");
  expect(jobs.map(({ attempt, scheduled_at }) => [attempt, scheduled_at])).toEqual([
    [1, TWO],
    [2, TWO],
    [3, TWO],
  ]);
  expect(new Set(jobs.map(({ job_id }) => job_id)).size).toBe(3);
  await agent.stop();
});

test("a retry outlives a restart", async () => {
  const first = await inside(unreachable);
  first.apply(wanted([daily()]));
  first.at(TWO);
  await first.settled();
  await first.stop();
  const again = await inside(fine, first.stateFolder, null, TWO + 10 * MINUTE_MS);
  await again.settled();
  expect(again.list("job.queued").map(({ attempt }) => attempt)).toEqual([1, 2]);
  expect(again.list("job.finished").map(({ status }) => status)).toEqual(["failed", "succeeded"]);
  await again.stop();
});

test("a backup that dies with the agent is tried again, as often as any other, and never beyond", async () => {
  const first = await inside(deaf);
  first.apply(wanted([daily()]));
  first.at(TWO);
  await until(() => first.list("job.started").length === 1);
  first.crash();
  let now = TWO;
  for (const [attempt, wait] of [[2, 1] as const, [3, 2] as const]) {
    now += 30_000;
    const again = await inside(deaf, first.stateFolder, null, now);
    expect(again.store.retries.list()).toMatchObject([{ due_at: TWO, attempt, retry_at: now + wait * MINUTE_MS }]);
    now += wait * MINUTE_MS;
    again.at(now);
    await until(() => again.list("job.started").some((job) => job["attempt"] === attempt));
    again.crash();
  }
  const last = await inside(fine, first.stateFolder, null, now + 30_000);
  expect(last.store.retries.list()).toEqual([]);
  last.at(TWO + HOUR_MS);
  last.at(TWO + DAY);
  await last.settled();
  const jobs = last.list("job.queued").map(({ scheduled_at, attempt }) => [scheduled_at, attempt]);
  expect(jobs).toEqual([
    [TWO, 1],
    [TWO, 2],
    [TWO, 3],
    [TWO + DAY, 1],
  ]);
  await last.stop();
});

test("a backup that ended because the agent was told to stop is tried again at its next start, one that was cancelled is not", async () => {
  const stopped = await inside(endless);
  stopped.apply(wanted([daily()]));
  stopped.at(TWO);
  await until(() => stopped.list("job.started").length === 1);
  await stopped.stop();
  const again = await inside(fine, stopped.stateFolder, null, TWO + 2 * MINUTE_MS);
  await again.settled();
  expect(again.list("job.finished").map(({ status, attempt }) => [status, attempt])).toEqual([
    ["failed", 1],
    ["succeeded", 2],
  ]);
  await again.stop();

  const cancelledOne = await inside(deaf);
  cancelledOne.apply(wanted([daily()]));
  cancelledOne.at(TWO);
  await until(() => cancelledOne.list("job.started").length === 1);
  cancelledOne.queue.cancel(String(cancelledOne.list("job.queued")[0]!["job_id"]), null);
  cancelledOne.crash();
  const after = await inside(fine, cancelledOne.stateFolder, null, TWO + 2 * MINUTE_MS);
  expect(after.store.retries.list()).toEqual([]);
  await after.stop();
});

test("a backup that succeeds in the meantime, whoever ordered it, makes the retry unnecessary", async () => {
  let reachable = false;
  const agent = await inside(async () => (reachable ? succeeded() : failed("repo_unreachable", "no answer")));
  agent.apply(wanted([daily()]));
  agent.at(TWO);
  await agent.settled();
  expect(agent.store.retries.list()).toHaveLength(1);
  reachable = true;
  const ordered = order("backup", repoId, { source_group_id: groupId, state_version: 1, bandwidth: null });
  agent.queue.accept({ ...ordered, expires_at: TWO + DAY });
  await agent.settled();
  agent.at(TWO + HOUR_MS);
  expect(agent.list("job.queued")).toHaveLength(2);
  await agent.stop();
});

test("other failures, and jobs that people ordered, are not tried again", async () => {
  const wrong = await inside(async () => failed("wrong_password", "no"));
  wrong.apply(wanted([daily()]));
  wrong.at(TWO);
  await wrong.settled();
  expect(wrong.store.retries.list()).toEqual([]);
  await wrong.stop();

  const manual = await inside(unreachable);
  manual.apply(wanted([daily()]));
  const ordered = order("backup", repoId, { source_group_id: groupId, state_version: 1, bandwidth: null });
  manual.queue.accept({ ...ordered, expires_at: TWO + DAY });
  await manual.settled();
  expect(manual.store.retries.list()).toEqual([]);
  await manual.stop();
});

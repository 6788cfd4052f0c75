/** Orders that expire while waiting: they end as expired, and a scheduled backup is caught up. Real SQLite, and a clock moved by hand. */
import { afterAll, expect, test } from "bun:test";
import { HOUR_MS, MINUTE_MS } from "../../shared/time/clock.ts";
import { createCleanup } from "../../tests/testbed/temp.ts";
import { until } from "../../tests/testbed/wait.ts";
import { order } from "../testing/fixture.ts";
import { DAY, daily, deaf, fine, insides, repoId, START, TWO, wanted } from "../testing/inside.ts";
import { failed, type Handler, succeeded } from "./handlers/handler.ts";

const cleanup = createCleanup();
afterAll(() => cleanup.run());
const inside = insides(cleanup);

const unlock = (expiresAt: number) => order("unlock", repoId, {}, { expires_at: expiresAt });

test("an order that expired while the machine was off is never started", async () => {
  const before = await inside(deaf);
  before.apply(wanted([]));
  before.queue.accept(unlock(START + HOUR_MS));
  const [late, fresh] = [unlock(START + HOUR_MS), unlock(START + 100 * DAY)];
  before.queue.accept(late);
  before.queue.accept(fresh);
  before.crash();

  const ran: string[] = [];
  const seen: Handler = async ({ job }) => {
    ran.push(job.job_id);
    return succeeded();
  };
  const after = await inside(seen, before.stateFolder, null, START + 90 * DAY);
  await after.settled();
  const end = after.list("job.finished").find(({ job_id }) => job_id === late.job_id);
  expect(end).toMatchObject({ status: "failed", error_code: "expired", started_at: null });
  expect(ran).toEqual([fresh.job_id]);
  expect(after.list("job.started").map(({ job_id }) => job_id)).not.toContain(late.job_id);
  await after.stop();
});

test("an order that expired while another job ran is never started; one that had begun goes on", async () => {
  let letGo = (): void => {};
  const ran: string[] = [];
  const handle: Handler = async ({ job }) => {
    ran.push(job.job_id);
    await new Promise<void>((resolve) => {
      letGo = resolve;
    });
    return succeeded();
  };
  const agent = await inside(handle);
  agent.apply(wanted([]));
  const [running, late] = [unlock(START + HOUR_MS), unlock(START + HOUR_MS)];
  agent.queue.accept(running);
  agent.queue.accept(late);
  agent.at(START + 2 * HOUR_MS);
  letGo();
  await agent.settled();
  expect(agent.list("job.finished")).toMatchObject([
    { job_id: running.job_id, status: "succeeded" },
    { job_id: late.job_id, status: "failed", error_code: "expired" },
  ]);
  expect(ran).toEqual([running.job_id]);
  await agent.stop();
});

test("a job that was put off after it had begun does not expire", async () => {
  let tries = 0;
  const handle: Handler = async () => (++tries < 2 ? { end: "later", afterMs: 50 } : failed("unauthorised", "no"));
  const agent = await inside(handle);
  agent.apply(wanted([]));
  agent.queue.accept(unlock(START + HOUR_MS));
  await until(() => tries === 1);
  agent.at(START + 2 * HOUR_MS);
  await agent.settled();
  expect(agent.list("job.finished")).toMatchObject([{ error_code: "unauthorised" }]);
  await agent.stop();
});

test("a scheduled backup that expired unstarted is run as soon as it can be, though its next due time is far", async () => {
  const before = await inside(deaf);
  const weekly = daily({ cron: "0 2 * * 6" });
  before.apply(wanted([weekly]));
  before.queue.accept(unlock(START + 100 * DAY));
  before.at(TWO);
  expect(before.fired()).toContain(TWO);
  before.crash();

  const after = await inside(fine, before.stateFolder, null, TWO + 4 * DAY);
  await after.settled();
  const ends = after.list("job.finished").filter(({ kind }) => kind === "backup");
  expect(ends).toMatchObject([
    { scheduled_at: TWO, status: "failed", error_code: "expired" },
    { scheduled_at: TWO, status: "succeeded", attempt: 1 },
  ]);
  await after.stop();
});

test("runs skipped because of a backup that then expires are caught up by one", async () => {
  let letGo = (): void => {};
  const handle: Handler = async ({ job }) => {
    if (job.kind === "unlock")
      await new Promise<void>((resolve) => {
        letGo = resolve;
      });
    return succeeded();
  };
  const agent = await inside(handle);
  agent.apply(wanted([daily()]));
  agent.queue.accept(unlock(START + 100 * DAY));
  for (let day = 0; day < 5; day++) agent.at(TWO + day * DAY);
  agent.at(TWO + 4 * DAY + HOUR_MS);
  expect(agent.list("schedule.skipped")).toHaveLength(4);
  letGo();
  await until(() => agent.list("job.finished").length === 2);
  agent.at(TWO + 4 * DAY + HOUR_MS + MINUTE_MS);
  await agent.settled();
  const ends = agent.list("job.finished").filter(({ kind }) => kind === "backup");
  expect(ends).toMatchObject([
    { scheduled_at: TWO, error_code: "expired" },
    { scheduled_at: TWO + 4 * DAY, status: "succeeded" },
  ]);
  await agent.stop();
});

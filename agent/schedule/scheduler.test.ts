/** The scheduler: which runs start, which are skipped, and which are caught up. */
import { afterAll, expect, test } from "bun:test";
import { newId } from "../../shared/ids.ts";
import { HOUR_MS, MINUTE_MS } from "../../shared/time/clock.ts";
import { createCleanup } from "../../tests/testbed/temp.ts";
import { order } from "../testing/fixture.ts";
import { DAY, daily, endless, fine, groupId, insides, repoId, START, TWO, wanted } from "../testing/inside.ts";

const cleanup = createCleanup();
afterAll(() => cleanup.run());

const inside = insides(cleanup);

test("fires once at its time, as a job of the schedule", async () => {
  const agent = await inside(fine);
  const schedule = daily();
  agent.apply(wanted([schedule]));
  agent.at(TWO - 1);
  expect(agent.fired()).toEqual([]);
  agent.at(TWO);
  agent.at(TWO + 1000);
  await agent.settled();
  agent.at(TWO + 20 * MINUTE_MS);
  expect(agent.fired()).toEqual([TWO]);
  expect(agent.list("job.queued")[0]).toMatchObject({
    kind: "backup",
    actor_kind: "schedule",
    schedule_id: schedule.id,
    source_group_id: groupId,
    repo_id: repoId,
    attempt: 1,
    scheduled_at: TWO,
    queued_at: TWO,
  });
  agent.at(TWO + DAY);
  expect(agent.fired()).toEqual([TWO, TWO + DAY]);
  await agent.stop();
});

test("one job for each source group and repo; disabled schedules do nothing", async () => {
  const other = newId();
  const state = wanted([daily({ source_group_ids: [groupId, other] }), daily({ enabled: false })]);
  const second = newId();
  state.source_groups[0]!.repo_ids = [repoId, second];
  state.source_groups.push({ ...state.source_groups[0]!, id: other, tag: "other", repo_ids: [repoId] });
  const agent = await inside(fine);
  agent.apply(state);
  agent.at(TWO);
  await agent.settled();
  const pairs = agent.list("job.queued").map(({ source_group_id, repo_id }) => [source_group_id, repo_id]);
  expect(pairs).toEqual([
    [groupId, repoId],
    [groupId, second],
    [other, repoId],
  ]);
  await agent.stop();
});

test("of several missed runs the newest happens once, also after a restart", async () => {
  const first = await inside(fine);
  first.apply(wanted([daily()]));
  first.at(TWO);
  await first.settled();
  await first.stop();
  // Off over three due times.
  const again = await inside(fine, first.stateFolder, null, TWO + 3 * DAY + 5 * HOUR_MS);
  await again.settled();
  expect(again.fired().slice(1)).toEqual([TWO + 3 * DAY]);
  await again.stop();
});

test("a new schedule does not make up for what was due before it", async () => {
  const agent = await inside(fine);
  agent.at(TWO + HOUR_MS);
  agent.apply(wanted([daily()]));
  agent.at(TWO + 2 * HOUR_MS);
  expect(agent.fired()).toEqual([]);
  await agent.stop();
});

test("enabling it again, another zone or another expression start over", async () => {
  const agent = await inside(fine);
  const schedule = daily();
  agent.apply(wanted([{ ...schedule, enabled: false }]));
  agent.at(TWO + HOUR_MS);
  agent.apply(wanted([schedule]));
  agent.at(TWO + 2 * HOUR_MS);
  agent.apply(wanted([{ ...schedule, timezone: "Europe/Berlin" }]));
  agent.at(TWO + 3 * HOUR_MS);
  expect(agent.fired()).toEqual([]);
  agent.at(TWO + DAY - HOUR_MS);
  await agent.settled();
  expect(agent.fired()).toEqual([TWO + DAY - HOUR_MS]);
  await agent.stop();
});

test("fires noted by a clock that ran ahead hold nothing up, and none is repeated", async () => {
  const agent = await inside(fine);
  agent.apply(wanted([daily()]));
  const ahead = TWO + 400 * DAY;
  agent.at(ahead);
  await agent.settled();
  expect(agent.fired()).toEqual([ahead]);
  // Set right again, some hours before the next due time.
  agent.at(TWO - 3 * HOUR_MS);
  agent.at(TWO);
  await agent.settled();
  expect(agent.fired()).toEqual([ahead, TWO]);
  // Set back over a run that has happened.
  agent.at(TWO - 30 * MINUTE_MS);
  agent.at(TWO);
  agent.at(TWO + MINUTE_MS);
  expect(agent.fired()).toEqual([ahead, TWO]);
  await agent.stop();
});

test("a rule that was applied while the clock ran ahead counts from when the clock is set right", async () => {
  const agent = await inside(fine);
  agent.at(TWO + 400 * DAY);
  agent.apply(wanted([daily()]));
  agent.at(TWO - HOUR_MS);
  agent.at(TWO);
  await agent.settled();
  expect(agent.fired()).toEqual([TWO]);
  await agent.stop();
});

test("a run is skipped and reported while a job of the same pair waits or runs", async () => {
  const agent = await inside(endless);
  const schedule = daily({ cron: "0 * * * *" });
  agent.apply(wanted([schedule]));
  agent.at(TWO);
  const running = agent.list("job.queued")[0]!["job_id"];
  agent.at(TWO + HOUR_MS);
  expect(agent.list("schedule.skipped")).toEqual([
    {
      schedule_id: schedule.id,
      source_group_id: groupId,
      repo_id: repoId,
      due_at: TWO + HOUR_MS,
      reason: "already_running",
      because_job_id: running,
    },
  ]);
  agent.queue.cancel(String(running), null);
  await agent.settled();
  agent.at(TWO + HOUR_MS + MINUTE_MS);
  expect(agent.fired()).toEqual([TWO]);
  await agent.stop();
});

test("a backup that a person ordered counts as well", async () => {
  const agent = await inside(endless);
  agent.apply(wanted([daily()]));
  const ordered = order("backup", repoId, { source_group_id: groupId, state_version: 1, bandwidth: null });
  agent.queue.accept({ ...ordered, expires_at: TWO + DAY });
  agent.at(TWO);
  expect(agent.list("schedule.skipped")[0]).toMatchObject({ because_job_id: ordered.job_id });
  await agent.stop();
});

test("paused or revoked, schedules do not run, and nothing is caught up afterwards", async () => {
  const agent = await inside(fine);
  const schedule = daily();
  agent.apply(wanted([schedule], { schedules_paused: true }));
  agent.at(TWO);
  agent.at(TWO + HOUR_MS);
  agent.apply(wanted([schedule]));
  agent.at(TWO + 2 * HOUR_MS);
  agent.store.notes.set("revoked", "");
  agent.at(TWO + DAY);
  expect(agent.fired()).toEqual([]);
  agent.store.notes.delete("revoked");
  agent.at(TWO + DAY + HOUR_MS);
  agent.at(TWO + 2 * DAY);
  await agent.settled();
  expect(agent.fired()).toEqual([TWO + 2 * DAY]);
  await agent.stop();
});

test("a roaming host on little battery skips and says so; another host does not look", async () => {
  const agent = await inside(fine, undefined, "battery_low");
  agent.apply(wanted([daily()], { roaming: true }));
  agent.at(TWO);
  agent.at(TWO + MINUTE_MS);
  expect(agent.fired()).toEqual([]);
  expect(agent.list("schedule.skipped")).toMatchObject([{ reason: "battery_low", because_job_id: null, due_at: TWO }]);
  agent.apply(wanted([daily()], { roaming: false }));
  agent.at(TWO + DAY);
  expect(agent.fired()).toEqual([TWO + DAY]);
  await agent.stop();
});

test("an expression that this agent does not understand is reported and holds up no other", async () => {
  const agent = await inside(fine);
  agent.apply(wanted([daily({ cron: "0 2 31 2 *" }), daily()]));
  agent.at(TWO);
  expect(agent.fired()).toEqual([TWO]);
  await agent.stop();
});

test("only the newest 500 due times are remembered", async () => {
  const agent = await inside(fine);
  const schedule = daily({ cron: "* * * * *" });
  agent.apply(wanted([schedule]));
  for (let minute = 1; minute <= 520; minute++) {
    agent.at(START + minute * MINUTE_MS);
    await agent.settled();
  }
  expect(agent.store.fires.listAt(schedule.id, START + 19 * MINUTE_MS)).toEqual([]);
  expect(agent.store.fires.listAt(schedule.id, START + 20 * MINUTE_MS)).toHaveLength(1);
  await agent.stop();
}, 60_000);

/** The job queue with real SQLite; only the work itself is replaced. */
import { afterAll, expect, test } from "bun:test";
import { newId } from "../../shared/ids.ts";
import type { CommandRun } from "../../shared/protocol/to-agent.ts";
import { systemClock } from "../../shared/time/clock.ts";
import { fieldsOf } from "../../tests/testbed/simulated-agent.ts";
import { createCleanup } from "../../tests/testbed/temp.ts";
import { until } from "../../tests/testbed/wait.ts";
import { desiredState, order } from "../testing/fixture.ts";
import { openLane } from "../testing/lane.ts";
import { cancelled, failed, type Handler, succeeded } from "./handlers/handler.ts";

const cleanup = createCleanup();
afterAll(() => cleanup.run());

const repoId = newId();
const credential = { url: "/srv/repo", http_username: null, http_password: null, repo_password: "secret!", env: {} };

/** A lane on a state folder; `handle` is what every job does. */
async function inside(handle: Handler, folder?: string, pendingHooks: () => Promise<void> | null = () => null) {
  const stateFolder = folder ?? (await cleanup.tempFolder());
  const busy: string[] = [];
  const lane = openLane({
    stateFolder,
    clock: systemClock,
    handlers: { unlock: handle, probe: handle, snapshots: handle },
    pendingHooks,
    refuseBusy: (jobId) => void busy.push(jobId),
  });
  if (lane.state.version() === null) lane.state.apply(desiredState({ repoId, credential }));
  const frames: { type: string; payload: Record<string, unknown> }[] = [];
  const listen = () => lane.outbox.attach((frame) => void frames.push(JSON.parse(frame) as (typeof frames)[number]));
  const ends = () => frames.filter((frame) => frame.type === "job.finished").map((frame) => frame.payload);
  const typesOf = (job: CommandRun) =>
    frames.filter((one) => one.payload["job_id"] === job.job_id && one.type !== "log.stream").map((one) => one.type);
  return { ...lane, stateFolder, busy, frames, listen, ends, typesOf };
}

/** A handler that holds each job until it is let go. */
function gate() {
  const entered: string[] = [];
  const waiting = new Map<string, () => void>();
  const handle: Handler = async ({ job, signal }) => {
    entered.push(job.job_id);
    await new Promise<void>((resolve) => {
      waiting.set(job.job_id, resolve);
      signal.addEventListener("abort", () => resolve());
    });
    return signal.aborted ? cancelled() : succeeded();
  };
  return { handle, entered, letGo: (job: CommandRun) => until(() => waiting.get(job.job_id)).then((go) => go()) };
}

const unlock = () => order("unlock", repoId, {});

test("jobs run one at a time, in order of arrival", async () => {
  const { handle, entered, letGo } = gate();
  const { queue, start, listen, ends, typesOf } = await inside(handle);
  listen();
  start();
  const jobs = [unlock(), unlock(), unlock()];
  for (const job of jobs) queue.accept(job);
  expect(queue.openJobs().map((job) => job.status)).toEqual(["running", "queued", "queued"]);
  for (const job of jobs) await letGo(job);
  await until(() => ends().length === 3);
  expect(entered).toEqual(jobs.map((job) => job.job_id));
  expect(typesOf(jobs[0]!)).toEqual(["job.queued", "job.started", "job.finished"]);
  expect(queue.openJobs()).toEqual([]);
});

test("an order that comes again is answered with what is known and run once", async () => {
  const { handle, entered, letGo } = gate();
  const { queue, start, listen, ends, outbox, frames, typesOf } = await inside(handle);
  listen();
  start();
  const [first, second] = [unlock(), unlock()];
  queue.accept(first);
  queue.accept(second);
  outbox.acknowledge(outbox.lastSeq());
  frames.length = 0;
  queue.accept(first);
  queue.accept(second);
  queue.accept(second);
  expect(typesOf(first)).toEqual(["job.started"]);
  expect(typesOf(second)).toEqual(["job.queued"]);
  await letGo(first);
  await letGo(second);
  await until(() => ends().length === 2);
  outbox.acknowledge(outbox.lastSeq());
  queue.accept(first);
  expect(typesOf(first)).toEqual(["job.started", "job.finished", "job.finished"]);
  expect(entered).toHaveLength(2);
});

test("an order past its time is refused, also when it comes again", async () => {
  const { queue, start, listen, ends, typesOf } = await inside(async () => succeeded());
  listen();
  start();
  const late = order("unlock", repoId, {}, { expires_at: Date.now() - 1 });
  queue.accept(late);
  expect(ends()).toMatchObject([{ status: "failed", error_code: "expired", started_at: null }]);
  queue.accept(late);
  expect(typesOf(late)).toEqual(["job.queued", "job.finished"]);
});

test("cancel: of a running job, of a waiting one, of one that never came", async () => {
  const { handle, entered } = gate();
  const { queue, start, listen, ends } = await inside(handle);
  listen();
  start();
  const [running, waiting, unseen] = [unlock(), unlock(), unlock()];
  queue.accept(running);
  queue.accept(waiting);
  queue.cancel(waiting.job_id, null);
  expect(ends()).toMatchObject([{ job_id: waiting.job_id, status: "cancelled", started_at: null }]);
  queue.cancel(running.job_id, null);
  await until(() => ends().length === 2);
  expect(ends()[1]).toMatchObject({ job_id: running.job_id, status: "cancelled" });
  queue.cancel(unseen.job_id, null);
  queue.accept(unseen);
  expect(ends()[2]).toMatchObject({ job_id: unseen.job_id, status: "cancelled", started_at: null });
  expect(entered).toEqual([running.job_id]);
});

test("a job that had ended when the cancel came keeps its end", async () => {
  const { queue, start, listen, ends } = await inside(async () => succeeded());
  listen();
  start();
  const job = unlock();
  queue.accept(job);
  await until(() => ends().length === 1);
  queue.cancel(job.job_id, null);
  expect(ends().every((end) => end["status"] === "succeeded")).toBe(true);
});

test("an order with its own credential starts at once or not at all, and nothing of it is stored", async () => {
  const { handle, letGo } = gate();
  const { queue, start, listen, ends, busy, store, stateFolder } = await inside(handle);
  listen();
  start();
  const holder = unlock();
  queue.accept(holder);
  const args = { restic_id: null, wait_ms: 0, trial: true };
  const trial = order("probe", repoId, args, { credential: { ...credential, repo_password: "only for this job" } });
  queue.accept(trial);
  expect(busy).toEqual([trial.job_id]);
  expect(store.jobs.find(trial.job_id)).toBeNull();
  await letGo(holder);
  await until(() => ends().length === 1 && queue.openJobs().length === 0);
  queue.accept(trial);
  expect(store.jobs.find(trial.job_id)?.order).toBeNull();
  await letGo(trial);
  await until(() => ends().length === 2);
  for (const file of ["agent.db", "agent.db-wal"]) {
    const bytes = await Bun.file(`${stateFolder}/${file}`).text();
    expect(bytes).not.toContain("only for this job");
    expect(bytes).not.toContain("secret!");
  }
});

test("a job that is put off does not hold the lane, starts once, and can be cancelled meanwhile", async () => {
  const seen: number[] = [];
  let afterMs = 30;
  const handle: Handler = async ({ order: { kind }, tries }) => {
    if (kind === "unlock") return succeeded();
    seen.push(tries);
    return tries < 2 ? { end: "later", afterMs } : failed("unauthorised", "not known there");
  };
  const { queue, start, listen, ends, typesOf } = await inside(handle);
  listen();
  start();
  const probe = () => order("probe", repoId, { restic_id: null, wait_ms: 1000, trial: false });
  const [first, other] = [probe(), unlock()];
  queue.accept(first);
  queue.accept(other);
  await until(() => ends().length === 2);
  expect(ends().map((end) => end["job_id"])).toEqual([other.job_id, first.job_id]);
  expect(seen).toEqual([0, 1, 2]);
  expect(typesOf(first)).toEqual(["job.queued", "job.started", "job.finished"]);
  afterMs = 600_000;
  const [second, after] = [probe(), unlock()];
  queue.accept(second);
  queue.accept(after);
  // The lane is free: the probe was put off.
  await until(() => ends().length === 3);
  queue.cancel(second.job_id, null);
  await until(() => ends().length === 4);
  expect(ends()[3]).toMatchObject({ job_id: second.job_id, status: "cancelled" });
  expect(seen).toEqual([0, 1, 2, 0]);
});

test("a handler that throws ends its job, and the next one runs", async () => {
  const { queue, start, listen, ends } = await inside(async ({ order: { kind } }) => {
    if (kind === "probe") throw new Error("a bug with secret! in it");
    return succeeded();
  });
  listen();
  start();
  queue.accept(order("probe", repoId, { restic_id: null, wait_ms: 0, trial: false }));
  queue.accept(unlock());
  await until(() => ends().length === 2);
  expect(ends()[0]).toMatchObject({ status: "failed", error_code: "internal" });
  expect(JSON.stringify(ends())).not.toContain("secret!");
  expect(ends()[1]).toMatchObject({ status: "succeeded" });
});

test("pending post hooks of earlier jobs end before the next one starts, and an order with its own credential is busy meanwhile", async () => {
  const { handle, entered, letGo } = gate();
  let paid = (): void => {};
  const debt = new Promise<void>((resolve) => {
    paid = resolve;
  });
  let owes = true;
  const { queue, start, listen, ends, busy } = await inside(handle, undefined, () => (owes ? debt : null));
  listen();
  start();
  const job = unlock();
  queue.accept(job);
  queue.accept(order("probe", repoId, { restic_id: null, wait_ms: 0, trial: true }, { credential }));
  expect(busy).toHaveLength(1);
  expect(queue.openJobs()).toMatchObject([{ job_id: job.job_id, status: "queued" }]);
  expect(entered).toEqual([]);
  owes = false;
  paid();
  await letGo(job);
  await until(() => ends().length === 1);
  await queue.stop();
});

test("a record that cannot be written stops the queue for good, and is reported", async () => {
  const { queue, start, listen, store, fatal } = await inside(async () => succeeded());
  listen();
  start();
  store.jobs.setRunning = () => {
    throw new Error("malformed");
  };
  queue.accept(unlock());
  queue.accept(unlock());
  await until(() => fatal.length > 0);
  expect(fatal).toHaveLength(1);
  expect(String(fatal[0])).toContain("malformed");
});

test("a job whose end cannot be stored on a full disk is still reported as open", async () => {
  const { queue, start, listen, ends, store } = await inside(async () => succeeded());
  listen();
  start();
  const write = store.jobs.setFinished;
  let refused = 0;
  store.jobs.setFinished = () => {
    refused++;
    throw Object.assign(new Error("database or disk is full"), { code: "SQLITE_FULL" });
  };
  const job = unlock();
  queue.accept(job);
  await until(() => refused > 0);
  expect(queue.openJobs()).toMatchObject([{ job_id: job.job_id, status: "running" }]);
  store.jobs.setFinished = write;
  await until(() => ends().length === 1);
  expect(queue.openJobs()).toEqual([]);
});

test("a running job that was asked to be cancelled when the agent died ends as cancelled", async () => {
  const { handle, entered } = gate();
  const before = await inside(handle);
  before.start();
  const job = unlock();
  before.queue.accept(job);
  await until(() => entered.length === 1);
  before.store.notes.cancel(job.job_id, 1);
  before.outbox.detach();
  const after = await inside(async () => succeeded(), before.stateFolder);
  after.start();
  after.listen();
  expect(after.ends()).toMatchObject([{ job_id: job.job_id, status: "cancelled", error_code: null }]);
});

test("a cancel for a job that never came is answered with its end, also when its order comes later", async () => {
  const { handle, entered } = gate();
  const { queue, start, listen, ends, outbox, store } = await inside(handle);
  listen();
  start();
  const [known, bare] = [unlock(), unlock()];
  queue.cancel(known.job_id, fieldsOf(known));
  expect(ends()).toMatchObject([{ job_id: known.job_id, status: "cancelled", started_at: null }]);
  outbox.acknowledge(store.outbox.totals().last);
  queue.accept(known);
  expect(ends()[1]).toMatchObject({ job_id: known.job_id, status: "cancelled", started_at: null });
  // A server of an earlier version sends the id alone: there is nothing to answer with before the order comes.
  queue.cancel(bare.job_id, null);
  expect(ends()).toHaveLength(2);
  queue.accept(bare);
  expect(ends()[2]).toMatchObject({ job_id: bare.job_id, status: "cancelled" });
  expect(entered).toEqual([]);
});

test("after a crash: what ran is closed with its log, what waited runs", async () => {
  const { handle, entered } = gate();
  const before = await inside(async (context, deps) => {
    context.log.event("one line that was stored");
    context.log.flush();
    return await handle(context, deps);
  });
  before.start();
  const [running, waiting] = [unlock(), unlock()];
  before.queue.accept(running);
  before.queue.accept(waiting);
  await until(() => entered.length === 1);
  before.outbox.detach();
  // The process is gone: nothing of it is closed in an orderly way.

  const after = await inside(async () => succeeded(), before.stateFolder);
  after.start();
  after.listen();
  await until(() => after.ends().length === 2);
  expect(after.ends()[0]).toMatchObject({ job_id: running.job_id, status: "failed", error_code: "agent_restarted" });
  expect(after.ends()[1]).toMatchObject({ job_id: waiting.job_id, status: "succeeded" });
  const lines = after.frames.flatMap((one) =>
    one.type === "log.stream" && one.payload["job_id"] === running.job_id
      ? (one.payload["lines"] as { seq: number; payload: string }[])
      : [],
  );
  expect(lines.map((line) => line.seq)).toEqual([1, 2]);
  expect(lines[0]?.payload).toBe("one line that was stored");
  expect(after.store.notes.find(`unlock_first:${repoId}`)).not.toBeNull();
});

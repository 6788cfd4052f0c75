/** The outbox with real SQLite: order, limits, a full disk. */
import { afterAll, describe, expect, test } from "bun:test";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { newId } from "../../shared/ids.ts";
import { silentLog } from "../../shared/log.ts";
import type { JobFields, LogLine } from "../../shared/protocol/fields.ts";
import type { ToServerPayload } from "../../shared/protocol/to-server.ts";
import { MAX_IN_FLIGHT_MESSAGES } from "../../shared/protocol/version.ts";
import { mustRun } from "../../tests/testbed/command.ts";
import { createCleanup } from "../../tests/testbed/temp.ts";
import { until } from "../../tests/testbed/wait.ts";
import { openAgentDb } from "../store/open.ts";
import { createStore, type Store } from "../store/store.ts";
import { createOutbox, type DurableMessage } from "./outbox.ts";

const cleanup = createCleanup();
afterAll(() => cleanup.run());

const clock = { now: () => 1_790_000_000_000 };

async function newStore(folder?: string): Promise<Store> {
  return createStore(openAgentDb(folder ?? (await cleanup.tempFolder()), 0).db);
}

function outboxOn(store: Store, maxBytes?: number) {
  return createOutbox({ store, clock, log: silentLog, writeAgainMs: 50, ...(maxBytes ? { maxBytes } : {}) });
}

function fields(jobId = newId()): JobFields {
  return {
    job_id: jobId,
    kind: "backup",
    repo_id: newId(),
    source_group_id: newId(),
    schedule_id: null,
    attempt: 1,
    actor_kind: "user",
    scheduled_at: null,
    queued_at: 1,
  };
}

function queued(jobId?: string): DurableMessage {
  return { type: "job.queued", payload: fields(jobId) };
}

function lines(from: number, to: number, size = 20): LogLine[] {
  return Array.from({ length: to - from + 1 }, (_, i) => ({
    seq: from + i,
    ts: 1,
    stream: "stdout",
    payload: "x".repeat(size),
  }));
}

type Frame = { type: string; seq: number; payload: Record<string, unknown> };

/** A peer that collects frames. */
function peer() {
  const frames: Frame[] = [];
  return { frames, send: (frame: string) => void frames.push(JSON.parse(frame) as Frame) };
}

function linesOf(frames: Frame[]): LogLine[] {
  return frames.flatMap((frame) =>
    frame.type === "log.stream" ? (frame.payload as ToServerPayload<"log.stream">).lines : [],
  );
}

describe("delivery", () => {
  test("everything is sent in order, and again after a reconnect until it is acknowledged", async () => {
    const outbox = outboxOn(await newStore());
    const first = peer();
    outbox.put([queued(), queued()]);
    outbox.attach(first.send);
    outbox.put([queued()]);
    const numbers = first.frames.map((frame) => frame.seq);
    expect(numbers).toHaveLength(3);
    expect(numbers).toEqual([...numbers].sort((a, b) => a - b));
    outbox.acknowledge(numbers[1]!);
    expect(outbox.pending()).toBe(1);

    outbox.detach();
    const second = peer();
    outbox.attach(second.send);
    expect(second.frames.map((frame) => frame.seq)).toEqual([numbers[2]!]);
    outbox.acknowledge(numbers[2]!);
    expect(outbox.lastSeq()).toBe(0);
  });

  test("an acknowledgement for what was never sent deletes nothing", async () => {
    const outbox = outboxOn(await newStore());
    outbox.put([queued()]);
    outbox.acknowledge(1_000_000);
    expect(outbox.pending()).toBe(1);
    const { frames, send } = peer();
    outbox.attach(send);
    outbox.acknowledge(1_000_000);
    expect(frames).toHaveLength(1);
    expect(outbox.pending()).toBe(0);
  });

  test("no more than 256 messages are in flight", async () => {
    const outbox = outboxOn(await newStore());
    outbox.put(Array.from({ length: 600 }, () => queued()));
    const { frames, send } = peer();
    outbox.attach(send);
    expect(frames).toHaveLength(MAX_IN_FLIGHT_MESSAGES);
    outbox.acknowledge(frames[99]!.seq);
    expect(frames).toHaveLength(MAX_IN_FLIGHT_MESSAGES + 100);
  });

  test("no more than 4 MiB are in flight", async () => {
    const outbox = outboxOn(await newStore());
    for (let i = 0; i < 40; i++) outbox.putLines(newId(), lines(1, 4, 60_000));
    const { frames, send } = peer();
    outbox.attach(send);
    const bytes = frames.reduce((sum, frame) => sum + JSON.stringify(frame).length, 0);
    expect(bytes).toBeLessThan(4.2 * 1024 * 1024);
    expect(frames.length).toBeGreaterThan(14);
    for (let i = 0; frames.length < 40 && i < 40; i++) outbox.acknowledge(frames[i]!.seq);
    expect(frames).toHaveLength(40);
  });

  test("it survives a restart, and numbers go on rising", async () => {
    const folder = await cleanup.tempFolder();
    const store = await newStore(folder);
    const before = outboxOn(store);
    before.put([queued(), queued()]);
    const last = before.lastSeq();
    before.attach(() => {});
    before.acknowledge(last);
    before.put([queued("018f0000-0000-7000-8000-000000000001")]);
    store.close();
    const { frames, send } = peer();
    const after = outboxOn(await newStore(folder));
    after.attach(send);
    expect(frames).toHaveLength(1);
    expect(frames[0]!.seq).toBeGreaterThan(last);
    expect(frames[0]!.payload).toMatchObject({ job_id: "018f0000-0000-7000-8000-000000000001" });
  });

  test("log lines leave in frames of at most 200 lines and 256 KiB", async () => {
    const outbox = outboxOn(await newStore());
    const { frames, send } = peer();
    outbox.attach(send);
    outbox.putLines(newId(), lines(1, 450));
    outbox.putLines(newId(), lines(1, 10, 60_000));
    const counts = frames.map((frame) => (frame.payload as ToServerPayload<"log.stream">).lines.length);
    expect(counts).toEqual([200, 200, 50, 4, 4, 2]);
    expect(frames.every((frame) => JSON.stringify(frame).length < 300_000)).toBe(true);
  });
});

describe("a full outbox", () => {
  test("drops the oldest log lines, names the gap, and never drops a job's state", async () => {
    const outbox = outboxOn(await newStore(), 2_000_000);
    const job = newId();
    outbox.put([queued(job)]);
    for (let at = 1; at <= 4000; at += 100) outbox.putLines(job, lines(at, at + 99, 1000));
    outbox.put([{ type: "job.queued", payload: fields(job) }]);
    const { frames, send } = peer();
    outbox.attach(send);
    for (let i = 0; i < frames.length; i++) outbox.acknowledge(frames[i]!.seq);

    expect(frames[0]!.type).toBe("job.queued");
    expect(frames.at(-1)!.type).toBe("job.queued");
    const got = linesOf(frames);
    const [gap, ...rest] = got;
    expect(gap).toMatchObject({ stream: "event", seq: rest[0]!.seq - 1 });
    expect(gap!.payload).toContain(`Lines 1 to ${gap!.seq} were dropped`);
    expect(rest.map((line) => line.seq)).toEqual(lines(gap!.seq + 1, 4000).map((line) => line.seq));
    expect(rest.length).toBeGreaterThanOrEqual(900);
    expect(outbox.pending()).toBe(0);
  });

  test("what is in flight stays", async () => {
    const outbox = outboxOn(await newStore(), 2_000_000);
    const job = newId();
    const { frames, send } = peer();
    outbox.attach(send);
    for (let at = 1; at <= 4000; at += 100) outbox.putLines(job, lines(at, at + 99, 1000));
    for (let i = 0; i < frames.length; i++) outbox.acknowledge(frames[i]!.seq);
    const got = linesOf(frames);
    expect(got.slice(0, 1000).map((line) => line.seq)).toEqual(lines(1, 1000).map((line) => line.seq));
    const gaps = got.filter((line) => line.stream === "event");
    const known = new Set(got.filter((line) => line.stream === "stdout").map((line) => line.seq));
    for (const gap of gaps) {
      const [from, to] = /Lines (\d+) to (\d+)/.exec(gap.payload)!.slice(1).map(Number);
      for (let seq = from!; seq <= to!; seq++) known.add(seq);
    }
    expect(known.size).toBe(4000);
  });

  test("several jobs each get their own gap", async () => {
    const outbox = outboxOn(await newStore(), 1_500_000);
    const jobs = [newId(), newId(), newId()];
    for (let at = 1; at <= 1500; at += 100) for (const job of jobs) outbox.putLines(job, lines(at, at + 99, 1000));
    const { frames, send } = peer();
    outbox.attach(send);
    for (let i = 0; i < frames.length; i++) outbox.acknowledge(frames[i]!.seq);
    for (const job of jobs) {
      const got = linesOf(frames.filter((frame) => frame.payload["job_id"] === job));
      expect(got[0]!.payload).toContain(`Lines 1 to ${got[0]!.seq} were dropped`);
      expect(got.slice(1).map((line) => line.seq)).toEqual(lines(got[0]!.seq + 1, 1500).map((line) => line.seq));
    }
  });
});

describe("reports", () => {
  const report = (repoId: string, reportId: string, part: number, takenAt: number): DurableMessage => ({
    type: "snapshots.report",
    payload: { repo_id: repoId, report_id: reportId, taken_at: takenAt, part, parts: 2, snapshots: [] },
  });

  test("a newer one takes the place of an older one that was not sent", async () => {
    const outbox = outboxOn(await newStore());
    const [repo, other, old, young] = [newId(), newId(), newId(), newId()];
    outbox.put([report(repo, old, 1, 1), report(repo, old, 2, 1), report(other, newId(), 1, 1)]);
    outbox.put([report(repo, young, 1, 2), report(repo, young, 2, 2)]);
    const { frames, send } = peer();
    outbox.attach(send);
    expect(frames.map((frame) => [frame.payload["repo_id"], frame.payload["taken_at"], frame.payload["part"]])).toEqual(
      [
        [other, 1, 1],
        [repo, 2, 1],
        [repo, 2, 2],
      ],
    );
    expect(outbox.pending()).toBe(3);
  });

  test("a report of which a part is in flight is finished", async () => {
    const outbox = outboxOn(await newStore());
    const repo = newId();
    const { frames, send } = peer();
    outbox.attach(send);
    const old = newId();
    outbox.put([report(repo, old, 1, 1), report(repo, old, 2, 1)]);
    outbox.put([report(repo, newId(), 1, 2)]);
    expect(frames.map((frame) => frame.payload["taken_at"])).toEqual([1, 1, 2]);
  });
});

test("a full disk: no crash, job states wait in memory, lost log lines are named, all without help", async () => {
  const mount = join(await cleanup.tempFolder(), "small");
  mkdirSync(mount);
  if (process.getuid?.() !== 0) return console.warn("skipped: only root can mount a small file system");
  await mustRun(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", mount]);
  cleanup.add(() => mustRun(["umount", "-l", mount]));
  const store = await newStore(mount);
  const outbox = outboxOn(store);
  const job = newId();
  const message = queued(job);
  outbox.put([message], () => store.jobs.insertQueued(fields(job), null, null));
  for (let at = 1; at <= 3000; at += 100) outbox.putLines(job, lines(at, at + 99, 1000));
  await until(() => !outbox.tryPut([queued()], () => {}), { what: "the last byte to be taken", everyMs: 1 });
  const end: DurableMessage = {
    type: "job.finished",
    payload: {
      ...fields(job),
      status: "succeeded",
      exit_code: 0,
      warnings: 0,
      stats: null,
      error_code: null,
      error_message: null,
      started_at: 1,
      finished_at: 2,
    },
  };
  expect(outbox.put([end], () => store.jobs.setFinished(end.payload as never))).toBe(false);
  expect(store.jobs.find(job)?.status).toBe("queued");

  await mustRun(["mount", "-o", "remount,size=64m", mount]);
  await until(() => store.jobs.find(job)?.status === "succeeded", { what: "the end of the job on the disk" });
  const { frames, send } = peer();
  outbox.attach(send);
  for (let i = 0; i < frames.length; i++) outbox.acknowledge(frames[i]!.seq);
  expect(frames[0]!.type).toBe("job.queued");
  expect(frames.at(-1)!.type).toBe("job.finished");
  expect(frames.at(-2)!.type).toBe("log.stream");
  const got = linesOf(frames);
  const gap = got.at(-1)!;
  expect(gap).toMatchObject({ seq: 3000, stream: "event" });
  expect(gap.payload).toBe(`Lines ${got.at(-2)!.seq + 1} to 3000 are missing: this machine's disk was full`);
  outbox.close();
  store.close();
}, 60_000);

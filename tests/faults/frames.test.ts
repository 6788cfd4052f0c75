/** For every frame k of a backup's conversation, cuts the socket, kills the server or kills the agent right after k. */
import { afterAll, describe, expect, test } from "bun:test";
import type { Frame } from "../testbed/frame-relay.ts";
import { createCleanup } from "../testbed/temp.ts";
import { until } from "../testbed/wait.ts";
import { type Job, openScene, type Scene } from "./scene.ts";

const cleanup = createCleanup();
afterAll(cleanup.run);

/** Frames that come by the clock say nothing about the conversation. */
const IGNORED = ["heartbeat", "heartbeat.ack", "job.progress"];

/** After its end the job's snapshot was read again and told with its details, and nothing waits for its acknowledgement. */
function isOver(frames: Frame[]): boolean {
  const last = (direction: string) => Math.max(0, ...frames.filter((f) => f.direction === direction).map((f) => f.seq));
  const after = frames.slice(frames.findLastIndex((f) => f.type === "job.finished") + 1);
  return after.some((f) => f.type.startsWith("snapshots.")) && last("down") >= last("up");
}

/** The server may die before it has answered; the job that it has made may then be over before one could ask again. */
async function runOnce(scene: Scene): Promise<string> {
  const newest = async () => (await scene.backups())[0]?.id;
  const before = await newest();
  const answered = await scene.run().catch(() => null);
  if (answered !== null) return answered;
  return await until(
    async () => {
      const made = await newest();
      return made === before ? await scene.run() : made;
    },
    { what: "an answer to Run now" },
  );
}

type Story = { job: Job; lines: string[]; backups: number; snapshots: number; frames: Frame[] };

/** Runs one backup, with `fault` after the k-th frame that counts, and waits until all has come to rest. */
async function tell(scene: Scene, k: number | null, fault: () => Promise<void>): Promise<Story> {
  const frames: Frame[] = [];
  let struck: Promise<void> | null = null;
  const callsBefore = scene.resticCalls().length;
  scene.relay.watch((frame) => {
    if (IGNORED.includes(frame.type)) return;
    frames.push(frame);
    if (frames.length === k) struck = fault();
  });
  const id = await runOnce(scene);
  const job = await scene.ended(id);
  await struck;
  const settled = await scene.ended(id);
  const snapshotId = settled.stats?.["snapshot_id"];
  const backups = () =>
    scene
      .resticCalls()
      .slice(callsBefore)
      .filter((call) => call.startsWith("backup ")).length;
  const list = async () =>
    (await scene.client().get<{ items: { snapshot_id: string }[] }>(`/api/hosts/${scene.hostId}/snapshots?limit=500`))
      .items;
  if (job.status === "succeeded") {
    await until(async () => (await list()).some((row) => row.snapshot_id === snapshotId), {
      timeoutMs: 20_000,
      what: "the snapshot's row",
    });
    // A frame that comes later than what was waited for so far strikes too, and before the rows are counted.
    await until(() => struck !== null || isOver(frames), { timeoutMs: 20_000, what: "the conversation's end" });
    scene.relay.watch(() => undefined);
    await struck;
  }
  const lines = (await scene.log(id)).map((line) => `${line.seq} ${line.stream}`);
  return {
    job: await scene.job(id),
    lines,
    backups: backups(),
    snapshots: (await list()).filter((row) => row.snapshot_id === snapshotId).length,
    frames,
  };
}

const nothing = async () => undefined;

function expectWholeLog(story: Story): void {
  expect(story.lines.map((line) => Number(line.split(" ")[0]))).toEqual(story.lines.map((_, index) => index + 1));
  expect(story.job.log_lines).toBe(story.lines.length);
}

/** The same rows as of the undisturbed run: nothing lost, nothing twice, restic ran once. */
function expectSame(story: Story, calm: Story, k: number): void {
  const where = `after frame ${k} (${calm.frames[k - 1]?.direction} ${calm.frames[k - 1]?.type})`;
  expect(story.job.status, where).toBe("succeeded");
  expect(story.job.closed_by, where).toBe("agent");
  expect(story.backups, where).toBe(1);
  expect(story.snapshots, where).toBe(1);
  expectWholeLog(story);
  expect(story.lines, where).toEqual(calm.lines);
}

describe.each([["the socket is cut"], ["the server is killed"], ["the agent is killed"]])("%s", (fault) => {
  test("after each frame of a backup's conversation, and the end is true", async () => {
    const scene = await openScene(cleanup);
    const strike: Record<string, () => Promise<void>> = {
      "the socket is cut": async () => scene.relay.cut(),
      "the server is killed": async () => {
        scene.killServer();
        await scene.restartServer();
      },
      "the agent is killed": async () => {
        scene.killAgent();
        await scene.restartAgent();
      },
    };
    await tell(scene, null, nothing);
    const calm = await tell(scene, null, nothing);
    expect(calm.job.status).toBe("succeeded");
    expect(calm.frames.length).toBeGreaterThan(8);
    for (let k = 1; k <= calm.frames.length; k++) {
      const story = await tell(scene, k, strike[fault] ?? nothing);
      if (fault !== "the agent is killed") {
        expectSame(story, calm, k);
        continue;
      }
      expect(["succeeded", "failed"]).toContain(story.job.status);
      if (story.job.status === "failed")
        expect(["agent_restarted", "agent_lost_job"]).toContain(String(story.job.error_code));
      else expect(story.snapshots).toBe(1);
      expect(story.backups).toBeLessThanOrEqual(1);
      expectWholeLog(story);
    }
  }, 240_000);
});

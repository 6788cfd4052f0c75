/** After any losses, cancels, refusals, kills and restarts, in any order, every job ends once, and both sides agree. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { Db } from "../db/open.ts";
import { findJob } from "../db/queries/jobs.ts";
import type { JobRow } from "../db/schema/jobs.ts";
import { Refusal } from "../server/http/errors.ts";
import { isFinal } from "../shared/jobs.ts";
import { HOUR_MS, MINUTE_MS, SECOND_MS } from "../shared/time/clock.ts";
import { type AgentSide, agentSide, type ServerSide, serverSide, type Wire } from "./job-life-scene.ts";
import { signInAs, startApp } from "./testbed/app.ts";
import { enrollHost, type TestHost } from "./testbed/hosts.ts";
import { createRandom } from "./testbed/random.ts";
import { createCleanup } from "./testbed/temp.ts";

const cleanup = createCleanup();
afterAll(cleanup.run);

const RUNS = 40;
const STEPS = 70;
const KINDS = ["backup", "unlock", "prune"] as const;
type Kind = (typeof KINDS)[number];

let db: Db;
let startedAt: number;
const hosts: TestHost[] = [];
beforeAll(async () => {
  const app = await startApp(cleanup);
  const admin = await signInAs(app, "admin");
  for (let n = 0; n < 2 * RUNS + 10; n++) {
    hosts.push(await enrollHost(app, admin, { name: `host-${n}`, backupNow: false }));
    // Few machines may enrol from one address in a minute.
    app.clock.move(MINUTE_MS);
  }
  startedAt = app.clock.now();
  app.wired.drain();
  db = app.db;
}, 120_000);

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

class Scene {
  time = startedAt;
  clock = { now: () => this.time };
  server: ServerSide;
  agent!: AgentSide;
  wire: Wire | null = null;
  /** Job → how often its work began. */
  began = new Map<string, number>();
  running = new Map<string, () => void>();
  jobs = new Set<string>();
  cancelled = new Set<string>();
  /** The agent that knew them was wiped: nobody can say what became of them. */
  forgotten = new Set<string>();
  story: string[] = [];

  constructor(
    readonly host: TestHost,
    readonly isOld: boolean,
  ) {
    this.server = serverSide(db, this.clock, host.id);
  }

  async bootAgent(folder: string | null): Promise<void> {
    this.running.clear();
    this.agent = agentSide(
      folder ?? (await cleanup.tempFolder()),
      this.clock,
      this.host.identity.machineId,
      this.isOld,
      {
        began: (jobId, end) => {
          this.began.set(jobId, (this.began.get(jobId) ?? 0) + 1);
          this.running.set(jobId, end);
        },
      },
    );
    await turn();
  }

  order(kind: Kind): JobRow {
    const order = { hostId: this.host.id, kind, repoId: this.host.rid, args: { restic_id: null } };
    const sourceGroupId = kind === "backup" ? this.host.gid : null;
    const target = { kind: "repo", id: this.host.rid, name: "vault" };
    const [made] = this.server.maker.create({ kind: "system" }, [{ ...order, sourceGroupId }], target);
    if (!made) throw new Error("no job was made");
    this.jobs.add(made.job.id);
    return made.job;
  }

  cancel(jobId: string): void {
    try {
      this.server.cancel({ kind: "system" }, jobId);
      this.cancelled.add(jobId);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
    }
  }

  connect(): void {
    if (this.wire) this.cut();
    this.wire = this.server.open();
    this.agent.connect(this.wire);
  }

  /** Whatever is on the wire is lost. @param isNoticed by the server; otherwise it learns it from the next connection */
  cut(isNoticed = true): void {
    if (!this.wire) return;
    this.wire.fromServer("");
    if (isNoticed) this.server.hub.detach(this.wire.connection);
    this.wire = null;
    this.agent.disconnect();
  }

  async deliverToAgent(): Promise<boolean> {
    const frame = this.wire?.toAgent.shift();
    if (frame === undefined) return false;
    this.agent.hear(frame);
    await turn();
    return true;
  }

  async deliverToServer(isFlushed: boolean): Promise<boolean> {
    const frame = this.wire?.toServer.shift();
    if (frame === undefined || !this.wire) return false;
    this.server.inbound.receive(this.wire.connection, frame);
    if (isFlushed) this.server.inbound.flush();
    this.checkNoneIsLost();
    return true;
  }

  async endWork(jobId: string): Promise<void> {
    this.running.get(jobId)?.();
    this.running.delete(jobId);
    await turn();
    await turn();
  }

  async restartAgent(isWiped: boolean): Promise<void> {
    this.cut();
    if (isWiped) for (const id of this.jobs) if (this.agent.store.jobs.find(id)) this.forgotten.add(id);
    this.agent.crash();
    await this.bootAgent(isWiped ? null : this.agent.folder);
  }

  restartServer(): void {
    this.server.inbound.flush();
    this.cut();
    this.server = serverSide(db, this.clock, this.host.id);
  }

  pass(ms: number): void {
    this.time += ms;
    this.server.tick();
  }

  /** Connected, and everybody does what is theirs to do, until nothing is left. */
  async settle(): Promise<void> {
    this.connect();
    for (let round = 0; round < 60; round++) {
      while ((await this.deliverToServer(true)) || (await this.deliverToAgent())) {}
      for (const id of [...this.running.keys()]) await this.endWork(id);
      while ((await this.deliverToServer(true)) || (await this.deliverToAgent())) {}
      const isIdle = this.server.openJobs().length === 0 && this.agent.queue.openJobs().length === 0;
      if (isIdle && this.wire?.toAgent.length === 0 && this.wire.toServer.length === 0) return;
      this.pass(31 * SECOND_MS);
    }
  }

  /** The server never takes for lost what an agent still knows. */
  checkNoneIsLost(): void {
    for (const id of this.jobs)
      if (findJob(db, id)?.errorCode === "agent_lost_job" && !this.forgotten.has(id))
        throw new Error(`job ${id} was taken for lost`);
  }

  check(): void {
    expect(this.agent.errors).toEqual([]);
    expect(this.server.openJobs().map(({ id, sentAt, acceptedAt }) => ({ id, sentAt, acceptedAt }))).toEqual([]);
    expect(this.agent.queue.openJobs()).toEqual([]);
    for (const id of this.jobs) {
      const row = findJob(db, id);
      // Begun by an agent that was wiped before it could tell.
      if (!row && this.forgotten.has(id)) continue;
      if (!row) throw new Error(`job ${id} is gone`);
      expect(isFinal(row.status)).toBe(true);
      const ownEnd = this.agent.store.jobs.find(id)?.finished ?? null;
      if (ownEnd) expect([id, row.status, row.errorCode]).toEqual([id, ownEnd.status, ownEnd.error_code]);
      if (this.forgotten.has(id)) continue;
      expect([id, this.began.get(id) ?? 0]).toEqual([id, Math.min(1, this.began.get(id) ?? 0)]);
      if (!this.cancelled.has(id)) continue;
      // Asked to end, it never turns red because of that: only the host's own word may say that it failed.
      expect([id, row.closedBy, row.status]).not.toEqual([id, "server", "failed"]);
      if (!this.began.has(id) && row.errorCode !== "expired" && row.errorCode !== "agent_restarted")
        expect([id, row.status]).toEqual([id, "cancelled"]);
    }
  }
}

async function randomStep(scene: Scene, random: () => number): Promise<void> {
  const pick = <T>(list: readonly T[]): T | undefined => list[Math.floor(random() * list.length)];
  const chance = random();
  const say = (what: string) => void scene.story.push(what);
  if (chance < 0.17) say(`order ${scene.order(pick(KINDS) ?? "unlock").id}`);
  else if (chance < 0.27) {
    const job = pick([...scene.server.openJobs()]);
    if (job) {
      say(`cancel ${job.id}`);
      scene.cancel(job.id);
    }
  } else if (chance < 0.47) {
    say("to agent");
    await scene.deliverToAgent();
  } else if (chance < 0.67) {
    say("to server");
    await scene.deliverToServer(random() < 0.6);
  } else if (chance < 0.77) {
    const id = pick([...scene.running.keys()]);
    say(`work of ${id} ends`);
    if (id) await scene.endWork(id);
  } else if (chance < 0.82) {
    say("cut");
    scene.cut(random() < 0.5);
  } else if (chance < 0.9) {
    if (scene.wire) return;
    say("connect");
    scene.connect();
  } else if (chance < 0.93) {
    say("the agent is killed");
    await scene.restartAgent(false);
  } else if (chance < 0.94) {
    say("the agent is wiped");
    await scene.restartAgent(true);
  } else if (chance < 0.955) {
    say("the server restarts");
    scene.restartServer();
  } else if (chance < 0.975) {
    const id = scene.agent.mint(scene.host.rid, scene.host.gid);
    scene.jobs.add(id);
    say(`mint ${id}`);
    await turn();
  } else {
    const ms = random() < 0.9 ? 40 * SECOND_MS : 75 * HOUR_MS;
    say(`${ms / 1000} s pass`);
    scene.pass(ms);
  }
}

describe.each([
  ["an agent of today", false],
  ["an agent that does not answer a cancel of what it never saw", true],
])("with %s", (_name, isOld) => {
  test("any order of events ends every job once, and both sides agree", async () => {
    for (let seed = 1; seed <= RUNS; seed++) {
      const scene = new Scene(hosts.pop() as TestHost, isOld);
      await scene.bootAgent(null);
      const random = createRandom(seed);
      try {
        for (let step = 0; step < STEPS; step++) await randomStep(scene, random);
        await scene.settle();
        scene.check();
        // Nothing that has ended stands in the way of what comes next.
        const next = KINDS.map((kind) => scene.order(kind));
        await scene.settle();
        scene.check();
        expect(next.map(({ id }) => findJob(db, id)?.status)).toEqual(["succeeded", "succeeded", "succeeded"]);
      } catch (error) {
        throw new Error(`seed ${seed}: ${error}\n${scene.story.join("\n")}`);
      } finally {
        scene.agent.crash();
      }
    }
  }, 300_000);
});

async function ready(isOld = false): Promise<Scene> {
  const scene = new Scene(hosts.pop() as TestHost, isOld);
  await scene.bootAgent(null);
  scene.connect();
  await scene.settle();
  return scene;
}

test("an order that was lost on its way, and then cancelled, ends as cancelled as soon as the agent hears of it", async () => {
  const scene = await ready();
  const job = scene.order("unlock");
  scene.wire?.toAgent.splice(0);
  scene.cancel(job.id);
  while ((await scene.deliverToAgent()) || (await scene.deliverToServer(true))) {}
  expect(findJob(db, job.id)).toMatchObject({ status: "cancelled", closedBy: "agent" });
});

test("with an agent that answers nothing it ends when the host has caught up again", async () => {
  const scene = await ready(true);
  const job = scene.order("unlock");
  scene.wire?.toAgent.splice(0);
  scene.cancel(job.id);
  while ((await scene.deliverToAgent()) || (await scene.deliverToServer(true))) {}
  expect(findJob(db, job.id)).toMatchObject({ status: "queued" });
  scene.connect();
  while ((await scene.deliverToAgent()) || (await scene.deliverToServer(true))) {}
  expect(findJob(db, job.id)).toMatchObject({ status: "cancelled", closedBy: "server", errorCode: null });
});

test("or when its time is over, and is not red then", async () => {
  const scene = await ready(true);
  const job = scene.order("unlock");
  scene.wire?.toAgent.splice(0);
  scene.cancel(job.id);
  scene.pass(73 * HOUR_MS);
  expect(findJob(db, job.id)).toMatchObject({ status: "cancelled", closedBy: "server", errorCode: null });
});

test("a job that was refused as busy is not at the host: cancelling ends it at once", async () => {
  const scene = await ready();
  scene.order("unlock");
  while ((await scene.deliverToAgent()) || (await scene.deliverToServer(true))) {}
  const prune = scene.order("prune");
  await scene.deliverToAgent();
  while (await scene.deliverToServer(true)) {}
  expect(findJob(db, prune.id)).toMatchObject({ status: "queued", sentAt: null });
  scene.cancel(prune.id);
  expect(findJob(db, prune.id)).toMatchObject({ status: "cancelled" });
});

test("what an agent begins between its greeting and its last old report is not taken for lost", async () => {
  const scene = await ready();
  scene.cut();
  scene.jobs.add(scene.agent.mint(scene.host.rid, scene.host.gid));
  scene.connect();
  await scene.deliverToServer(true);
  await scene.deliverToAgent();
  const later = scene.agent.mint(scene.host.rid, scene.host.gid);
  scene.jobs.add(later);
  while (await scene.deliverToServer(false)) {}
  scene.server.inbound.flush();
  expect(findJob(db, later)).toMatchObject({ status: "queued", errorCode: null });
  await scene.settle();
  scene.check();
});

test("a job that the server has given up as cancelled is stopped when the host turns out to run it", async () => {
  const scene = await ready();
  const job = scene.order("unlock");
  await scene.deliverToAgent();
  scene.cut();
  scene.cancel(job.id);
  scene.pass(73 * HOUR_MS);
  expect(findJob(db, job.id)).toMatchObject({ status: "cancelled", closedBy: "server" });
  scene.connect();
  while ((await scene.deliverToAgent()) || (await scene.deliverToServer(true))) {}
  expect(scene.agent.queue.openJobs()).toEqual([]);
  expect(findJob(db, job.id)).toMatchObject({ status: "cancelled", closedBy: "agent" });
});

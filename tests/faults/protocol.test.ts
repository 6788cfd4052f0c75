/** The server against agents that repeat, reorder, forget and invent messages: no job is lost or doubled, and no other host is affected. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { newId } from "../../shared/ids.ts";
import { CLOSE } from "../../shared/protocol/version.ts";
import { enrollIdentity, type Identity } from "../testbed/hosts.ts";
import { type Client, type ServerProcess, signIn, startServer } from "../testbed/server.ts";
import {
  type ConnectOptions,
  connectSimulated,
  endOf,
  fieldsOf,
  helloOf,
  linesOf,
  type SimulatedAgent,
} from "../testbed/simulated-agent.ts";
import { createCleanup } from "../testbed/temp.ts";
import { until } from "../testbed/wait.ts";

const cleanup = createCleanup();
let server: ServerProcess;
let client: Client;
let made = 0;

beforeAll(async () => {
  server = await startServer({ dataDir: join(await cleanup.tempFolder(), "data") });
  cleanup.add(async () => void (await server.stop()));
  client = await signIn(server);
});
afterAll(cleanup.run);

type Job = {
  id: string;
  status: string;
  error_code: string | null;
  log_lines: number;
  closed_by: string | null;
  waiting_for: string | null;
};
const newHost = () => enrollIdentity(client, { name: `sim-${++made}`, backupNow: false });
const jobOf = (id: string) => client.get<Job>(`/api/jobs/${id}`);
const runGroup = async ({ hostId, groupId }: Identity) =>
  (await client.post<{ job_ids: string[] }>(`/api/hosts/${hostId}/source-groups/${groupId}/run`)).job_ids[0] ?? "";
const becomes = (id: string, status: string) =>
  until(async () => ((await jobOf(id)).status === status ? await jobOf(id) : null), { what: `job ${status}` });

/** Connects, takes the state, and answers the probe that follows by itself. */
async function ready(identity: Identity, options: ConnectOptions = {}): Promise<SimulatedAgent> {
  const agent = await connectSimulated(server.url, identity, options);
  const state = await agent.waitFor("state.set");
  agent.send("state.ack", { state_version: state.state_version, digest: state.digest, errors: [] });
  const probe = await agent.waitFor("command.run", (order) => order.kind === "probe");
  const status = {
    status: "ready" as const,
    status_code: null,
    status_message: null,
    restic_id: "a".repeat(64),
    format_version: 2,
  };
  agent.send(
    "repo.status",
    { repo_id: probe.repo_id, ...status, append_only: "proven", checked_at: Date.now(), locks: [] },
    { seq: 1 },
  );
  agent.send("job.finished", endOf(fieldsOf(probe)), { seq: 2 });
  await agent.waitFor("ack", ({ seq }) => seq === 2);
  return agent;
}

/** Takes a job on, and is gone without a goodbye. */
async function acceptAndVanish(identity: Identity) {
  const agent = await ready(identity);
  const id = await runGroup(identity);
  const order = await agent.waitFor("command.run", (one) => one.job_id === id);
  agent.send("job.queued", fieldsOf(order), { seq: 3 });
  await agent.waitFor("ack", ({ seq }) => seq === 3);
  agent.terminate();
  return { id, order };
}

describe("a job", () => {
  test("is the same after every message came twice, out of order, and after its end", async () => {
    const agent = await ready(await newHost());
    const id = await runGroup(agent.identity);
    const order = await agent.waitFor("command.run", (o) => o.job_id === id);
    const fields = fieldsOf(order);
    const finished = endOf(fields, { warnings: 2 });
    const lines = linesOf(1, 50);
    let seq = 2;
    const twice = (send: (seq: number) => void) => [send(++seq), send(++seq)];
    twice((n) => agent.send("log.stream", { job_id: id, lines: linesOf(40, 11) }, { seq: n }));
    twice((n) => agent.send("job.finished", finished, { seq: n }));
    twice((n) => agent.send("log.stream", { job_id: id, lines }, { seq: n }));
    twice((n) =>
      agent.send("job.started", { ...fields, started_at: Date.now(), restic_version: "0.19.1" }, { seq: n }),
    );
    twice((n) => agent.send("job.queued", fields, { seq: n }));
    agent.send("job.finished", { ...finished, status: "failed", error_code: "restic_failed" }, { seq: ++seq });
    await agent.waitFor("ack", (ack) => ack.seq === seq);
    expect(await jobOf(id)).toMatchObject({ status: "succeeded", log_lines: 50, closed_by: "agent" });
    const log = await client.get<{ items: { seq: number }[] }>(`/api/jobs/${id}/logs?limit=500`);
    expect(log.items.map((line) => line.seq)).toEqual(lines.map((line) => line.seq));
    agent.close();
  });

  test("that was asked for twice is one job, and one that was never accepted is sent again after a reconnect", async () => {
    const identity = await newHost();
    const agent = await ready(identity);
    const id = await runGroup(identity);
    expect(await runGroup(identity)).toBe(id);
    await agent.waitFor("command.run", (o) => o.job_id === id);
    agent.terminate();
    const again = await connectSimulated(server.url, identity);
    const order = await again.waitFor("command.run", (o) => o.job_id === id);
    again.send("job.finished", endOf(fieldsOf(order)), { seq: 1 });
    await becomes(id, "succeeded");
    again.close();
  });

  test("that the agent accepted and forgot is failed, and the agent's later word replaces that verdict once", async () => {
    const identity = await newHost();
    const { id, order } = await acceptAndVanish(identity);
    const wiped = await connectSimulated(server.url, identity);
    await becomes(id, "failed");
    expect(await jobOf(id)).toMatchObject({ error_code: "agent_lost_job", closed_by: "server" });
    wiped.send("job.finished", endOf(fieldsOf(order)), { seq: 1 });
    wiped.send("job.finished", { ...endOf(fieldsOf(order)), status: "failed", error_code: "internal" }, { seq: 2 });
    await wiped.waitFor("ack", ({ seq }) => seq === 2);
    expect(await jobOf(id)).toMatchObject({ status: "succeeded", closed_by: "agent", error_code: null });
    wiped.close();
  });

  test("is not judged before everything that the agent had in its outbox has come", async () => {
    const identity = await newHost();
    const { id, order } = await acceptAndVanish(identity);
    const back = await connectSimulated(server.url, identity, { hello: { outbox_last_seq: 9 } });
    await back.waitFor("welcome");
    back.send("log.stream", { job_id: id, lines: linesOf(1, 5) }, { seq: 8 });
    await back.waitFor("ack", ({ seq }) => seq === 8);
    expect((await jobOf(id)).status).toBe("queued");
    back.send("job.finished", endOf(fieldsOf(order)), { seq: 9 });
    expect(await becomes(id, "succeeded")).toMatchObject({ closed_by: "agent", log_lines: 5 });
    back.close();
  });

  test("that a restored server has forgotten comes back from the agent", async () => {
    const identity = await newHost();
    const first = await ready(identity);
    first.close();
    await first.closed;
    const fields = {
      job_id: newId(),
      kind: "backup" as const,
      repo_id: identity.repoId,
      source_group_id: identity.groupId,
    };
    const job = {
      ...fields,
      schedule_id: null,
      attempt: 1,
      actor_kind: "user" as const,
      scheduled_at: null,
      queued_at: Date.now(),
    };
    const agent = await connectSimulated(server.url, identity, {
      hello: { open_jobs: [{ ...job, status: "running" }] },
    });
    await becomes(job.job_id, "running");
    agent.send("job.finished", endOf(job), { seq: 1 });
    await becomes(job.job_id, "succeeded");
    agent.close();
  });

  test("can be cancelled while its order is on the way; the agent's word decides", async () => {
    const identity = await newHost();
    const agent = await ready(identity);
    const id = await runGroup(identity);
    const order = await agent.waitFor("command.run", (o) => o.job_id === id);
    agent.send("job.queued", fieldsOf(order), { seq: 3 });
    await client.post(`/api/jobs/${id}/cancel`);
    await agent.waitFor("command.cancel", ({ job_id }) => job_id === id);
    expect(await jobOf(id)).toMatchObject({ status: "queued", waiting_for: expect.stringContaining("cancellation") });
    agent.send(
      "job.finished",
      { ...endOf(fieldsOf(order)), status: "cancelled", exit_code: null, stats: null },
      { seq: 4 },
    );
    await becomes(id, "cancelled");
    expect((await client.request("POST", `/api/jobs/${id}/cancel`, {})).status).toBe(409);
    agent.close();
  });

  test("that is cancelled before its agent took it ends at once, by the agent's word", async () => {
    const identity = await newHost();
    const agent = await ready(identity);
    const id = await runGroup(identity);
    await agent.waitFor("command.run", (o) => o.job_id === id);
    await client.post(`/api/jobs/${id}/cancel`);
    expect(await becomes(id, "cancelled")).toMatchObject({ closed_by: "agent", error_code: null });
    agent.close();
  });

  test("that an older agent never took and does not answer for ends as cancelled with its next connection", async () => {
    const identity = await newHost();
    const agent = await ready(identity, { answersCancels: false });
    const id = await runGroup(identity);
    await agent.waitFor("command.run", (o) => o.job_id === id);
    await client.post(`/api/jobs/${id}/cancel`);
    await agent.waitFor("command.cancel", ({ job_id }) => job_id === id);
    expect((await jobOf(id)).status).toBe("queued");
    agent.terminate();
    const again = await connectSimulated(server.url, identity, { answersCancels: false });
    expect(await becomes(id, "cancelled")).toMatchObject({ closed_by: "server", error_code: null });
    again.close();
  });

  test("for an offline host waits, says so, and is cancelled at once", async () => {
    const identity = await newHost();
    const run = await client.post<{ job_ids: string[]; jobs: { waiting_for: string }[] }>(
      `/api/hosts/${identity.hostId}/source-groups/${identity.groupId}/run`,
    );
    expect(run.jobs[0]?.waiting_for).toContain("to come online");
    await client.post(`/api/jobs/${run.job_ids[0]}/cancel`);
    expect((await jobOf(run.job_ids[0] ?? "")).status).toBe("cancelled");
  });
});

describe("an agent", () => {
  test("cannot touch another host's jobs, repos or groups; that is audited", async () => {
    const victim = await newHost();
    const victimAgent = await ready(victim);
    const id = await runGroup(victim);
    const order = await victimAgent.waitFor("command.run", (o) => o.job_id === id);
    const thief = await ready(await newHost());
    thief.send("job.finished", endOf(fieldsOf(order), { status: "failed" }), { seq: 3 });
    thief.send("log.stream", { job_id: id, lines: linesOf(1, 3) }, { seq: 4 });
    const lie = {
      status: "failed" as const,
      status_code: "wrong_password" as const,
      status_message: "x",
      restic_id: null,
      format_version: null,
    };
    thief.send(
      "repo.status",
      { repo_id: victim.repoId, ...lie, append_only: "violated", checked_at: Date.now() + 1e6, locks: null },
      { seq: 5 },
    );
    thief.send(
      "snapshots.report",
      { repo_id: victim.repoId, report_id: newId(), taken_at: Date.now(), part: 1, parts: 1, snapshots: [] },
      { seq: 6 },
    );
    const forged = { ...fieldsOf(order), job_id: newId() };
    thief.send("job.started", { ...forged, started_at: Date.now(), restic_version: null }, { seq: 7 });
    await thief.waitFor("ack", ({ seq }) => seq === 7);
    expect(await jobOf(id)).toMatchObject({ status: "queued", log_lines: 0 });
    expect((await client.get<{ status: string }>(`/api/repos/${victim.repoId}`)).status).toBe("ready");
    expect((await client.request("GET", `/api/jobs/${forged.job_id}`)).status).toBe(404);
    const audit = await client.get<{ total: number }>(
      `/api/audit?action=agent.message_refused&target_id=${thief.identity.hostId}`,
    );
    expect(audit.total).toBe(5);
    thief.close();
    victimAgent.close();
  });

  test("whose clock was a century ahead does not stay there when it is right again", async () => {
    const agent = await ready(await newHost());
    const { hostId, groupId, repoId } = agent.identity;
    const id = await runGroup(agent.identity);
    const fields = fieldsOf(await agent.waitFor("command.run", (order) => order.job_id === id));
    const far = Date.now() + 100 * 365 * 86_400_000;
    const state = { repo_id: repoId, status_message: null, restic_id: "a".repeat(64), format_version: 2, locks: [] };
    const failed = { ...state, status: "failed", status_code: "repo_missing", append_only: "unknown" } as const;
    const well = { ...state, status: "ready", status_code: null, append_only: "proven" } as const;
    const scheduled = { job_id: newId(), kind: "backup", schedule_id: newId(), actor_kind: "schedule" } as const;
    const [schedule] = (await client.get<{ items: { id: string }[] }>(`/api/hosts/${hostId}/schedules`)).items;
    const fire = { ...fields, ...scheduled, schedule_id: schedule?.id ?? "", scheduled_at: far, queued_at: far };
    const skip = { schedule_id: schedule?.id ?? "", source_group_id: groupId, repo_id: repoId };
    agent.send("job.finished", endOf(fields, { started_at: far - 1000, finished_at: far }), { seq: 3 });
    agent.send("job.finished", endOf(fire, { started_at: far - 1000, finished_at: far }), { seq: 4 });
    agent.send("repo.status", { ...failed, checked_at: far }, { seq: 5 });
    const skipped = { ...skip, due_at: far, reason: "already_running", because_job_id: id } as const;
    agent.send("schedule.skipped", skipped, { seq: 6 });
    await agent.waitFor("ack", ({ seq }) => seq === 6);
    agent.send("repo.status", { ...well, checked_at: Date.now() }, { seq: 7 });
    await agent.waitFor("ack", ({ seq }) => seq === 7);
    expect(await client.get<object>(`/api/repos/${repoId}`)).toMatchObject({ status: "ready" });
    const host = await client.get<{ last_backup_at: string }>(`/api/hosts/${hostId}`);
    expect(Date.parse(host.last_backup_at)).toBeLessThanOrEqual(Date.now());
    const job = await client.get<{ started_at: string; finished_at: string }>(`/api/jobs/${id}`);
    expect(Date.parse(job.finished_at) - Date.parse(job.started_at)).toBe(1000);
    const { items } = await client.get<{ items: { last_run: { due_at: string } }[] }>(`/api/hosts/${hostId}/schedules`);
    expect(Date.parse(items[0]?.last_run.due_at ?? "")).toBeLessThanOrEqual(Date.now());
    agent.close();
  });

  test("that connects twice keeps the newer connection; frames of the older are ignored", async () => {
    const identity = await newHost();
    const older = await ready(identity);
    const newer = await connectSimulated(server.url, identity);
    await newer.waitFor("welcome");
    expect((await older.closed).code).toBe(CLOSE.replaced);
    expect((await client.get<{ status: string }>(`/api/hosts/${identity.hostId}`)).status).toBe("online");
    newer.close();
  });

  test("on another machine with the same identity is turned away and seen", async () => {
    const identity = await newHost();
    const clone = await connectSimulated(server.url, identity, { hello: { machine_id: "another machine" } });
    expect((await clone.closed).code).toBe(CLOSE.cloned);
    expect(
      (await client.get<{ total: number }>(`/api/audit?action=host.clone_seen&target_id=${identity.hostId}`)).total,
    ).toBe(1);
  });

  test("with an unknown token, a revoked one, or a first frame that is no hello hears why", async () => {
    const identity = await newHost();
    const stranger = await connectSimulated(server.url, { ...identity, token: "x".repeat(43) }, { hello: null });
    expect(await stranger.closed).toEqual({ code: CLOSE.unauthorised, reason: "unknown_token" });
    const rude = await connectSimulated(server.url, identity, { hello: null });
    rude.send("heartbeat", {
      running_job_ids: [],
      queued_jobs: 0,
      outbox_pending: 0,
      load: 0,
      uptime_s: 1,
      free_bytes_state: null,
    });
    expect((await rude.closed).code).toBe(CLOSE.protocol);
    const agent = await ready(identity);
    expect((await client.request("DELETE", `/api/hosts/${identity.hostId}`)).status).toBe(204);
    expect((await agent.closed).code).toBe(CLOSE.unauthorised);
    const back = await connectSimulated(server.url, identity, { hello: null });
    expect(await back.closed).toEqual({ code: CLOSE.unauthorised, reason: "revoked" });
  });

  test("of a protocol that is too old is told where the new one is", async () => {
    const identity = await newHost();
    const old = await connectSimulated(server.url, identity, { hello: null });
    old.send("hello", helloOf(identity, { protocol_version: 0 }));
    expect(await old.waitFor("error")).toMatchObject({ code: "protocol_too_old" });
    expect((await old.closed).code).toBe(CLOSE.protocol);
  });

  test("that stammers is told which field is wrong, and cut off after ten invalid frames in a minute", async () => {
    const agent = await ready(await newHost());
    agent.send("log.stream", { job_id: "no id", lines: linesOf(1, 1) } as never, { seq: 3 });
    expect((await agent.waitFor("error")).message).toContain("payload.job_id");
    for (let n = 0; n < 9; n++) agent.sendText("{ this is no JSON");
    expect((await agent.closed).code).toBe(CLOSE.protocol);
  });
});

test("ten thousand malformed, oversized and reordered frames neither stop the server nor grow it", async () => {
  const identity = await newHost();
  const rss = async () =>
    Number(/VmRSS:\s+(\d+)/.exec(await Bun.file(`/proc/${server.pid}/status`).text())?.[1]) / 1024;
  const before = await rss();
  const junk = [
    "",
    "null",
    "[]",
    '{"type":"hello"}',
    '{"type":"job.finished","ts":1,"seq":1,"payload":{}}',
    JSON.stringify({ type: "log.stream", ts: 1, seq: 1, payload: { job_id: newId(), lines: [] } }),
    `{"type":"__proto__","ts":1,"payload":{"a":${"[".repeat(500)}${"]".repeat(500)}}}`,
    JSON.stringify({ type: "from.the.future", ts: 1, payload: "x".repeat(60_000) }),
  ];
  let sent = 0;
  while (sent < 10_000) {
    const agent = await connectSimulated(server.url, identity);
    await agent.waitFor("welcome");
    let isOpen = true;
    void agent.closed.then(() => {
      isOpen = false;
    });
    for (let n = 0; n < 200 && isOpen; n++) agent.sendText(junk[sent++ % junk.length] ?? "");
    await agent.closed;
  }
  const big = await connectSimulated(server.url, identity);
  await big.waitFor("welcome");
  big.sendText(JSON.stringify({ type: "from.the.future", ts: 1, payload: "x".repeat(2_000_000) }));
  await big.closed;
  expect((await fetch(`${server.url}/healthz`)).status).toBe(200);
  expect((await rss()) - before).toBeLessThan(150);
}, 60_000);

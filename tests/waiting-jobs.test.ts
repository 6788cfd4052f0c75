/** Jobs for a host that is away: told with the reason, one of a kind, sent once when it is back, given up after 72 hours. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { HOUR_MS, MINUTE_MS } from "../shared/clock.ts";
import { newId } from "../shared/ids.ts";
import { parseToAgent, type ToAgent } from "../shared/protocol/to-agent.ts";
import { type Person, signInAs, startApp, type TestApp } from "./testbed/app.ts";
import { fieldsOf, helloOf, type Identity } from "./testbed/simulated-agent.ts";
import { createCleanup } from "./testbed/temp.ts";

const cleanup = createCleanup();
let app: TestApp;
let admin: Person;

beforeAll(async () => {
  app = await startApp(cleanup);
  admin = await signInAs(app, "admin");
});
afterAll(cleanup.run);

async function send<T>(method: string, path: string, body?: unknown): Promise<T> {
  const headers = { cookie: admin.cookie, "x-csrf-token": admin.csrf, "content-type": "application/json" };
  const answer = await app.request(path, { method, headers, ...(body ? { body: JSON.stringify(body) } : {}) });
  if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
  return (await answer.json()) as T;
}

async function newHost(name: string): Promise<Identity> {
  const repo = { kind: "rest", url: "http://vault:8000/", http_password: "a password", repo_password: "another one" };
  const made = await send<{ token: string }>("POST", "/api/enrollment-tokens", {
    host_name: name,
    includes: ["/srv"],
    backup_now: false,
    repo,
  });
  const token = `agent-token-${newId()}`;
  const machineId = newId();
  const { host_id: hostId } = await send<{ host_id: string }>("POST", "/api/agents/enroll", {
    token: made.token,
    agent_token_hash: createHash("sha256").update(token).digest("hex"),
    machine_id: machineId,
    hostname: name,
    os: "linux",
    arch: "x64",
    agent_version: "0.1.0",
    restic_version: "0.19.1",
    protocol_version: 1,
    timezone: "UTC",
    roaming_hint: false,
  });
  type Host = { source_groups: { id: string }[]; repos: { id: string }[] };
  const host = await send<Host>("GET", `/api/hosts/${hostId}`);
  return { token, hostId, machineId, groupId: host.source_groups[0]?.id ?? "", repoId: host.repos[0]?.id ?? "" };
}

const run = async ({ hostId, groupId }: Identity) =>
  (await send<{ job_ids: string[] }>("POST", `/api/hosts/${hostId}/source-groups/${groupId}/run`, {})).job_ids;
type Job = { status: string; waiting_for: string | null; error_code: string | null };
const job = (id: string) => send<Job>("GET", `/api/jobs/${id}`);
const tick = async (name: string) => await app.wired.ticks.find((one) => one.name === name)?.run();

async function connect(identity: Identity) {
  const socket = await app.connect("/ws/agent", { authorization: `Bearer ${identity.token}` });
  const received: ToAgent[] = [];
  let seq = 0;
  socket.onFrame = (frame) => {
    const parsed = parseToAgent(frame);
    if (parsed.ok) received.push(parsed.message);
  };
  const tell = (type: string, payload: unknown, isDurable = false) =>
    socket.send(JSON.stringify({ type, ts: app.clock.now(), ...(isDurable ? { seq: ++seq } : {}), payload }));
  tell("hello", helloOf(identity));
  const backups = () =>
    received.flatMap((one) => (one.type === "command.run" && one.payload.kind === "backup" ? [one.payload] : []));
  return { tell, backups, close: socket.close };
}

test("it says whom it waits for; asking again gives the one that waits; it is sent once when the host is back", async () => {
  const host = await newHost("web-01");
  const [id = ""] = await run(host);
  expect(await job(id)).toMatchObject({ status: "queued", waiting_for: "waiting for web-01 to come online" });
  expect(await run(host)).toEqual([id]);

  const agent = await connect(host);
  expect(agent.backups().map((order) => order.job_id)).toEqual([id]);
  const [order] = agent.backups();
  if (!order) throw new Error("nothing was ordered");
  agent.tell("job.queued", fieldsOf(order), true);
  await new Promise((resolve) => setImmediate(resolve));
  app.clock.move(MINUTE_MS);
  agent.tell("heartbeat", {
    running_job_ids: [],
    queued_jobs: 1,
    outbox_pending: 0,
    load: 0,
    uptime_s: 1,
    free_bytes_state: null,
  });
  await tick("dispatch");
  expect(agent.backups()).toHaveLength(1);
  agent.close();
});

test("after 72 hours it is given up, audited, and never sent", async () => {
  const host = await newHost("web-02");
  const [id = ""] = await run(host);
  app.clock.move(72 * HOUR_MS - MINUTE_MS);
  await tick("sweep");
  expect(await job(id)).toMatchObject({ status: "queued" });
  app.clock.move(2 * MINUTE_MS);
  await tick("sweep");
  expect(await job(id)).toMatchObject({ status: "failed", error_code: "expired", waiting_for: null });
  type Audit = { items: { target_id: string }[] };
  const { items } = await send<Audit>("GET", "/api/audit?action=job.expired");
  expect(items.map((row) => row.target_id)).toEqual([id]);
  const agent = await connect(host);
  expect(agent.backups()).toEqual([]);
  agent.close();
});

/** Jobs for an offline host: shown with the reason, one of each kind, sent once when the host is back, given up after 72 hours. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { parseToAgent, type ToAgent } from "../shared/protocol/to-agent.ts";
import { HOUR_MS, MINUTE_MS } from "../shared/time/clock.ts";
import { type Person, signInAs, startApp, type TestApp } from "./testbed/app.ts";
import { enrollHost, type Identity, jsonClient } from "./testbed/hosts.ts";
import { fieldsOf, helloOf } from "./testbed/simulated-agent.ts";
import { createCleanup } from "./testbed/temp.ts";

const cleanup = createCleanup();
let app: TestApp;
let admin: Person;

beforeAll(async () => {
  app = await startApp(cleanup);
  admin = await signInAs(app, "admin");
});
afterAll(cleanup.run);

const get = <T>(path: string) => jsonClient(app, admin).call<T>("GET", path);
const newHost = async (name: string) => (await enrollHost(app, admin, { name, backupNow: false })).identity;

const run = async ({ hostId, groupId }: Identity) =>
  (
    await jsonClient(app, admin).call<{ job_ids: string[] }>(
      "POST",
      `/api/hosts/${hostId}/source-groups/${groupId}/run`,
      {},
    )
  ).job_ids;
type Job = { status: string; waiting_for: string | null; error_code: string | null };
const job = (id: string) => get<Job>(`/api/jobs/${id}`);
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

test("it does not wait for a host that was archived, and is not red because of that", async () => {
  const host = await newHost("web-03");
  const [id = ""] = await run(host);
  await jsonClient(app, admin).call("DELETE", `/api/hosts/${host.hostId}`);
  await tick("sweep");
  expect(await job(id)).toMatchObject({ status: "cancelled", error_code: null, waiting_for: null });
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
  const { items } = await get<Audit>("/api/audit?action=job.expired");
  expect(items.map((row) => row.target_id)).toEqual([id]);
  const agent = await connect(host);
  expect(agent.backups()).toEqual([]);
  agent.close();
});

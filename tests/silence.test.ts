/** Agents that stop answering: after exactly 90 s they are offline and disconnected, and they come back when they answer again. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { HELLO_WITHIN_MS, SILENT_AGENT_MS } from "../shared/protocol/version.ts";
import { type Person, signInAs, startApp, type TestApp } from "./testbed/app.ts";
import { enrollHost, jsonClient, type TestHost } from "./testbed/hosts.ts";
import { connectInside } from "./testbed/inside-agent.ts";
import { createCleanup } from "./testbed/temp.ts";

const cleanup = createCleanup();
let app: TestApp;
let admin: Person;
beforeAll(async () => {
  app = await startApp(cleanup);
  admin = await signInAs(app, "admin");
});
afterAll(cleanup.run);

async function sweepAfter(ms: number): Promise<void> {
  app.clock.move(ms);
  await app.wired.ticks.find(({ name }) => name === "connections")?.run();
}

async function statusOf({ id }: TestHost): Promise<string> {
  return (await jsonClient(app, admin).call<{ status: string }>("GET", `/api/hosts/${id}`)).status;
}

test("a silent agent is offline after 90 s, and online again when it reconnects", async () => {
  const host = await enrollHost(app, admin, { backupNow: false });
  const status = () => statusOf(host);
  const agent = await connectInside(app, host.identity);
  const beat = { running_job_ids: [], queued_jobs: 0, outbox_pending: 0, load: 0, uptime_s: 1, free_bytes_state: null };
  await sweepAfter(SILENT_AGENT_MS - 1000);
  expect(await status()).not.toBe("offline");
  agent.tell("heartbeat", beat);
  await sweepAfter(SILENT_AGENT_MS - 1000);
  expect(await status()).not.toBe("offline");
  expect(agent.isClosed()).toBe(false);
  await sweepAfter(1001);
  expect(await status()).toBe("offline");
  expect(agent.isClosed()).toBe(true);
  // What was on its way when the connection was dropped changes nothing any more.
  agent.tell("heartbeat", beat);
  expect(await status()).toBe("offline");
  const again = await connectInside(app, host.identity);
  expect(await status()).not.toBe("offline");
  again.close();
});

test("a connection that never says hello is closed, and its host was never online", async () => {
  const host = await enrollHost(app, admin, { backupNow: false });
  const socket = await app.connect("/ws/agent", { authorization: `Bearer ${host.identity.token}` });
  await sweepAfter(HELLO_WITHIN_MS + 1);
  expect(socket.isClosed()).toBe(true);
  expect(await statusOf(host)).toBe("offline");
});

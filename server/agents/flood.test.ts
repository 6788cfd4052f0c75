/** A fleet that reconnects at once: every agent is welcomed, and no early message is lost. */
import { afterAll, expect, test } from "bun:test";
import { signInAs, startApp } from "../../tests/testbed/app.ts";
import { enrollHost } from "../../tests/testbed/hosts.ts";
import { connectInside } from "../../tests/testbed/inside-agent.ts";
import { createCleanup } from "../../tests/testbed/temp.ts";
import { until } from "../../tests/testbed/wait.ts";

const cleanup = createCleanup();
afterAll(cleanup.run);

const AGENTS = 25;
const heartbeat = {
  running_job_ids: [],
  queued_jobs: 0,
  outbox_pending: 0,
  load: 0,
  uptime_s: 1,
  free_bytes_state: null,
};

test("all agents are welcomed, and messages sent right after hello are handled", async () => {
  const app = await startApp(cleanup);
  const admin = await signInAs(app, "admin");
  const hosts = [];
  for (let n = 0; n < AGENTS; n++) hosts.push(await enrollHost(app, admin));
  const agents = await Promise.all(
    hosts.map(async ({ identity }, at) => {
      const agent = await connectInside(app, identity);
      if (at % 2 === 0) agent.tell("heartbeat", heartbeat);
      return agent;
    }),
  );
  await until(() => agents.every(({ received }) => received.some(({ type }) => type === "welcome")), {
    what: "everybody's welcome",
  });
  for (const [at, { received }] of agents.entries()) {
    expect(received.filter(({ type }) => type === "welcome")).toHaveLength(1);
    expect(received.some(({ type }) => type === "heartbeat.ack")).toBe(at % 2 === 0);
  }
}, 60_000);

/** Connecting, staying connected and reconnecting: a real agent, a real socket, and a peer that misbehaves on purpose. */
import { afterEach, expect, test } from "bun:test";
import { newId } from "../../shared/ids.ts";
import { CLOSE } from "../../shared/protocol/version.ts";
import { quietPort } from "../../tests/testbed/ports.ts";
import { createCleanup } from "../../tests/testbed/temp.ts";
import { until } from "../../tests/testbed/wait.ts";
import { certificate } from "../testing/certificate.ts";
import { type FakeServerOptions, startFakeServer } from "../testing/fake-server.ts";
import { agentFixture, order } from "../testing/fixture.ts";
import type { Timings } from "../timings.ts";
import type { TrustSettings } from "./trust.ts";

const cleanup = createCleanup();
afterEach(() => cleanup.run());

function server(options: FakeServerOptions = {}) {
  const started = startFakeServer(options);
  cleanup.add(() => started.stop());
  return started;
}

async function agentFor(url: string, { trust, timings }: { trust?: TrustSettings; timings?: Partial<Timings> } = {}) {
  const fixture = agentFixture(await cleanup.tempFolder(), url, null, trust ? { trust } : {});
  const agent = await fixture.start(timings);
  cleanup.add(() => agent.stop());
  return { agent, ...fixture };
}

test("says hello with its token, is welcomed, and beats", async () => {
  const peer = server();
  const { agent, config } = await agentFor(peer.url);
  await until(() => peer.list("heartbeat").length >= 3, { what: "three heartbeats" });
  expect(peer.tokens[0]).toBe(`Bearer ${config.agent_token}`);
  expect(peer.heard[0]).toMatchObject({
    type: "hello",
    payload: { protocol_version: 1, outbox_last_seq: 0, open_jobs: [] },
  });
  expect(agent.connection.state()).toBe("connected");
  expect(agent.connection.problem()).toBeNull();
  expect(peer.garbled).toEqual([]);
});

test("a cut connection is opened again", async () => {
  const peer = server();
  await agentFor(peer.url);
  for (let round = 1; round <= 3; round++) {
    await until(() => peer.list("heartbeat").length > 0 && peer.connected(), { what: "a connection" });
    peer.cut();
    await until(() => peer.connections() > round, { what: "the next connection" });
  }
});

test("a server that falls silent is noticed and left", async () => {
  const peer = server();
  const { lines } = await agentFor(peer.url, { timings: { heartbeatAnswerMs: 400 } });
  await peer.wait("heartbeat");
  peer.behaviour.answerHeartbeats = false;
  await until(() => peer.connections() > 1, { what: "a second connection" });
  expect(lines.join("\n")).toContain("does not answer heartbeats");
});

test("a server that never welcomes is left too", async () => {
  const peer = server();
  peer.behaviour.welcome = false;
  await agentFor(peer.url, { timings: { welcomeMs: 500 } });
  await until(() => peer.connections() > 1, { what: "a second connection" });
});

test("a server that is not there yet is found when it comes", async () => {
  const port = await quietPort();
  const { agent } = await agentFor(`http://127.0.0.1:${port}`);
  await until(() => agent.connection.state() === "waiting", { what: "the first try" });
  expect(agent.connection.problem()).toContain("Cannot reach the server");
  const late = server({ port });
  await late.wait("hello");
});

test.each([
  ["revoked", CLOSE.unauthorised, "revoked this host"],
  ["unknown_token", CLOSE.unauthorised, "does not recognise this agent's token"],
  ["protocol_too_old", CLOSE.protocol, "no longer supports this agent version"],
  [null, CLOSE.cloned, "belongs to another machine"],
  [null, CLOSE.replaced, "Another agent with this identity"],
] as const)("refused with %s (%d): says why, waits, tries again", async (error, code, sentence) => {
  const peer = server();
  peer.behaviour.refuse = { error, code };
  const waitMs = 300;
  const timings = { refusedMs: waitMs, replacedMs: [waitMs, 2 * waitMs] as [number, number] };
  const { agent } = await agentFor(peer.url, { timings });
  await until(() => agent.connection.state() === "waiting" && agent.connection.problem()?.includes(sentence), {
    what: sentence,
  });
  peer.behaviour.refuse = null;
  await peer.wait("heartbeat");
  // Timers count whole milliseconds.
  for (const [n, at] of peer.openedAt.slice(1).entries())
    expect(at - Number(peer.openedAt[n])).toBeGreaterThan(waitMs - 2);
});

test("unknown types are ignored, garbled frames are answered, unknown kinds of order are refused", async () => {
  const peer = server();
  await agentFor(peer.url);
  await peer.wait("heartbeat");
  peer.sendRaw(JSON.stringify({ type: "news.of.tomorrow", ts: 1, payload: {} }));
  peer.sendRaw("{");
  const error = await peer.wait("error");
  expect(error.payload.code).toBe("bad_message");
  const strange = { ...order("unlock", newId(), {}), kind: "verify" };
  peer.sendRaw(JSON.stringify({ type: "command.run", ts: 1, payload: strange }));
  const end = await peer.wait("job.finished", (one) => one.payload.job_id === strange.job_id);
  expect(end.payload).toMatchObject({ status: "failed", error_code: "refused_by_host", kind: "verify" });
  expect(peer.connections()).toBe(1);
});

test("a pinned key: that key is accepted with any certificate, another key never sees the token", async () => {
  const folder = await cleanup.tempFolder();
  const own = await certificate(folder, "own");
  const renewed = await certificate(folder, "renewed", own.keyFile);
  const foreign = await certificate(folder, "foreign");
  expect(renewed.pin).toBe(own.pin);
  const trust = { pin: own.pin, ca_file: null, insecure: false };

  const first = startFakeServer({ tls: own, port: await quietPort() });
  const { agent } = await agentFor(first.url, { trust });
  await first.wait("heartbeat");
  await first.stop();

  const wrong = startFakeServer({ tls: foreign, port: first.port });
  await until(() => agent.connection.problem()?.includes(`the server's key is ${foreign.pin}`), {
    what: "the refusal",
  });
  expect(agent.connection.problem()).toContain(own.pin);
  expect(wrong.requests).toEqual([]);
  await wrong.stop();

  const again = server({ tls: renewed, port: first.port });
  await again.wait("heartbeat");
});

test("a CA file is trusted; without it the same server is not", async () => {
  const folder = await cleanup.tempFolder();
  const own = await certificate(folder, "own");
  const peer = server({ tls: own });
  const stranger = await agentFor(peer.url, { trust: { pin: null, ca_file: null, insecure: false } });
  await until(() => stranger.agent.connection.problem()?.match(/self.signed/i), { what: "the refusal" });
  expect(peer.requests).toEqual([]);
  await agentFor(peer.url, { trust: { pin: null, ca_file: own.certFile, insecure: false } });
  await peer.wait("heartbeat");
});

test("a server restored from a copy hears again how jobs ended", async () => {
  const peer = server();
  await agentFor(peer.url);
  await peer.wait("heartbeat");
  const command = order("unlock", newId(), {});
  peer.send("command.run", command);
  const fits = (one: { payload: { job_id: string } }) => one.payload.job_id === command.job_id;
  await peer.wait("job.finished", fits);
  peer.behaviour.stateId = newId();
  peer.cut();
  await until(() => peer.list("job.finished").filter(fits).length === 2, { what: "the end told again" });
  const beats = peer.list("heartbeat").length;
  const isTaken = () =>
    peer.list("heartbeat").findIndex((one, n) => n >= beats && one.payload.outbox_pending === 0) > 0;
  await until(isTaken, { what: "an empty outbox" });
  peer.cut();
  await until(() => peer.connections() === 3, { what: "a third connection" });
  expect(peer.list("job.finished").filter(fits)).toHaveLength(2);
});

/** A new credential takes over only after it has itself opened the repository, whatever else is saved during the trial. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { findCredential, findRepo, updateRepo } from "../db/queries/repos.ts";
import { HOUR_MS, MINUTE_MS } from "../shared/time/clock.ts";
import { type Person, signInAs, startApp, type TestApp } from "./testbed/app.ts";
import { enrollHost, jsonClient, type TestHost } from "./testbed/hosts.ts";
import { connectInside, type InsideAgent, type Order } from "./testbed/inside-agent.ts";
import { createCleanup } from "./testbed/temp.ts";

const cleanup = createCleanup();
let app: TestApp;
let admin: Person;
beforeAll(async () => {
  app = await startApp(cleanup);
  admin = await signInAs(app, "admin");
});
afterAll(cleanup.run);

const RESTIC_ID = "a".repeat(64);
const tick = async (name: string) => await app.wired.ticks.find((one) => one.name === name)?.run();
const save = async (host: TestHost, body: Record<string, unknown>) =>
  await jsonClient(app, admin).ask("PUT", `/api/repos/${host.rid}/credentials/everyday`, body);
type Known = { on_trial: boolean; trial_error: string | null; rotated_at: string; url: string };
const known = (host: TestHost) =>
  jsonClient(app, admin).call<Known>("GET", `/api/repos/${host.rid}/credentials/everyday`);

/** A host whose repo was opened with the credential of its enrolment. */
async function readyHost(name: string): Promise<{ host: TestHost; agent: InsideAgent }> {
  const host = await enrollHost(app, admin, { name, backupNow: false });
  updateRepo(app.db, host.rid, { status: "ready", resticId: RESTIC_ID, statusAt: app.clock.now() });
  return { host, agent: await connectInside(app, host.identity) };
}
const trials = (agent: InsideAgent) =>
  agent.orders("probe").filter((order) => order.kind === "probe" && order.args.trial);
const triedOf = (order: Order | undefined) => order?.credential?.http_password;
const inUse = (agent: InsideAgent) => agent.states().at(-1)?.repos[0];
const opens = { stats: { restic_id: RESTIC_ID } };
const refuses = { status: "failed", error_code: "unauthorised", error_message: "Refused.", exit_code: 1 } as const;

test("a trial proves what it tried and nothing that was saved after it", async () => {
  const { host, agent } = await readyHost("trial-01");
  await save(host, { http_password: "B, which is right" });
  const [first] = trials(agent);
  expect(triedOf(first)).toBe("B, which is right");
  agent.accept(first as Order);
  await agent.stored();

  await save(host, { http_password: "C, a typo" });
  agent.end(first as Order, opens);
  await agent.stored();
  expect(inUse(agent)?.http_password).toBe("an http password");
  expect(await known(host)).toMatchObject({ on_trial: true, trial_error: null });

  const second = trials(agent).at(-1) as Order;
  expect(second.job_id).not.toBe((first as Order).job_id);
  expect(triedOf(second)).toBe("C, a typo");
  agent.end(second, refuses);
  await agent.stored();
  expect(await known(host)).toMatchObject({ on_trial: true, trial_error: "Refused." });
  expect(inUse(agent)?.http_password).toBe("an http password");
  agent.close();
});

test("a trial that fails says nothing of what was saved after it", async () => {
  const { host, agent } = await readyHost("trial-02");
  await save(host, { http_password: "B, a typo" });
  const [first] = trials(agent);
  await save(host, { http_password: "C, which is right" });
  agent.end(first as Order, refuses);
  await agent.stored();
  expect(await known(host)).toMatchObject({ on_trial: true, trial_error: null });
  const second = trials(agent).at(-1) as Order;
  agent.end(second, opens);
  await agent.stored();
  expect(await known(host)).toMatchObject({ on_trial: false, trial_error: null });
  expect(inUse(agent)?.http_password).toBe("C, which is right");
  agent.close();
});

test("one that waits for its host is never sent with another credential than it was made for", async () => {
  const { host, agent } = await readyHost("trial-03");
  agent.close();
  await save(host, { http_password: "B" });
  await tick("readiness");
  await save(host, { http_password: "C" });
  const again = await connectInside(app, host.identity);
  await again.stored();
  expect(trials(again).map(triedOf)).toEqual(["C"]);
  again.close();
});

test("an order that the agent did not take is not sent again with what was saved since", async () => {
  const { host, agent } = await readyHost("trial-04");
  await save(host, { http_password: "B" });
  const [first] = trials(agent);
  agent.tell("error", { code: "busy", message: "busy" });
  await save(host, { http_password: "C" });
  app.clock.move(MINUTE_MS);
  agent.tell("heartbeat", {
    running_job_ids: [],
    queued_jobs: 0,
    outbox_pending: 0,
    load: 0,
    uptime_s: 1,
    free_bytes_state: null,
  });
  await tick("dispatch");
  const sent = trials(agent).map((order) => [order.job_id === first?.job_id ? "first" : "second", triedOf(order)]);
  expect(new Set(sent.map((one) => one.join(" ")))).toEqual(new Set(["first B", "second C"]));
  agent.close();
});

test("two changes within a millisecond have two times", async () => {
  const { host, agent } = await readyHost("trial-05");
  const still = await startApp(cleanup, "warn", { now: () => 1_700_000_000_000 });
  const person = await signInAs(still, "admin");
  const other = await enrollHost(still, person, { backupNow: false });
  updateRepo(still.db, other.rid, { status: "ready", resticId: RESTIC_ID });
  const times = [findCredential(still.db, other.rid, "everyday")?.rotatedAt];
  for (const http_password of ["B", "C"]) {
    await jsonClient(still, person).call("PUT", `/api/repos/${other.rid}/credentials/everyday`, { http_password });
    times.push(findCredential(still.db, other.rid, "everyday")?.rotatedAt);
  }
  expect(new Set(times).size).toBe(3);
  agent.close();
  expect(host.id).not.toBe(other.id);
});

test("a trial that found no repository proves nothing", async () => {
  const { host, agent } = await readyHost("trial-06");
  await save(host, { url: "rest:http://elsewhere:8000/x/" });
  agent.end(trials(agent)[0] as Order, { stats: { is_missing: true } });
  await agent.stored();
  const { on_trial, trial_error } = await known(host);
  expect(on_trial).toBe(true);
  expect(trial_error).toContain("no repository");
  agent.close();
});

test("a repository that cannot be opened now keeps the credential that opened it, its password above all", async () => {
  const { host, agent } = await readyHost("trial-07");
  updateRepo(app.db, host.rid, { status: "failed", statusCode: "repo_unreachable", failedSince: app.clock.now() });
  expect((await save(host, { repo_password: "a typo" })).status).toBeLessThan(300);
  expect(inUse(agent)?.repo_password).toBe("a repo password");
  agent.end(trials(agent)[0] as Order, { ...refuses, error_code: "wrong_password" });
  await agent.stored();
  expect((await known(host)).trial_error).toBe("Refused.");

  await save(host, { repo_password: "the right one" });
  agent.end(trials(agent).at(-1) as Order, opens);
  await agent.stored();
  expect(inUse(agent)?.repo_password).toBe("the right one");
  // It opened: the repo is looked at at once.
  expect(agent.orders("probe").at(-1)).toMatchObject({ args: { trial: false, restic_id: RESTIC_ID } });
  agent.close();
});

test("a trial that could not be made is made again by itself", async () => {
  const { host, agent } = await readyHost("trial-08");
  await save(host, { http_password: "B" });
  agent.end(trials(agent)[0] as Order, { ...refuses, error_code: "repo_unreachable", error_message: "No answer." });
  await agent.stored();
  expect(await known(host)).toMatchObject({ on_trial: true, trial_error: "No answer." });
  await tick("readiness");
  expect(trials(agent)).toHaveLength(1);
  agent.close();
  app.clock.move(6 * MINUTE_MS);
  const again = await connectInside(app, host.identity);
  await again.stored();
  expect(trials(again)).toHaveLength(1);
  again.end(trials(again)[0] as Order, opens);
  await again.stored();
  expect(await known(host)).toMatchObject({ on_trial: false, trial_error: null });
  again.close();
});

test("what was told of a credential that has been replaced does not count for the new one", async () => {
  const host = await enrollHost(app, admin, { name: "trial-09", backupNow: false });
  const agent = await connectInside(app, host.identity);
  const [probe] = agent.orders("probe");
  app.clock.move(1000);
  await save(host, { http_password: "C, a typo" });
  const report = {
    repo_id: host.rid,
    status: "ready",
    status_code: null,
    status_message: null,
    restic_id: RESTIC_ID,
    format_version: 2,
    append_only: "unknown",
    checked_at: app.clock.now(),
    locks: null,
  } as const;
  agent.tell("repo.status", report);
  agent.end(probe as Order, opens);
  await agent.stored();
  expect(findRepo(app.db, host.rid)?.status).toBe("unknown");
  app.clock.move(1000);
  const later = agent.orders("probe").at(-1) as Order;
  expect(later.job_id).not.toBe((probe as Order).job_id);
  agent.tell("repo.status", { ...report, checked_at: app.clock.now() });
  await agent.stored();
  expect(findRepo(app.db, host.rid)?.status).toBe("ready");
  agent.close();
});

test("after six hours of trouble it is still tried, ever rarer", async () => {
  const { host, agent } = await readyHost("trial-10");
  await save(host, { http_password: "B" });
  agent.close();
  app.clock.move(5 * HOUR_MS);
  const late = await connectInside(app, host.identity);
  late.end(trials(late)[0] as Order, { ...refuses, error_code: "repo_unreachable" });
  await late.stored();
  late.close();
  app.clock.move(HOUR_MS);
  const soon = await connectInside(app, host.identity);
  await soon.stored();
  expect(trials(soon)).toHaveLength(0);
  soon.close();
  app.clock.move(5 * HOUR_MS);
  const then = await connectInside(app, host.identity);
  await then.stored();
  expect(trials(then)).toHaveLength(1);
  then.close();
});

describe("a job that could not open the repository makes it be looked at", () => {
  const run = (host: TestHost) =>
    jsonClient(app, admin).call("POST", `/api/hosts/${host.id}/source-groups/${host.gid}/run`, {});
  const probes = (agent: InsideAgent) => agent.orders("probe");

  test.each(["wrong_password", "unauthorised", "repo_missing", "wrong_repo"] as const)("%s", async (error_code) => {
    const { host, agent } = await readyHost(`look-${error_code.replace("_", "-")}`);
    await run(host);
    agent.end(agent.orders("backup")[0] as Order, { ...refuses, error_code });
    await agent.stored();
    expect(probes(agent)).toMatchObject([{ args: { trial: false, restic_id: RESTIC_ID, wait_ms: 0 } }]);
    agent.close();
  });

  test("one by another host, with the credential that was lent to it, too", async () => {
    const { host, agent } = await readyHost("look-owner");
    const { host: keeper, agent: keeperAgent } = await readyHost("look-keeper");
    const { call } = jsonClient(app, admin);
    await call("PUT", `/api/repos/${host.rid}/maintenance`, { maintenance_host_id: keeper.id });
    await call("POST", `/api/repos/${host.rid}/check`, {});
    const [check] = keeperAgent.orders("check");
    keeperAgent.end(check as Order, { ...refuses, error_code: "wrong_password" });
    await keeperAgent.stored();
    expect(probes(agent)).toHaveLength(1);
    expect(probes(keeperAgent)).toHaveLength(0);
    agent.close();
    keeperAgent.close();
  });

  test("what speaks of files, of the network or of the admin credential alone does not", async () => {
    const { host, agent } = await readyHost("look-not");
    const { call } = jsonClient(app, admin);
    await run(host);
    agent.end(agent.orders("backup")[0] as Order, { ...refuses, error_code: "repo_unreachable" });
    await agent.stored();
    await call("PUT", `/api/repos/${host.rid}/credentials/admin`, { repo_password: "its own key" });
    await call("POST", `/api/repos/${host.rid}/prune`, {});
    agent.end(agent.orders("prune")[0] as Order, { ...refuses, error_code: "wrong_password" });
    await agent.stored();
    expect(probes(agent)).toHaveLength(0);
    agent.close();
  });
});

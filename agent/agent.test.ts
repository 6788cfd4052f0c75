/** The whole agent with real restic in both versions and a real append-only REST server; only the server is faked. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { newId } from "../shared/ids.ts";
import type { Credential } from "../shared/protocol/fields.ts";
import { copyRepoTemplate, TEMPLATE_PASSWORD } from "../tests/testbed/repo-template.ts";
import { type RestServer, startRestServer } from "../tests/testbed/rest-server.ts";
import { createCleanup } from "../tests/testbed/temp.ts";
import { ensureTools } from "../tests/testbed/tools.ts";
import { type FakeServer, startFakeServer } from "./testing/fake-server.ts";
import { agentFixture, desiredState, order } from "./testing/fixture.ts";

const cleanup = createCleanup();
afterAll(() => cleanup.run(), 60_000);

let tools: Record<"restic-0.14" | "restic-0.18" | "restic-0.19" | "rest-server", string>;
let repoServer: RestServer;
let repoRoot: string;
beforeAll(async () => {
  tools = await ensureTools(["restic-0.14", "restic-0.18", "restic-0.19", "rest-server"]);
  repoRoot = await cleanup.tempFolder();
  repoServer = await startRestServer({ root: repoRoot, appendOnly: true });
  cleanup.add(() => repoServer.close());
}, 180_000);

/** A user of the repo server with a repository address of its own, at which a repository lies already if `made`. */
async function newCredential(made: boolean): Promise<Credential> {
  const user = `u${newId().slice(-8)}`;
  if (made) await copyRepoTemplate(join(repoRoot, user, "web-01"));
  await repoServer.addUser(user, "http secret of this user");
  return {
    url: repoServer.url(user, "web-01"),
    http_username: user,
    http_password: "http secret of this user",
    repo_password: made ? TEMPLATE_PASSWORD : "restic secret of this repo",
    env: {},
  };
}

async function setUp(restic: string, made = true) {
  const folder = await cleanup.tempFolder();
  const source = join(folder, "source");
  mkdirSync(source);
  writeFileSync(join(source, "a.txt"), "a".repeat(1000));
  writeFileSync(join(source, "b.txt"), "b".repeat(2000));
  const server = startFakeServer();
  cleanup.add(() => server.stop());
  const fixture = agentFixture(folder, server.url, restic);
  const agent = await fixture.start();
  cleanup.add(() => agent.stop());
  await server.wait("hello");
  const repoId = newId();
  const credential = await newCredential(made);
  const state = desiredState({ repoId, credential, group: { includes: [source] } });
  server.send("state.set", state);
  await server.wait("state.ack");
  return { folder, source, server, fixture, agent, repoId, credential, state, groupId: state.source_groups[0]!.id };
}

async function done(server: FakeServer, command: ReturnType<typeof order>) {
  server.send("command.run", command);
  return (await server.wait("job.finished", (one) => one.payload.job_id === command.job_id)).payload;
}

function logOf(server: FakeServer, jobId: string): string[] {
  return server
    .list("log.stream")
    .filter((one) => one.payload.job_id === jobId)
    .flatMap((one) => one.payload.lines.map((line) => `${line.stream}: ${line.payload}`));
}

describe.each(["restic-0.18", "restic-0.19"] as const)("with %s", (version) => {
  test("a repo is missing, is made, is found append-only, and takes a backup", async () => {
    const { server, repoId, groupId, fixture } = await setUp(tools[version], false);

    const missing = await done(server, order("probe", repoId, { restic_id: null, wait_ms: 0, trial: false }));
    expect(missing).toMatchObject({ status: "succeeded", stats: { is_missing: true }, exit_code: 10 });
    const failed = await server.wait("repo.status");
    expect(failed.payload).toMatchObject({ status: "failed", status_code: "repo_missing" });

    const made = await done(server, order("init", repoId, {}));
    expect(made).toMatchObject({ status: "succeeded", error_code: null });
    const ready = await server.wait("repo.status", (one) => one.payload.status === "ready");
    expect(ready.payload).toMatchObject({ append_only: "proven", format_version: 2, locks: [] });
    await server.wait("snapshots.report", (one) => one.payload.snapshots.length === 0);
    await server.wait("repo.stats");

    const backup = order("backup", repoId, { source_group_id: groupId, state_version: 1, bandwidth: null });
    const saved = await done(server, backup);
    expect(saved).toMatchObject({ status: "succeeded", warnings: 0, exit_code: 0 });
    expect(saved.stats).toMatchObject({ files_new: 2, total_bytes_processed: 3000, unreadable_paths: [] });
    const added = await server.wait("snapshots.added", (one) => one.payload.snapshots[0]?.username !== undefined);
    expect(added.payload.snapshots[0]).toMatchObject({
      snapshot_id: String(saved.stats?.snapshot_id),
      hostname: "web-01",
      tags: ["documents"],
      size_bytes: 3000,
      file_count: 2,
    });
    await server.wait("repo.stats", (one) => one.payload.snapshot_count === 1);

    const wrong = await done(server, order("probe", repoId, { restic_id: "f".repeat(64), wait_ms: 0, trial: false }));
    expect(wrong).toMatchObject({ status: "failed", error_code: "wrong_repo" });

    const types = server.heard
      .filter((one) => "job_id" in one.payload && one.payload.job_id === backup.job_id)
      .map((one) => one.type);
    expect(types.filter((type) => !["job.progress", "log.stream"].includes(type))).toEqual([
      "job.queued",
      "job.started",
      "job.finished",
    ]);
    expect(types).toContain("job.progress");
    const log = logOf(server, backup.job_id).join("\n");
    expect(log).toContain("event: restic backup --json --tag documents --host web-01");
    expect(log).toMatch(/event: Snapshot [0-9a-f]{8} saved: 2 files \(2 new, 0 changed\)/);
    expect(log).toEndWith("event: Done");
    expect(server.garbled).toEqual([]);
    const everything = JSON.stringify(server.heard) + fixture.lines.join("\n");
    expect(everything).not.toContain("http secret");
    expect(everything).not.toContain("restic secret");
  }, 60_000);

  test("a wrong password, an unknown user and an unreachable server are distinguished", async () => {
    const { server, repoId, groupId, credential, state } = await setUp(tools[version]);
    const probe = () => order("probe", repoId, { restic_id: null, wait_ms: 0, trial: false });
    const trial = (change: Partial<Credential>) =>
      order(
        "probe",
        repoId,
        { restic_id: null, wait_ms: 0, trial: true },
        { credential: { ...credential, ...change } },
      );
    expect(await done(server, trial({ repo_password: "not this one" }))).toMatchObject({
      status: "failed",
      error_code: "wrong_password",
      exit_code: 12,
    });
    expect(await done(server, trial({ http_password: "not this one" }))).toMatchObject({ error_code: "unauthorised" });
    expect(await done(server, trial({ url: "rest:http://127.0.0.1:1/x/" }))).toMatchObject({
      error_code: "repo_unreachable",
    });
    const good = await done(server, trial({}));
    expect(good).toMatchObject({ status: "succeeded", stats: { append_only: "proven", format_version: 2 } });
    expect(server.list("repo.status")).toEqual([]);

    const moved = { ...state.repos[0]!, url: "rest:http://127.0.0.1:1/x/" };
    server.send("state.set", { ...state, state_version: 2, digest: "digest-2", repos: [moved] });
    await server.wait("state.ack", (one) => one.payload.state_version === 2);
    expect(await done(server, probe())).toMatchObject({ error_code: "repo_unreachable" });
    const backup = order("backup", repoId, { source_group_id: groupId, state_version: 2, bandwidth: null });
    expect(await done(server, backup)).toMatchObject({ status: "failed", error_code: "repo_unreachable" });
  }, 60_000);

  test("files that cannot be read and sources that are missing are warnings, with both versions alike", async () => {
    const { server, repoId, groupId, source, state } = await setUp(tools[version]);
    const missing = join(source, "not-here");
    const group = { ...state.source_groups[0]!, includes: [source, missing] };
    server.send("state.set", { ...state, state_version: 2, digest: "digest-2", source_groups: [group] });
    await server.wait("state.ack", (one) => one.payload.state_version === 2);
    const run = () => order("backup", repoId, { source_group_id: groupId, state_version: 2, bandwidth: null });
    const partly = await done(server, run());
    expect(partly).toMatchObject({ status: "succeeded", warnings: 1, stats: { unreadable_paths: [] } });
    expect(partly.warning_causes).toEqual([{ code: "path_missing", count: 1, paths: [missing] }]);

    rmSync(source, { recursive: true });
    const none = await done(server, run());
    expect(none).toMatchObject({ status: "failed", error_code: "no_paths" });
  }, 60_000);

  test("a cancelled backup ends within moments, and the next one succeeds", async () => {
    const { server, repoId, groupId, source } = await setUp(tools[version]);
    writeFileSync(join(source, "big"), new Uint8Array(crypto.getRandomValues(new Uint8Array(60_000)).buffer));
    for (let i = 0; i < 200; i++)
      writeFileSync(join(source, `big-${i}`), crypto.getRandomValues(new Uint8Array(60_000)));
    const slow = order("backup", repoId, {
      source_group_id: groupId,
      state_version: 1,
      bandwidth: { up_kbps: 200, down_kbps: null },
    });
    server.send("command.run", slow);
    await server.wait("log.stream", (one) =>
      one.payload.lines.some((line) => line.payload.startsWith("restic backup")),
    );
    await Bun.sleep(300);
    const askedAt = performance.now();
    server.send("command.cancel", { job_id: slow.job_id });
    const end = await server.wait("job.finished", (one) => one.payload.job_id === slow.job_id);
    expect(end.payload).toMatchObject({ status: "cancelled", error_code: null });
    // At 200 KiB/s it would have gone on for a minute.
    expect(performance.now() - askedAt).toBeLessThan(15_000);
    const again = order("backup", repoId, { source_group_id: groupId, state_version: 1, bandwidth: null });
    expect(await done(server, again)).toMatchObject({ status: "succeeded", warnings: 0 });
  }, 60_000);

  test("snapshots, stats, unlock and a directory listing", async () => {
    const { server, repoId, groupId, source } = await setUp(tools[version]);
    const backup = order("backup", repoId, { source_group_id: groupId, state_version: 1, bandwidth: null });
    const { stats } = await done(server, backup);
    expect(await done(server, order("snapshots", repoId, {}))).toMatchObject({ stats: { snapshot_count: 1 } });
    const report = await server.wait("snapshots.report", (one) => one.payload.snapshots.length === 1);
    expect(report.payload).toMatchObject({ part: 1, parts: 1 });
    expect(await done(server, order("stats", repoId, {}))).toMatchObject({ status: "succeeded" });
    const measured = await server.wait("repo.stats", (one) => one.payload.snapshot_count === 1);
    expect(measured.payload).toMatchObject({ restore_size_bytes: 3000, file_count: 2 });
    expect(await done(server, order("unlock", repoId, {}))).toMatchObject({
      status: "succeeded",
      stats: { locks_left: 0 },
    });

    const list = async (path: string, offset = 0, limit = 10) => {
      const id = newId();
      server.send("tree.list", { repo_id: repoId, snapshot_id: String(stats?.snapshot_id), path, offset, limit }, id);
      return (await server.wait("tree.list.result", (one) => one.id === id)).payload;
    };
    const page = await list(source);
    expect(page).toMatchObject({ total: 2, error: null });
    expect(page.entries.map((entry) => [entry.name, entry.type, entry.size])).toEqual([
      ["a.txt", "file", 1000],
      ["b.txt", "file", 2000],
    ]);
    expect(await list(source, 1, 1)).toMatchObject({ total: 2, entries: [{ name: "b.txt" }] });
    expect((await list("/not/there")).error).toMatchObject({ code: "no_paths" });
    expect((await list("/")).entries).toHaveLength(1);
  }, 60_000);
});

test("a probe waits for the repo server to know the user, without holding up other jobs", async () => {
  const { server, repoId, state } = await setUp(tools["restic-0.18"]);
  const late = `late${newId().slice(-8)}`;
  const credential = { ...state.repos[0]!, http_username: late, url: repoServer.url(late, "x") };
  server.send("state.set", { ...state, state_version: 2, digest: "digest-2", repos: [credential] });
  await server.wait("state.ack", (one) => one.payload.state_version === 2);
  const waiting = order("probe", repoId, { restic_id: null, wait_ms: 60_000, trial: false });
  server.send("command.run", waiting);
  const status = await server.wait("repo.status", (one) => one.payload.status === "waiting");
  expect(status.payload.status_code).toBe("unauthorised");
  expect(await done(server, order("unlock", repoId, {}))).toMatchObject({ error_code: "unauthorised" });
  await repoServer.addUser(late, "http secret of this user");
  const end = await server.wait("job.finished", (one) => one.payload.job_id === waiting.job_id);
  expect(end.payload).toMatchObject({ status: "succeeded", stats: { is_missing: true } });
  expect(server.list("job.started").filter((one) => one.payload.job_id === waiting.job_id)).toHaveLength(1);
}, 60_000);

test("restic 0.14 is refused with what to do", async () => {
  const { server, repoId } = await setUp(tools["restic-0.14"]);
  expect(server.find("hello")?.payload.restic_version).toBeNull();
  const end = await done(server, order("probe", repoId, { restic_id: null, wait_ms: 0, trial: false }));
  expect(end.error_code).toBe("restic_too_old");
  expect(end.error_message).toContain("0.14.0");
});

test("a repository in a local folder", async () => {
  const folder = await cleanup.tempFolder();
  const { server, repoId, state, groupId } = await setUp(tools["restic-0.19"]);
  const repo = { ...state.repos[0]!, url: join(folder, "repo"), http_username: null, http_password: null };
  server.send("state.set", { ...state, state_version: 2, digest: "digest-2", repos: [repo] });
  await server.wait("state.ack", (one) => one.payload.state_version === 2);
  expect(await done(server, order("init", repoId, {}))).toMatchObject({ status: "succeeded" });
  expect(server.find("repo.status")?.payload.append_only).toBe("not_applicable");
  const backup = order("backup", repoId, { source_group_id: groupId, state_version: 2, bandwidth: null });
  expect(await done(server, backup)).toMatchObject({ status: "succeeded" });
}, 60_000);

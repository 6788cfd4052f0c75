/** forget, prune, check and unlock with real restic in both versions, an append-only rest-server and one that deletes. */

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { newId } from "../../shared/ids.ts";
import type { Credential } from "../../shared/protocol/fields.ts";
import { runCommand } from "../../tests/testbed/command.ts";
import { holdLock } from "../../tests/testbed/held-lock.ts";
import { copyRepoTemplate, TEMPLATE_PASSWORD } from "../../tests/testbed/repo-template.ts";
import { type RestServer, startRestServer } from "../../tests/testbed/rest-server.ts";
import { createCleanup } from "../../tests/testbed/temp.ts";
import { ensureTools } from "../../tests/testbed/tools.ts";
import { startFakeServer } from "../testing/fake-server.ts";
import { agentFixture, desiredState, order } from "../testing/fixture.ts";

const cleanup = createCleanup();
afterAll(() => cleanup.run(), 60_000);

const ADMIN_SECRET = "admin marker w0rd 4f2c";
let tools: Record<"restic-0.18" | "restic-0.19" | "rest-server", string>;
let root: string;
let everyday: RestServer;
let deleting: RestServer;
beforeAll(async () => {
  tools = await ensureTools(["restic-0.18", "restic-0.19", "rest-server"]);
  root = await cleanup.tempFolder();
  everyday = await startRestServer({ root, appendOnly: true });
  deleting = await startRestServer({ root, appendOnly: false });
  cleanup.add(async () => {
    await everyday.close();
    await deleting.close();
  });
}, 180_000);

/** A repository with an agent that holds its everyday credential; `save` makes snapshots as restic would. */
async function scene(restic: string) {
  const folder = await cleanup.tempFolder();
  const user = `u${newId().slice(-8)}`;
  const path = join(root, user, "r");
  const copy = await copyRepoTemplate(path);
  await everyday.addUser(user, ADMIN_SECRET);
  const base = { http_username: user, http_password: ADMIN_SECRET, repo_password: TEMPLATE_PASSWORD, env: {} };
  const credential: Credential = { ...base, url: everyday.url(user, "r") };
  const admin: Credential = { ...base, url: deleting.url(user, "r") };
  const server = startFakeServer();
  cleanup.add(() => server.stop());
  const fixture = agentFixture(folder, server.url, restic);
  const agent = await fixture.start();
  cleanup.add(() => agent.stop());
  await server.wait("hello");
  const repoId = newId();
  server.send("state.set", desiredState({ repoId, credential }));
  await server.wait("state.ack");
  const source = join(folder, "source");
  mkdirSync(source);
  const cli = (...args: string[]) => runCommand([restic, "--repo", path, "--no-cache", ...args], { env: copy.env });
  return {
    folder,
    path,
    repoId,
    resticId: copy.resticId,
    credential,
    admin,
    server,
    fixture,
    cli,
    async save(host: string, tag: string, time: string) {
      writeFileSync(join(source, "data"), crypto.getRandomValues(new Uint8Array(50_000)));
      const made = await cli("backup", "--host", host, "--tag", tag, "--time", time, source);
      if (made.code !== 0) throw new Error(made.stderr);
    },
    async snapshots(): Promise<{ hostname: string; tags: string[]; time: string }[]> {
      return JSON.parse((await cli("snapshots", "--json")).stdout);
    },
    async done(command: ReturnType<typeof order>) {
      server.send("command.run", command);
      return (await server.wait("job.finished", (one) => one.payload.job_id === command.job_id, 60_000)).payload;
    },
    log: (jobId: string) =>
      server
        .list("log.stream")
        .filter((one) => one.payload.job_id === jobId)
        .flatMap((one) => one.payload.lines.map((line) => line.payload))
        .join("\n"),
  };
}

const days = (n: number) => `2026-10-${String(n).padStart(2, "0")} 12:00:00`;
const group = (tag: string, host: string) => ({ source_group_id: newId(), tag, host, keep: { keep_last: 1 } });

describe.each(["restic-0.18", "restic-0.19"] as const)("with %s", (version) => {
  test("equal tags of two hosts in one repository never thin out each other", async () => {
    const { repoId, resticId, admin, save, snapshots, done, log, server } = await scene(tools[version]);
    for (const day of [1, 2, 3]) {
      await save("web-01", "documents", days(day));
      await save("db-01", "documents", days(day));
    }
    await save("web-01", "photos", days(1));
    await save("web-01", "photos", days(2));

    const first = order(
      "forget",
      repoId,
      { restic_id: resticId, groups: [group("documents", "web-01")] },
      { credential: admin },
    );
    const ended = await done(first);
    expect(ended).toMatchObject({ status: "succeeded", exit_code: 0 });
    expect(ended.stats).toMatchObject({ snapshots_before: 8, snapshots_after: 6, snapshots_removed: 2 });
    expect(ended.stats?.groups).toEqual([
      expect.objectContaining({ tag: "documents", host: "web-01", kept: 1, removed: 2 }),
    ]);
    const left = (await snapshots()).map((one) => `${one.hostname} ${one.tags} ${one.time.slice(0, 10)}`);
    expect(left.sort()).toEqual([
      "db-01 documents 2026-10-01",
      "db-01 documents 2026-10-02",
      "db-01 documents 2026-10-03",
      "web-01 documents 2026-10-03",
      "web-01 photos 2026-10-01",
      "web-01 photos 2026-10-02",
    ]);
    expect(log(first.job_id)).toContain(
      "forget --json --retry-lock 10m --tag=documents --host=web-01 --group-by host,tags",
    );
    const report = await server.wait("snapshots.report", (one) => one.payload.snapshots.length === 6);
    expect(report.payload).toMatchObject({ repo_id: repoId, parts: 1 });

    const both = await done(
      order(
        "forget",
        repoId,
        { restic_id: resticId, groups: [group("photos", "web-01"), group("documents", "db-01")] },
        { credential: admin },
      ),
    );
    expect(both.stats?.groups).toMatchObject([{ removed: 1 }, { removed: 2 }]);

    const pruned = await done(order("prune", repoId, { restic_id: resticId }, { credential: admin }));
    expect(pruned).toMatchObject({ status: "succeeded" });
    expect(Number(pruned.stats?.freed_bytes)).toBeGreaterThan(1000);
    await server.wait("repo.stats", (one) => one.payload.snapshot_count === 3);
  }, 120_000);

  test("a server that refuses to delete is found out, whatever restic exits with", async () => {
    const { repoId, resticId, credential, save, snapshots, done } = await scene(tools[version]);
    for (const day of [1, 2]) await save("web-01", "documents", days(day));
    const args = { restic_id: resticId, groups: [group("documents", "web-01")] };
    const forgotten = await done(order("forget", repoId, args, { credential }));
    expect(forgotten).toMatchObject({ status: "failed", error_code: "append_only" });
    expect(forgotten.error_message).toContain("1 of 1 snapshot that should have gone is still there");
    expect(forgotten.stats).toMatchObject({ snapshots_removed: 0, snapshots_after: 2 });
    expect(await snapshots()).toHaveLength(2);
  }, 120_000);

  test("a prune that the server refuses says so; with a right credential it works", async () => {
    const { repoId, resticId, credential, admin, save, done, cli } = await scene(tools[version]);
    for (const day of [1, 2]) await save("web-01", "documents", days(day));
    await cli("forget", "--keep-last", "1");
    const refused = await done(order("prune", repoId, { restic_id: resticId }, { credential }));
    expect(refused).toMatchObject({ status: "failed", error_code: "append_only" });
    expect(refused.error_message).toContain("admin credential");
    expect(await done(order("prune", repoId, { restic_id: resticId }, { credential: admin }))).toMatchObject({
      status: "succeeded",
    });
  }, 120_000);

  test("nothing is changed in another repository, and an empty policy removes nothing", async () => {
    const { repoId, admin, resticId, save, snapshots, done } = await scene(tools[version]);
    for (const day of [1, 2]) await save("web-01", "documents", days(day));
    const args = { restic_id: "f".repeat(64), groups: [group("documents", "web-01")] };
    expect(await done(order("forget", repoId, args, { credential: admin }))).toMatchObject({
      error_code: "wrong_repo",
    });
    expect(await done(order("prune", repoId, { restic_id: args.restic_id }, { credential: admin }))).toMatchObject({
      error_code: "wrong_repo",
    });
    const empty = { restic_id: resticId, groups: [{ ...group("documents", "web-01"), keep: {} }] };
    expect(await done(order("forget", repoId, empty, { credential: admin }))).toMatchObject({ status: "succeeded" });
    expect(await snapshots()).toHaveLength(2);
  }, 120_000);

  test("check reads the asked part, and what it finds leads to what to do", async () => {
    const { repoId, resticId, path, save, done, log } = await scene(tools[version]);
    await save("web-01", "documents", days(1));
    const whole = order("check", repoId, { restic_id: resticId, subset: { part: 1, parts: 1 } });
    expect(await done(whole)).toMatchObject({
      status: "succeeded",
      stats: { errors: 0, read_part: 1, read_parts: 1, broken_packs: [], findings: [] },
    });
    expect(log(whole.job_id)).toContain("--read-data-subset 1/1");

    damageLargestPack(path);
    expect(await done(order("check", repoId, { restic_id: resticId, subset: null }))).toMatchObject({
      status: "succeeded",
    });
    const damaged = await done(order("check", repoId, { restic_id: resticId, subset: { part: 1, parts: 1 } }));
    expect(damaged).toMatchObject({ status: "failed", error_code: "restic_failed" });
    expect(damaged.error_message).toMatch(/error.* found\. Stored data is damaged: restic repair packs/);
    const { findings, broken_packs } = damaged.stats as { findings: string[]; broken_packs: string[] };
    expect(findings.length).toBeGreaterThan(0);
    expect(broken_packs[0]).toMatch(/^[0-9a-f]{64}$/);
  }, 120_000);

  test("a credential for one job is nowhere once the job is over, nor in any argument list while it runs", async () => {
    const { repoId, resticId, admin, save, cli, done, folder, server, fixture } = await scene(tools[version]);
    await save("web-01", "documents", days(1));
    const secret = "one-job marker 9b1e";
    const keyFile = join(await cleanup.tempFolder(), "key");
    writeFileSync(keyFile, secret);
    expect((await cli("key", "add", "--new-password-file", keyFile)).code).toBe(0);
    const lent = { ...admin, repo_password: secret };
    const seen: string[] = [];
    const looking = setInterval(() => seen.push(argumentLists()), 5);
    const pruned = await done(order("prune", repoId, { restic_id: resticId }, { credential: lent }));
    const denied = await done(
      order("check", repoId, { restic_id: resticId, subset: null }, { credential: { ...lent, http_password: secret } }),
    );
    clearInterval(looking);
    expect(pruned.status).toBe("succeeded");
    expect(denied.error_code).toBe("unauthorised");
    expect(seen.some((list) => list.includes("prune --retry-lock"))).toBe(true);
    const forms = [secret, encodeURIComponent(secret), Buffer.from(secret).toString("base64").replace(/=+$/, "")];
    const kept = filesBelow(folder).filter((file) => forms.some((form) => readFileSync(file).includes(form)));
    expect(kept).toEqual([]);
    for (const form of forms) {
      expect(seen.join("\n").includes(form)).toBe(false);
      expect(fixture.lines.join("\n").includes(form)).toBe(false);
      expect(JSON.stringify(server.heard).includes(form)).toBe(false);
    }
  }, 120_000);

  test("a busy agent takes no order with its own credential, and stores nothing of it", async () => {
    const { repoId, resticId, admin, save, server, done } = await scene(tools[version]);
    await save("web-01", "documents", days(1));
    const long = order("check", repoId, { restic_id: resticId, subset: { part: 1, parts: 1 } });
    server.send("command.run", long);
    await server.wait("job.started", (one) => one.payload.job_id === long.job_id);
    const prune = order("prune", repoId, { restic_id: resticId }, { credential: admin });
    server.send("command.run", prune);
    const busy = await server.wait("error", (one) => one.payload.code === "busy");
    expect(busy.id).toBe(prune.job_id);
    expect(server.find("job.queued", (one) => one.payload.job_id === prune.job_id)).toBeUndefined();
    await server.wait("job.finished", (one) => one.payload.job_id === long.job_id);
    expect(await done(prune)).toMatchObject({ status: "succeeded" });
  }, 120_000);

  test("a stale lock is taken away once; unlock works with a one-job credential, too", async () => {
    const { repoId, resticId, admin, save, done, cli, path } = await scene(tools[version]);
    await save("web-01", "documents", days(1));
    await killedBackup(tools[version], path);
    expect((await cli("list", "locks", "--no-lock")).stdout.trim()).not.toBe("");
    const unlocked = await done(order("unlock", repoId, {}, { credential: admin }));
    expect(unlocked).toMatchObject({ status: "succeeded", stats: { locks_removed: 1, locks_left: 0 } });

    await killedBackup(tools[version], path);
    const startedAt = performance.now();
    const pruned = order("prune", repoId, { restic_id: resticId }, { credential: admin });
    expect(await done(pruned)).toMatchObject({ status: "succeeded" });
    expect(performance.now() - startedAt).toBeLessThan(60_000);
    expect((await cli("list", "locks", "--no-lock")).stdout.trim()).toBe("");
  }, 120_000);
});

/** A backup that is killed leaves its lock behind. */
async function killedBackup(restic: string, repo: string): Promise<void> {
  await (await holdLock(restic, repo, TEMPLATE_PASSWORD)).kill();
}

/** One bit of stored data, not of what describes it. */
function damageLargestPack(repo: string): void {
  const file = filesBelow(join(repo, "data")).sort((a, b) => statSync(b).size - statSync(a).size)[0]!;
  chmodSync(file, 0o600);
  const bytes = readFileSync(file);
  bytes[20] = (bytes[20] ?? 0) ^ 0xff;
  writeFileSync(file, bytes);
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

/** Of every process on this machine. */
function argumentLists(): string {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
      } catch {
        return "";
      }
    })
    .filter((line) => line.includes("restic"))
    .join("\n");
}

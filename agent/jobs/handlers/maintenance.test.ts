/** prune, check and unlock with real restic in both versions, on an append-only REST server and on one that allows deletes. */

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { chmodSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { holdLock } from "../../../tests/testbed/held-lock.ts";
import { TEMPLATE_PASSWORD } from "../../../tests/testbed/repo-template.ts";
import { createCleanup } from "../../../tests/testbed/temp.ts";
import { order } from "../../testing/fixture.ts";
import { openRepoScenes, type RepoScenes } from "../../testing/repo-scene.ts";

const cleanup = createCleanup();
afterAll(() => cleanup.run(), 60_000);

let scenes: RepoScenes;
beforeAll(async () => {
  scenes = await openRepoScenes(cleanup);
}, 180_000);

const days = (n: number) => `2026-10-${String(n).padStart(2, "0")} 12:00:00`;

describe.each(["restic-0.18", "restic-0.19"] as const)("with %s", (version) => {
  test("a prune that the server refuses says so; with a right credential it works", async () => {
    const { repoId, resticId, credential, admin, save, done, cli } = await scenes.scene(version);
    for (const day of [1, 2]) await save("web-01", "documents", days(day));
    await cli(["forget", "--keep-last", "1"]);
    const refused = await done(order("prune", repoId, { restic_id: resticId }, { credential }));
    expect(refused).toMatchObject({ status: "failed", error_code: "append_only" });
    expect(refused.error_message).toContain("admin credential");
    expect(await done(order("prune", repoId, { restic_id: resticId }, { credential: admin }))).toMatchObject({
      status: "succeeded",
    });
  }, 120_000);

  test("nothing is pruned in another repository", async () => {
    const { repoId, admin, done } = await scenes.scene(version);
    const args = { restic_id: "f".repeat(64) };
    expect(await done(order("prune", repoId, args, { credential: admin }))).toMatchObject({ error_code: "wrong_repo" });
  }, 120_000);

  test("check reads the asked part, and what it finds leads to what to do", async () => {
    const { repoId, resticId, path, save, done, log } = await scenes.scene(version);
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
    expect(damaged).toMatchObject({ status: "failed", error_code: "repo_damaged" });
    expect(damaged.error_message).toMatch(/error.* found\. Stored data is damaged: run restic repair packs/);
    const { findings, broken_packs } = damaged.stats as { findings: string[]; broken_packs: string[] };
    expect(findings.length).toBeGreaterThan(0);
    expect(broken_packs[0]).toMatch(/^[0-9a-f]{64}$/);
  }, 120_000);

  test("a credential for one job is nowhere once the job is over, nor in any argument list while it runs", async () => {
    const { repoId, resticId, admin, save, cli, done, folder, server, fixture } = await scenes.scene(version);
    await save("web-01", "documents", days(1));
    const secret = "one-job marker 9b1e";
    const keyFile = join(await cleanup.tempFolder(), "key");
    writeFileSync(keyFile, secret);
    expect((await cli(["key", "add", "--new-password-file", keyFile])).code).toBe(0);
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
    expect(seen.some((list) => list.includes("prune --max-unused"))).toBe(true);
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
    const { repoId, resticId, admin, save, server, done } = await scenes.scene(version);
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
    const { repoId, resticId, admin, save, done, cli, path } = await scenes.scene(version);
    await save("web-01", "documents", days(1));
    await killedBackup(scenes.tools[version], path);
    expect((await cli(["list", "locks", "--no-lock"])).stdout.trim()).not.toBe("");
    const unlocked = await done(order("unlock", repoId, {}, { credential: admin }));
    expect(unlocked).toMatchObject({ status: "succeeded", stats: { locks_removed: 1, locks_left: 0 } });

    await killedBackup(scenes.tools[version], path);
    const startedAt = performance.now();
    const pruned = order("prune", repoId, { restic_id: resticId }, { credential: admin });
    expect(await done(pruned)).toMatchObject({ status: "succeeded" });
    expect(performance.now() - startedAt).toBeLessThan(60_000);
    expect((await cli(["list", "locks", "--no-lock"])).stdout.trim()).toBe("");
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

/** The server's disk is full: people who are signed in go on reading, and sign-in, health and the System page say what is wrong. */
import { Database } from "bun:sqlite";
import { afterAll, expect, test } from "bun:test";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { HOUR_MS } from "../../shared/time/clock.ts";
import { ADMIN, signIn, startServer } from "../testbed/server.ts";
import { createCleanup } from "../testbed/temp.ts";
import { until } from "../testbed/wait.ts";

const cleanup = createCleanup();
afterAll(cleanup.run, 30_000);

test("a full disk is told by sign-in, health and the System page, and passes with the first byte that is free", async () => {
  const dataDir = await cleanup.tempFolder();
  if (Bun.spawnSync(["mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", dataDir]).exitCode !== 0) {
    console.log("skipped: this machine cannot mount a small file system");
    return;
  }
  cleanup.add(async () => void Bun.spawnSync(["umount", "-l", dataDir]));
  const server = await startServer({ dataDir });
  cleanup.add(async () => void (await server.stop()));
  const client = await signIn(server);
  const headers = { cookie: client.cookie };
  // A session whose use is to be noted at its next request.
  const database = new Database(join(dataDir, "restic-manager.db"));
  database.run("PRAGMA busy_timeout = 5000");
  database.run("UPDATE sessions SET last_used_at = ?", [Date.now() - HOUR_MS]);
  database.close();

  const ballast = join(dataDir, "ballast");
  const fill = (size: number) => {
    try {
      writeFileSync(ballast, new Uint8Array(size), { flag: "a" });
      return true;
    } catch {
      return false;
    }
  };
  for (const size of [1 << 20, 4096]) while (fill(size));
  const login = () =>
    fetch(`${server.url}/api/auth/login`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(ADMIN),
    });
  await until(async () => (await login()).status === 503, {
    timeoutMs: 60_000,
    what: "a write ahead log with no room left",
  });
  expect(await (await login()).json()).toMatchObject({ error: { code: "disk_full" } });
  const form = await fetch(`${server.url}/login`, {
    method: "POST",
    headers: { "content-type": "application/x-www-form-urlencoded", origin: server.url },
    body: new URLSearchParams({ ...ADMIN }).toString(),
  });
  expect(form.status).toBe(503);
  expect(await form.text()).toContain("disk is full");

  const health = await until(
    async () => {
      const answer = (await (await fetch(`${server.url}/healthz`)).json()) as { status: string; message: string };
      return answer.status === "disk_full" ? answer : null;
    },
    { what: "health to tell" },
  );
  expect(health.message).toContain("disk is full");
  expect((await fetch(`${server.url}/readyz`)).status).toBe(503);
  for (const path of ["/settings/system", "/", "/repos", "/jobs"]) {
    const page = await fetch(server.url + path, { headers });
    expect(page.status, path).toBe(200);
    if (path === "/settings/system")
      expect(await page.text()).toContain(`disk is full, so nothing can be saved. Free some space in ${dataDir}`);
  }

  rmSync(ballast);
  const isWell = async () =>
    ((await (await fetch(`${server.url}/healthz`)).json()) as { status: string }).status === "ok";
  await until(isWell, { what: "health to be well again" });
  expect((await login()).status).toBe(200);
}, 120_000);

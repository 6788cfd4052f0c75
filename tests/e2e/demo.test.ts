/** `npm run demo` on an empty folder: one line of JSON after the first backup, a clean exit on SIGINT, and the same again. */
import { afterAll, expect, test } from "bun:test";
import { cp } from "node:fs/promises";
import { join, relative, resolve } from "node:path";
import { runCommand } from "../testbed/command.ts";
import { createCleanup } from "../testbed/temp.ts";
import { until } from "../testbed/wait.ts";

const cleanup = createCleanup();
afterAll(cleanup.run);
const MAIN = resolve(import.meta.dir, "../demo/main.ts");

const REPOSITORY = resolve(import.meta.dir, "../..");

type Facts = { url: string; username: string; password: string; host_id: string; job_id: string };

async function runDemo(data: string): Promise<{ facts: Facts; code: number; agentPids: number }> {
  const child = Bun.spawn([process.execPath, MAIN, "--data", data, "--port", "0", "--json"], {
    stdout: "pipe",
    stderr: "pipe",
    stdin: "ignore",
  });
  const reader = child.stdout.getReader();
  let text = "";
  while (!text.includes("\n")) {
    const { value, done } = await reader.read();
    if (done) throw new Error(`the demo ended early: ${await new Response(child.stderr).text()}`);
    text += new TextDecoder().decode(value);
  }
  const facts = JSON.parse(text) as Facts;
  const answer = await fetch(`${facts.url}/api/auth/login`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ username: facts.username, password: facts.password }),
  });
  expect(answer.status).toBe(200);
  const cookie = /(?:__Host-)?rm_session=[^;]+/.exec(answer.headers.get("set-cookie") ?? "")?.[0] ?? "";
  const job = (await (await fetch(`${facts.url}/api/jobs/${facts.job_id}`, { headers: { cookie } })).json()) as {
    status: string;
    host_id: string;
  };
  expect(job).toMatchObject({ status: "succeeded", host_id: facts.host_id });
  await lookAround(facts, cookie);
  child.kill("SIGINT");
  const code = await child.exited;
  return { facts, code, agentPids: await countProcesses(data) };
}

/** The demo shows what the product is best at. */
async function lookAround(facts: Facts, cookie: string): Promise<void> {
  const get = async <T>(path: string) => (await (await fetch(facts.url + path, { headers: { cookie } })).json()) as T;
  const host = `/api/hosts/${facts.host_id}`;
  const schedules = await get<{ items: { cron: string; source_group_ids: string[] }[] }>(`${host}/schedules`);
  expect(new Set(schedules.items.map(({ cron }) => cron)).size).toBe(2);
  expect(new Set(schedules.items.flatMap((one) => one.source_group_ids)).size).toBe(2);
  const repo = await until(
    async () => {
      const [first] = (await get<{ items: { id: string; append_only: string }[] }>(`${host}/repos`)).items;
      return first?.append_only === "proven" ? first : null;
    },
    { timeoutMs: 30_000, what: "the proof that the repository is append-only" },
  );
  expect(await get(`/api/repos/${repo.id}/maintenance`)).toMatchObject({ delete_right: "admin" });
  const [everyday, admin] = await Promise.all(
    ["everyday", "admin"].map((slot) => get<{ url: string }>(`/api/repos/${repo.id}/credentials/${slot}`)),
  );
  expect(admin?.url).not.toBe(everyday?.url);
}

/** What a person has who has just cloned the repository. */
async function freshCopy(): Promise<string> {
  const folder = join(await cleanup.tempFolder(), "clone");
  const left = new Set(["node_modules", ".git", ".cache", "dist", "data"]);
  await cp(REPOSITORY, folder, {
    recursive: true,
    filter: (path) => !left.has(relative(REPOSITORY, path).split("/")[0] ?? ""),
  });
  return folder;
}

async function countProcesses(needle: string): Promise<number> {
  const ps = Bun.spawn(["pgrep", "-fc", needle], { stdout: "pipe" });
  return Number(await new Response(ps.stdout).text());
}

test("the demo shows its first backup, ends cleanly, and starts again on the same data", async () => {
  const data = await cleanup.tempFolder();
  const first = await runDemo(data);
  expect(first.code).toBe(0);
  expect(first.agentPids).toBe(0);
  const second = await runDemo(data);
  expect(second.code).toBe(0);
  expect(second.facts.host_id).toBe(first.facts.host_id);
  expect(second.facts.job_id).not.toBe(first.facts.job_id);
}, 110_000);

test("settings of the environment are the server's", async () => {
  const data = await cleanup.tempFolder();
  const { code, stderr } = await runCommand([process.execPath, MAIN, "--data", data, "--port", "0"], {
    env: { RM_JOB_LOST_AFTER: "soon", RM_LISTEN: "nowhere", RM_DATA_DIR: "/nowhere" },
  });
  expect(code).toBe(1);
  expect(stderr).toContain("RM_JOB_LOST_AFTER");
  expect(stderr).not.toContain("nowhere");
}, 60_000);

test("on a fresh clone npm prints one line of JSON and nothing else, while it installs", async () => {
  const folder = await freshCopy();
  const data = await cleanup.tempFolder();
  const child = Bun.spawn(["npm", "run", "--silent", "demo", "--", "--json", "--data", data, "--port", "0"], {
    cwd: folder,
    stdout: "pipe",
    stderr: "pipe",
    stdin: "ignore",
    detached: true,
  });
  cleanup.add(() => {
    if (child.exitCode === null && child.signalCode === null) process.kill(-child.pid, "SIGKILL");
  });
  const said = new Response(child.stderr).text();
  const reader = child.stdout.getReader();
  let text = "";
  while (!text.includes("\n")) {
    const { value, done } = await reader.read();
    if (done) throw new Error(`the demo ended early: ${await said}`);
    text += new TextDecoder().decode(value);
  }
  process.kill(-child.pid, "SIGINT");
  for (let part = await reader.read(); !part.done; part = await reader.read())
    text += new TextDecoder().decode(part.value);
  await child.exited;
  expect(text).toMatch(/^\{[^\n]*\}\n$/);
  expect(Object.keys(JSON.parse(text) as Facts).sort()).toEqual(["host_id", "job_id", "password", "url", "username"]);
  expect(await said).toContain("bun install");
}, 300_000);

/** In the browser: create a source group and a schedule; the schedule fires, the snapshot carries the tag, the strip fills. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { agentIn } from "../testbed/agent.ts";
import { launchBrowser, type TestBrowser, type TestPage } from "../testbed/browser.ts";
import { runCommand } from "../testbed/command.ts";
import { startRestServer } from "../testbed/rest-server.ts";
import { type Client, signIn, startServer } from "../testbed/server.ts";
import { createCleanup } from "../testbed/temp.ts";
import { ensureTools } from "../testbed/tools.ts";
import { until } from "../testbed/wait.ts";

const cleanup = createCleanup();
let client: Client;
let browser: TestBrowser;
let page: TestPage;
let hostId: string;
let papers: string;
let restic: (...args: string[]) => Promise<{ code: number; stdout: string }>;

type Job = { id: string; status: string; actor_kind: string; schedule_id: string | null; source_group_id: string };

beforeAll(async () => {
  const tools = await ensureTools(["restic-0.18", "rest-server", "chromium"]);
  const rest = await startRestServer({ root: await cleanup.tempFolder(), appendOnly: true });
  cleanup.add(rest.close);
  const server = await startServer({ dataDir: join(await cleanup.tempFolder(), "data") });
  cleanup.add(server.stop);
  client = await signIn(server);
  const home = await cleanup.tempFolder();
  papers = join(home, "papers");
  mkdirSync(papers);
  mkdirSync(join(home, "first"));
  writeFileSync(join(papers, "letter.txt"), "a letter");
  writeFileSync(join(home, "first", "note.txt"), "a note");
  await rest.addUser("web-01", "an http password");
  const { token } = await client.post<{ token: string }>("/api/enrollment-tokens", {
    host_name: "web-01",
    includes: [join(home, "first")],
    backup_now: false,
    repo: {
      kind: "rest",
      url: rest.url("web-01", "main"),
      http_username: "web-01",
      http_password: "an http password",
      repo_password: "a repo password",
    },
  });
  const agent = agentIn({ home, restic: tools["restic-0.18"] });
  await agent.enroll(server.url, token);
  const running = agent.start();
  cleanup.add(() => running.stop());
  const env = {
    RESTIC_PASSWORD: "a repo password",
    RESTIC_REST_USERNAME: "web-01",
    RESTIC_REST_PASSWORD: "an http password",
    RESTIC_CACHE_DIR: join(home, "cache-of-the-test"),
  };
  restic = (...args) => runCommand([tools["restic-0.18"], "--repo", rest.url("web-01", "main"), ...args], { env });
  hostId = await until(
    async () => {
      const { items } = await client.get<{ items: { id: string; repos: { status: string }[] }[] }>("/api/hosts");
      const [host] = items;
      return host?.repos[0]?.status === "ready" ? host.id : null;
    },
    { timeoutMs: 60_000, everyMs: 200, what: "the repository to be ready" },
  );
  browser = await launchBrowser();
  cleanup.add(() => browser.close());
  page = await browser.newPage({ baseUrl: server.url });
  const [name = "", value = ""] = client.cookie.split("=");
  await page.context().addCookies([{ name, value, url: server.url }]);
}, 180_000);
afterAll(cleanup.run, 30_000);

test("a group and a schedule are made; it fires by itself, the snapshot has the group's tag, the strip its cell", async () => {
  await page.goto(`/hosts/${hostId}/sources/new`);
  await page.fill("#name", "papers");
  await page.fill("#includes", papers);
  await page.fill("#excludes", "");
  await page.fill("#keep_last", "7");
  await page.click("button:has-text('Add source group')");
  await page.locator("tr", { hasText: "papers" }).locator("text=not scheduled").waitFor();

  await page.goto(`/hosts/${hostId}/schedules/new`);
  await page.fill("#cron", "* * * * *");
  await page.locator("#explain b", { hasText: "Every minute" }).waitFor();
  await page.check("label.card:has-text('papers') input");
  await page.fill("#splay_minutes", "0");
  await page.click("button:has-text('Add schedule')");
  const row = page.locator("tr", { hasText: "* * * * *" }).filter({ hasText: "Every minute" });
  await row.waitFor();

  const job = await until(
    async () => {
      const { items } = await client.get<{ items: Job[] }>(`/api/jobs?host_id=${hostId}&kind=backup`);
      return items.find(({ status }) => status === "succeeded") ?? null;
    },
    { timeoutMs: 100_000, everyMs: 500, what: "the scheduled backup" },
  );
  expect(job.actor_kind).toBe("schedule");
  expect(job.schedule_id).toBeString();
  await row.locator("button:has-text('Pause')").click();
  await row.locator("text=none while paused").waitFor();

  const listed = JSON.parse((await restic("snapshots", "--json", "--no-lock")).stdout) as {
    tags: string[];
    hostname: string;
  }[];
  expect(listed[0]).toMatchObject({ tags: ["papers"], hostname: "web-01" });
  await page.goto(`/hosts/${hostId}/sources`);
  // The last one, unless midnight has just passed.
  await page.locator("tr", { hasText: "papers" }).locator(".strip a.o").first().waitFor();
  await page.goto(`/hosts/${hostId}`);
  await page.locator("table .chip", { hasText: "papers" }).first().waitFor();
  expect(page.problems).toEqual([]);
}, 180_000);

test("hooks are written in the browser and speak in the job's log", async () => {
  await page.goto(`/hosts/${hostId}/sources`);
  await page.locator("tr", { hasText: "papers" }).locator("a.row-link").click();
  await page.fill("#pre", "echo dumping for $RM_SOURCE_GROUP");
  await page.fill("#post", "echo it $RM_JOB_STATUS");
  await page.click("button:has-text('Save hooks')");
  await page.locator(".toast", { hasText: "Hooks of papers saved" }).waitFor();
  await until(
    async () => {
      const host = await client.get<{ in_sync: boolean }>(`/api/hosts/${hostId}`);
      return host.in_sync ? true : null;
    },
    { timeoutMs: 20_000, everyMs: 100, what: "the agent to have the hooks" },
  );
  await page.goto(`/hosts/${hostId}/sources`);
  await page.locator("tr", { hasText: "papers" }).locator("button:has-text('Run now')").click();
  await page.waitForURL("**/jobs/*");
  await page.locator("text=dumping for papers").first().waitFor({ timeout: 30_000 });
  await page.locator("text=it succeeded").first().waitFor({ timeout: 30_000 });
}, 90_000);

/** The basic path in a real Chromium with the compiled agent, from an empty data folder to a protected host; and with a wrong password. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import { appendFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Agent, type AgentProcess, agentIn } from "../testbed/agent.ts";
import { launchBrowser, type TestBrowser, type TestPage } from "../testbed/browser.ts";
import { ensureDist, MACHINE_PLATFORM } from "../testbed/dist.ts";
import { quietPort } from "../testbed/ports.ts";
import { type RestServer, startRestServer } from "../testbed/rest-server.ts";
import { type ServerProcess, startServer } from "../testbed/server.ts";
import { createCleanup } from "../testbed/temp.ts";
import { ensureTools } from "../testbed/tools.ts";

const cleanup = createCleanup();
const PASSWORD = "seven quiet herons wade";
const SLOW = 40_000;
let server: ServerProcess;
let rest: RestServer;
let browser: TestBrowser;
let page: TestPage;
let program: string;
let restic: string;

beforeAll(async () => {
  const tools = await ensureTools(["restic-0.19", "rest-server", "chromium"]);
  restic = tools["restic-0.19"];
  const dist = await ensureDist();
  program = dist.agents[MACHINE_PLATFORM] ?? "";
  rest = await startRestServer({ root: await cleanup.tempFolder(), appendOnly: true });
  cleanup.add(() => rest.close());
  server = await startServer({ dataDir: join(await cleanup.tempFolder(), "data"), env: { RM_DIST_DIR: dist.folder } });
  cleanup.add(async () => void (await server.stop()));
  browser = await launchBrowser();
  cleanup.add(() => browser.close());
  page = await browser.newPage({ baseUrl: server.url });
}, 240_000);
afterAll(cleanup.run, 30_000);

const heading = (words: string) => page.locator("h1", { hasText: words });
const see = (words: string, timeout = SLOW) => heading(words).waitFor({ timeout });
const copied = async (section: string, index = 0) =>
  ((await page.locator(`section:has(#${section}) .copy code`).nth(index).textContent()) ?? "").replace(/^\$\s*/, "");

type Machine = { agent: Agent; source: string; home: string };

async function newMachine(): Promise<Machine> {
  const home = await cleanup.tempFolder();
  const source = join(home, "source");
  mkdirSync(source);
  writeFileSync(join(source, "letter.txt"), "the first letter");
  return { agent: agentIn({ home, restic, binary: program }), source, home };
}

async function fillAddHost(name: string, fields: Record<string, string>): Promise<void> {
  await page.goto("/hosts/new");
  await page.fill("input[name=host_name]", name);
  for (const [field, value] of Object.entries(fields)) await page.fill(`[name=${field}]`, value);
  await page.click("button:has-text('Create install command')");
}

const tokenOf = async () => /RM_TOKEN=(\S+)/.exec(await copied("command"))?.[1] ?? "";

function startAgent(machine: Machine): AgentProcess {
  const running = machine.agent.start();
  cleanup.add(async () => void (await running.stop()));
  return running;
}

/** Presses Run now on the dashboard; resolves when the server has answered. */
async function runNow(name: string): Promise<void> {
  const answered = page.waitForResponse((response) => response.url().endsWith("/run"));
  await page.locator("tr", { hasText: name }).locator("button:has-text('Run now')").click();
  expect((await answered).status()).toBeLessThan(400);
}

async function openNewestJob(): Promise<void> {
  await page.goto("/jobs");
  await page.locator("table a.row-link").first().click();
}

let web: Machine;
let webAgent: AgentProcess;

test("first run: the printed link makes the first admin, who lands on adding a host", async () => {
  await page.goto(`/login?setup=${server.setupToken}`);
  await page.fill("input[name=username]", "Mara");
  await page.fill("input[name=password]", "short");
  await page.click("button[type=submit]");
  await page.locator("text=at least 12 characters").first().waitFor();
  expect(await page.inputValue("input[name=username]")).toBe("Mara");
  await page.fill("input[name=password]", PASSWORD);
  await page.click("button[type=submit]");
  await page.waitForURL((url) => !url.pathname.startsWith("/login"));
  await page.goto("/");
  await page.locator("text=/first host/i").first().waitFor();
  // The refused form was a 400, which the browser's console counts as an error.
  page.problems.length = 0;
});

test("add host: one command; the panel follows the machine while the repo server does not know it, then to its first backup", async () => {
  web = await newMachine();
  await fillAddHost("web-01", {
    url: `rest:http://127.0.0.1:${rest.port}/web-01/`,
    includes: web.source,
    tags: "prod, web",
  });
  await see("Waiting for web-01");
  const line = await copied("htpasswd", 0);
  const httpPassword = await copied("htpasswd", 1);
  expect(line).toStartWith("web-01:$2");
  expect(await copied("restic-password")).toMatch(/^\w{4}(-\w{4}){5}$/);

  await web.agent.enroll(server.url, await tokenOf());
  webAgent = startAgent(web);
  await see("Waiting for the repo server to accept web-01");
  await rest.addLine(line, httpPassword);
  await see("web-01 is protected");
  await page.locator("#enrollment >> text=/append-only/i").first().waitFor();
  expect(page.problems).toEqual([]);
}, 90_000);

test("the host's page lists the snapshot and the proven repository", async () => {
  await page.click("h1 a:has-text('web-01')");
  await see("web-01 is protected");
  await page.locator("table code", { hasText: web.source }).first().waitFor();
  await page.click(".tabs a:has-text('Repos')");
  await page.locator("text=/proven/i").first().waitFor();
});

test("Run now: progress and log appear while restic runs, and the dashboard shows the result", async () => {
  await webAgent.stop();
  appendFileSync(join(web.home, "config/agent.yaml"), "\nmax_upload_kbps: 1500\n");
  webAgent = startAgent(web);
  // Twelve seconds' worth at that rate.
  for (let n = 0; n < 12; n++) writeFileSync(join(web.source, `data-${n}`), randomBytes(1_500_000));
  await page.goto("/");
  await page.locator("tr", { hasText: "web-01" }).locator("text=Online").waitFor({ timeout: SLOW });
  await runNow("web-01");
  await openNewestJob();
  await see("is running");
  await page.locator("#progress progress[value]").waitFor({ timeout: SLOW });
  await page.locator("#log-list li", { hasText: "restic backup" }).waitFor();
  await see("succeeded");
  await page.locator("#log-list li", { hasText: "saved" }).waitFor();
  await page.goto("/");
  const row = page.locator("tr", { hasText: "web-01" });
  await row.locator("text=/[KM]iB/").first().waitFor();
  expect(await row.locator("a[aria-label*=ok]").count()).toBeGreaterThan(0);
  await see("protected");
  expect(page.problems).toEqual([]);
}, 90_000);

test("a running backup can be cancelled from its page", async () => {
  for (let n = 0; n < 16; n++) writeFileSync(join(web.source, `more-${n}`), randomBytes(1_500_000));
  await page.goto("/");
  await runNow("web-01");
  await openNewestJob();
  await see("is running");
  await page.locator("#log-list li", { hasText: "restic backup" }).waitFor({ timeout: SLOW });
  await page.click("button:has-text('Cancel job')");
  await page.locator("dialog[open] button[type=submit], #cancel-job:popover-open button[type=submit]").first().click();
  await see("cancelled");
}, 60_000);

test("a wrong restic password is said at once, in words, and mended on the repo page", async () => {
  const machine = await newMachine();
  await rest.addUser("db-01", "the http password of db-01");
  await Bun.$`${restic} init`
    .env({
      PATH: "/usr/bin:/bin",
      HOME: machine.home,
      RESTIC_REPOSITORY: `rest:http://127.0.0.1:${rest.port}/db-01/`,
      RESTIC_REST_USERNAME: "db-01",
      RESTIC_REST_PASSWORD: "the http password of db-01",
      RESTIC_PASSWORD: "the right password",
    })
    .quiet();
  await fillAddHost("db-01", {
    url: `rest:http://127.0.0.1:${rest.port}/db-01/`,
    includes: machine.source,
    http_password: "the http password of db-01",
    repo_password: "a wrong password",
  });
  await machine.agent.enroll(server.url, await tokenOf());
  startAgent(machine);
  await see("db-01 is enrolled, but its repository cannot be opened");
  await page.click("h1 a:has-text('db-01')");
  await page.locator("text=/password/i").first().waitFor();
  await page.click(".tabs a:has-text('Repos')");
  await page.locator("table a.row-link").first().click();
  await page.locator("text=/password is wrong/i").first().waitFor();
  await page.locator("button:has-text('Retry')").first().waitFor();
  await page.click("summary:has-text('Change')");
  await page.fill("input[name=repo_password]", "the right password");
  await page.click("button:has-text('Save and test')");
  await see("is ready");
  await page.click("a:has-text('db-01') >> nth=0");
  await see("db-01 is protected");
}, 90_000);

test("a repo server that is down is named; Retry works when it is back", async () => {
  const machine = await newMachine();
  await rest.addUser("nas-01", "the http password of nas-01");
  const port = await quietPort();
  await fillAddHost("nas-01", {
    url: `rest:http://127.0.0.1:${port}/nas-01/`,
    includes: machine.source,
    http_password: "the http password of nas-01",
  });
  await machine.agent.enroll(server.url, await tokenOf());
  startAgent(machine);
  await see("nas-01 is enrolled, but its repository cannot be opened", 60_000);
  const back = await startRestServer({ root: await cleanup.tempFolder(), appendOnly: true, port });
  cleanup.add(() => back.close());
  await back.addUser("nas-01", "the http password of nas-01");
  await page.click("h1 a:has-text('nas-01')");
  await page.click(".tabs a:has-text('Repos')");
  await page.locator("table a.row-link").first().click();
  await page.locator("text=/does not answer/i").first().waitFor();
  await page.locator("button:has-text('Retry')").first().click();
  await see("is ready");
}, 120_000);

test("a viewer sees everything and can do nothing; the server says so in words", async () => {
  const made = Bun.spawn(
    [process.execPath, join(import.meta.dir, "../../server/main.ts"), "add-user", "eve", "viewer"],
    {
      env: { PATH: process.env["PATH"] ?? "", RM_DATA_DIR: server.dataDir, RM_LISTEN: `127.0.0.1:${server.port}` },
      stdout: "pipe",
    },
  );
  const link = /\/setup\/\S+/.exec(await new Response(made.stdout).text())?.[0] ?? "";
  const guest = await browser.newPage({ baseUrl: server.url });
  await guest.goto(link);
  await guest.fill("input[type=password]", PASSWORD);
  await guest.click("button[type=submit]");
  await guest.waitForURL((url) => !url.pathname.startsWith("/setup"));
  await guest.goto("/");
  await guest.locator("tr", { hasText: "web-01" }).waitFor();
  expect(await guest.locator("button:has-text('Run now')").count()).toBe(0);
  expect(await guest.locator("a:has-text('Add host')").count()).toBe(0);
  const refused = await guest.goto("/hosts/new");
  expect(refused?.status()).toBe(403);
  await guest.locator("text=This needs the role admin").waitFor();
  await guest.close();
});

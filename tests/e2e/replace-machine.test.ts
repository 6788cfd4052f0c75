/** New hardware takes a host's place: the old agent loses access, schedules are paused until someone resumes them, repos and snapshots stay. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Agent, type AgentProcess, agentIn } from "../testbed/agent.ts";
import { openSignedInPage, type TestPage } from "../testbed/browser.ts";
import { type ControlPlane, startControlPlane } from "../testbed/control-plane.ts";
import { createCleanup } from "../testbed/temp.ts";
import { ensureTools } from "../testbed/tools.ts";
import { until } from "../testbed/wait.ts";

const cleanup = createCleanup();
let plane: ControlPlane;
let page: TestPage;
let restic: string;
let old: AgentProcess;
let source: string;

beforeAll(async () => {
  restic = (await ensureTools(["restic-0.19", "rest-server", "chromium"]))["restic-0.19"];
  plane = await startControlPlane(cleanup);
  source = join(await cleanup.tempFolder(), "source");
  mkdirSync(source);
  writeFileSync(join(source, "letter.txt"), "from the old machine");
  const added = await plane.addHost({ name: "web-01", includes: [source] });
  const agent = await newAgent();
  await agent.enroll(plane.server.url, added.token);
  old = start(agent);
  await plane.finishedBackup("web-01");
  page = await openSignedInPage(cleanup, plane.server.url);
}, 180_000);
afterAll(cleanup.run, 30_000);

async function newAgent(): Promise<Agent> {
  return agentIn({ home: await cleanup.tempFolder(), restic, quick: true });
}

function start(agent: Agent): AgentProcess {
  const running = agent.start();
  cleanup.add(async () => void (await running.stop()));
  return running;
}

const hostId = async () => (await plane.host("web-01"))?.id ?? "";

test("tags are edited in the host's head, without leaving its page", async () => {
  await page.goto(`/hosts/${await hostId()}`);
  await page.click("button[aria-label='Edit tags']");
  await page.fill("#head-tags", "prod, web");
  await page.keyboard.press("Enter");
  await page.locator(".host-line a.chip", { hasText: "prod" }).waitFor();
  await page.click(".host-line a.chip:has-text('web')");
  await page.waitForURL((url) => url.searchParams.get("tag") === "web");
  await page.locator("tr", { hasText: "web-01" }).waitFor();
  expect(page.problems).toEqual([]);
});

test("the new machine runs the command: the old agent loses access, and schedules stay paused until “Resume schedules”", async () => {
  await page.goto(`/hosts/${await hostId()}/settings`);
  await page.click("button:has-text('Replace…')");
  await page.click("dialog[open] button:has-text('Create command')");
  await page.locator("h1", { hasText: "Waiting for web-01" }).waitFor();
  const command = (await page.locator("section:has(#command) .copy code").first().textContent()) ?? "";
  const token = /RM_TOKEN=(\S+)/.exec(command)?.[1] ?? "";
  expect(command).not.toContain("--re-enroll");

  const agent = await newAgent();
  await agent.enroll(plane.server.url, token);
  await until(() => /revoked|replaced/i.test(old.log()) || null, {
    what: "the old agent hearing that it has no access",
  });
  start(agent);
  await page.locator("h1", { hasText: "The machine of web-01 has been replaced" }).waitFor({ timeout: 30_000 });

  await page.goto(`/hosts/${await hostId()}`);
  await page.locator("h1", { hasText: "new hardware" }).waitFor();
  expect(await page.locator(".tile", { hasText: "Next run" }).textContent()).toContain("not scheduled");
  await page.click("button:has-text('Resume schedules')");
  await page.locator("text=Schedules resumed").first().waitFor();
  await page.locator("h1", { hasText: "new hardware" }).waitFor({ state: "detached" });
  await page.locator(".tile", { hasText: "Next run" }).filter({ hasNotText: "not scheduled" }).waitFor();
  await until(
    async () =>
      (await plane.client.get<{ drift_since: unknown }>(`/api/hosts/${await hostId()}`)).drift_since === null
        ? true
        : null,
    {
      what: "the new agent in sync",
    },
  );
  expect(page.problems).toEqual([]);
}, 60_000);

test("the host keeps its snapshots and goes on backing up into the same repository", async () => {
  const host = await plane.client.get<{ source_groups: { id: string }[] }>(`/api/hosts/${await hostId()}`);
  await plane.client.post(`/api/hosts/${await hostId()}/source-groups/${host.source_groups[0]?.id}/run`);
  const job = await plane.finishedBackup("web-01", { count: 2 });
  expect(job.status).toBe("succeeded");
  const snapshots = async () =>
    (await plane.client.get<{ items: unknown[] }>(`/api/hosts/${await hostId()}/snapshots`)).items;
  await until(async () => (await snapshots()).length === 2, { what: "both snapshots" });
}, 60_000);

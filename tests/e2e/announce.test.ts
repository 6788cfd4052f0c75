/** A machine without a token: its fingerprint in terminal and browser, accepted by a person, up to its first backup; and one that is rejected. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Agent, type AgentProcess, agentIn } from "../testbed/agent.ts";
import { openSignedInPage, type TestPage } from "../testbed/browser.ts";
import { type Client, type ServerProcess, signIn, startServer } from "../testbed/server.ts";
import { createCleanup } from "../testbed/temp.ts";
import { ensureTools } from "../testbed/tools.ts";
import { until } from "../testbed/wait.ts";

const cleanup = createCleanup();
let server: ServerProcess;
let client: Client;
let page: TestPage;
let restic: string;

beforeAll(async () => {
  const tools = await ensureTools(["restic-0.19", "chromium"]);
  restic = tools["restic-0.19"];
  server = await startServer({ dataDir: join(await cleanup.tempFolder(), "data") });
  cleanup.add(async () => void (await server.stop()));
  client = await signIn(server);
  page = await openSignedInPage(cleanup, server.url);
}, 120_000);
afterAll(cleanup.run, 30_000);

async function newAgent(): Promise<Agent> {
  const agent = agentIn({ home: await cleanup.tempFolder(), restic, quick: true });
  mkdirSync(join(agent.home, "source"));
  writeFileSync(join(agent.home, "source", "letter.txt"), "a letter");
  return agent;
}

/** Announces, and waits until its fingerprint stands on the terminal. */
async function announced(agent: Agent): Promise<{ terminal: AgentProcess; fingerprint: string }> {
  const terminal = agent.announce(server.url);
  cleanup.add(async () => void (await terminal.stop()));
  const fingerprint = await until(() => /SHA256: {2}(.+)\n/.exec(terminal.log())?.[1]?.replaceAll(" ", "") ?? null, {
    what: "the fingerprint on the terminal",
  });
  return { terminal, fingerprint: `SHA256:${fingerprint}` };
}

const waiting = () =>
  client.get<{ items: { id: string; fingerprint: string; hostname_collision: boolean }[] }>("/api/pending-hosts");

test("accepted in the browser by its fingerprint, it becomes a host and makes its first backup", async () => {
  const agent = await newAgent();
  const { terminal, fingerprint } = await announced(agent);
  const section = page.locator("section.pending");
  await section.waitFor();
  expect((await section.locator("[data-copy-text]").textContent()) ?? "").toBe(fingerprint);

  await section.locator("a:has-text('Accept')").click();
  await page.fill("input[name=host_name]", "no spaces please");
  await page.selectOption("select[name=kind]", "local");
  await page.fill("input[name=url]", join(agent.home, "repository"));
  await page.fill("textarea[name=includes]", join(agent.home, "source"));
  await page.click("button:has-text('accept')");
  await page.locator("#host_name-error, .error").first().waitFor();
  page.problems.length = 0;
  expect(await page.inputValue("input[name=url]")).toBe(join(agent.home, "repository"));

  await page.fill("input[name=host_name]", "print-01");
  await page.click("button:has-text('accept')");
  expect(await terminal.exited).toBe(0);
  expect(terminal.log()).toContain("Enrolled as print-01");
  const running = agent.start();
  cleanup.add(async () => void (await running.stop()));
  await page.locator("h1", { hasText: "print-01 is protected" }).waitFor({ timeout: 40_000 });
  expect((await waiting()).items).toEqual([]);
  expect(page.problems).toEqual([]);
}, 90_000);

test("one that was away when it was accepted gets its answer when it asks again, under the same fingerprint", async () => {
  const agent = await newAgent();
  const first = await announced(agent);
  const { items } = await until(async () => ((await waiting()).items.length === 1 ? await waiting() : null), {
    what: "the machine in the list",
  });
  first.terminal.kill();
  await first.terminal.exited;
  const repo = { kind: "local", url: join(agent.home, "repository") };
  await client.post(`/api/pending-hosts/${items[0]?.id}/accept`, { host_name: "away-01", includes: ["/srv"], repo });
  const again = await announced(agent);
  expect(again.fingerprint).toBe(first.fingerprint);
  expect(await again.terminal.exited).toBe(0);
});

test("one that is rejected in the browser says so and stays what it was; a second one of the same name is flagged", async () => {
  const agent = await newAgent();
  const other = await newAgent();
  const { terminal } = await announced(agent);
  const { terminal: second } = await announced(other);
  await until(async () => (await waiting()).items.length === 2 || null, { what: "two machines in the list" });
  expect((await waiting()).items.map((item) => item.hostname_collision)).toEqual([true, true]);

  await page.goto("/");
  await page.locator("section.pending").nth(1).waitFor();
  await page.locator("section.pending").first().locator(".btns > button:has-text('Reject')").click();
  await page.locator("dialog[open] button:has-text('Reject')").click();
  expect(await terminal.exited).toBe(1);
  expect(terminal.log()).toContain("rejected");
  expect((await waiting()).items.map((item) => item.hostname_collision)).toEqual([false]);
  second.kill();
  const { items } = await client.get<{ items: { action: string }[] }>("/api/audit?action=pending_host.rejected");
  expect(items).toHaveLength(1);
});

/** Check, forget and prune from the repo's page in a real Chromium: an append-only server, and its deleting listener as the admin credential. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { agentIn } from "../testbed/agent.ts";
import { axeViolations, openSignedInPage, type TestPage } from "../testbed/browser.ts";
import { type RestServer, startRestServer } from "../testbed/rest-server.ts";
import { type Client, signIn, startServer } from "../testbed/server.ts";
import { createCleanup } from "../testbed/temp.ts";
import { ensureTools } from "../testbed/tools.ts";
import { until } from "../testbed/wait.ts";

const cleanup = createCleanup();
const SLOW = 60_000;
let client: Client;
let page: TestPage;
let deleting: RestServer;
let path: string;
let host: { id: string; gid: string; rid: string };

beforeAll(async () => {
  const { "restic-0.19": restic } = await ensureTools(["restic-0.19", "rest-server", "chromium"]);
  const root = await cleanup.tempFolder();
  const everyday = await startRestServer({ root, appendOnly: true });
  deleting = await startRestServer({ root, appendOnly: false });
  cleanup.add(async () => {
    await everyday.close();
    await deleting.close();
  });
  const server = await startServer({ dataDir: join(await cleanup.tempFolder(), "data") });
  cleanup.add(async () => void (await server.stop()));
  client = await signIn(server);
  await everyday.addUser("web-01", "a password");
  const home = await cleanup.tempFolder();
  const source = join(home, "source");
  mkdirSync(source);
  writeFileSync(join(source, "letter"), "0");
  const { token } = await client.post<{ token: string }>("/api/enrollment-tokens", {
    host_name: "web-01",
    includes: [source],
    backup_now: false,
    repo: { kind: "rest", url: everyday.url("web-01", "main"), http_username: "web-01", http_password: "a password" },
  });
  const agent = agentIn({ home, restic });
  await agent.enroll(server.url, token);
  const running = agent.start();
  cleanup.add(async () => void (await running.stop()));
  const { items } = await client.get<{
    items: { id: string; source_groups: { id: string }[]; repos: { id: string }[] }[];
  }>("/api/hosts?q=web-01");
  const [found] = items;
  host = { id: found?.id ?? "", gid: found?.source_groups[0]?.id ?? "", rid: found?.repos[0]?.id ?? "" };
  path = `/hosts/${host.id}/repos/${host.rid}`;
  await until(async () => (await client.get<{ status: string }>(`/api/repos/${host.rid}`)).status === "ready", {
    timeoutMs: SLOW,
    what: "a ready repo",
  });
  for (let n = 1; n <= 3; n++) {
    writeFileSync(join(source, "letter"), crypto.getRandomValues(new Uint8Array(50_000)));
    const run = await client.post<{ job_ids: string[] }>(`/api/hosts/${host.id}/source-groups/${host.gid}/run`);
    await until(
      async () => (await client.get<{ status: string }>(`/api/jobs/${run.job_ids[0]}`)).status === "succeeded",
      {
        timeoutMs: SLOW,
        what: `backup ${n}`,
      },
    );
  }
  await client.request("PUT", `/api/hosts/${host.id}/source-groups/${host.gid}`, {
    retention: { keep_last: 1 },
    confirm_removal: true,
  });
  page = await openSignedInPage(cleanup, server.url);
}, 240_000);
afterAll(cleanup.run, 30_000);

const see = (words: string) => page.locator("h1", { hasText: words }).waitFor({ timeout: SLOW });
const press = async (words: string) => {
  await page.goto(path);
  await page.click(`button:has-text('${words}')`);
};

test("check works without an admin credential; what removes data says what it needs", async () => {
  await press("Run check");
  await see("Check of main on web-01 succeeded.");
  await page.goto(path);
  await see("its last check found no errors");
  expect(await page.textContent("#m-check")).toContain("no errors");
  expect(await page.textContent(".notice.warning")).toContain(
    "all snapshots are kept until you add an admin credential",
  );
  expect(await axeViolations(page)).toEqual([]);
  const prune = page.locator("button:has-text('Run prune')");
  expect(await prune.getAttribute("aria-disabled")).toBe("true");
  expect(await page.textContent(`#${await prune.getAttribute("aria-describedby")}`)).toBe("needs an admin credential");
}, 120_000);

test("with the deleting listener as admin credential forget and prune remove, and show what", async () => {
  await page.goto(path);
  await page.click("#change-admin > summary");
  await page.fill("#admin-url", deleting.url("web-01", "main"));
  await page.click("#change-admin button:has-text('Save')");
  await page.waitForSelector("text=not used yet");
  expect(await page.textContent(".toast")).toContain("The next forget or prune shows whether it can delete.");

  await press("Run forget");
  await see("Forget of main on web-01 succeeded.");
  await page.waitForSelector("td:has-text('removed')");
  expect(await page.locator("td[data-th=Result]:has-text('removed')").count()).toBe(2);
  expect(await axeViolations(page)).toEqual([]);

  await press("Run prune");
  await see("Prune of main on web-01 succeeded.");
  await page.waitForSelector("dt:has-text('Freed')");
  await page.goto(path);
  await see("main is ready and holds 1 snapshot");
  expect(await page.textContent("section:has(#connection)")).toContain("confirmed");
  expect(await page.textContent("section:has(#maintenance)")).toContain(
    "the host receives the admin credential during a prune",
  );
}, 180_000);

test("cadences are changed in place; a wrong one comes back beside its field", async () => {
  await page.goto(path);
  await page.click("#change-maintenance > summary");
  await page.fill("#check_cron", "every day");
  await page.click("#change-maintenance button:has-text('Save')");
  await page.waitForSelector("#check_cron-error");
  expect(await page.inputValue("#check_cron")).toBe("every day");
  await page.fill("#check_cron", "15 5 * * *");
  await page.fill("#check_budget_gib", "0");
  await page.click("#change-maintenance button:has-text('Save')");
  await page.waitForSelector("#m-check:has-text('Every day at 05:15')");
  expect(await page.textContent("#m-check")).toContain("metadata only");
  expect(page.problems.filter((problem) => !/status of (400|409)/.test(problem))).toEqual([]);
}, 60_000);

/** The page with the REST documentation works under our own content security policy, in both themes, with our own files only. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { launchBrowser, type TestBrowser } from "../testbed/browser.ts";
import { ADMIN, type ServerProcess, signIn, startServer } from "../testbed/server.ts";
import { createCleanup } from "../testbed/temp.ts";

const cleanup = createCleanup();
let server: ServerProcess;
let browser: TestBrowser;

beforeAll(async () => {
  server = await startServer({ dataDir: await cleanup.tempFolder() });
  cleanup.add(server.stop);
  await signIn(server);
  browser = await launchBrowser();
  cleanup.add(browser.close);
});
afterAll(cleanup.run);

test.each(["light", "dark"] as const)(
  "%s: routes unfold, reading can be tried, writing cannot",
  async (theme) => {
    const page = await browser.newPage({ baseUrl: server.url, theme });
    const asked: string[] = [];
    page.on("request", (request) => asked.push(request.url()));
    await page.goto("/api/docs");
    expect(new URL(page.url()).pathname).toBe("/login");
    await page.fill("input[name=username]", ADMIN.username);
    await page.fill("input[name=password]", ADMIN.password);
    await page.click("button[type=submit]");
    await page.waitForURL((url) => url.pathname === "/api/docs");

    const hosts = "#operations-Hosts-getHosts";
    await page.click(`${hosts} .opblock-summary-control`);
    await page.click(`${hosts} .try-out__btn`);
    await page.click(`${hosts} .execute`);
    await page.waitForSelector(`${hosts} .live-responses-table:has-text('"total": 0')`);
    const token = "#operations-Adding_hosts-postEnrollmentTokens";
    await page.click(`${token} .opblock-summary-control`);
    await page.waitForSelector(`${token} .responses-table:has-text('name_taken')`);
    expect(await page.locator(`${token} .try-out__btn`).count()).toBe(0);

    const background = await page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
    expect(background === "rgb(28, 32, 34)").toBe(theme === "dark");
    const sideways = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    expect(sideways).toBeLessThanOrEqual(0);
    expect(asked.filter((url) => !url.startsWith(server.url) && !url.startsWith("data:"))).toEqual([]);
    expect(page.problems).toEqual([]);
  },
  90_000,
);

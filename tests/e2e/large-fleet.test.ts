/** A large fleet in the browser: a light first paint, few requests, more rows loaded near the end, polls that keep them. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { type SampleFleet, startSampleFleet } from "../screenshots/fleet.ts";
import { openWindow } from "../screenshots/visit.ts";
import { launchBrowser, type TestBrowser } from "../testbed/browser.ts";
import { createCleanup } from "../testbed/temp.ts";
import { until } from "../testbed/wait.ts";

const cleanup = createCleanup();
let fleet: SampleFleet;
let browser: TestBrowser;
const FIRST_PAINT_BYTES = 60 * 1024;

beforeAll(async () => {
  fleet = await startSampleFleet(cleanup, { extraHosts: 240 });
  browser = await launchBrowser();
  cleanup.add(() => browser.close());
}, 180_000);
afterAll(cleanup.run);

/** Bytes on the wire of an address, in the encodings that a browser takes. */
async function wireBytes(path: string): Promise<number> {
  const answer = await fetch(fleet.url + path, {
    headers: { cookie: fleet.admin.cookie, "accept-encoding": "gzip, br, zstd" },
    decompress: false,
  } as RequestInit);
  return (await answer.bytes()).byteLength;
}

test("the first hundred hosts, with styles and script, weigh less than 60 KiB", async () => {
  const { urls } = await import("../../server/http/assets.ts").then(({ buildAssets }) => buildAssets({ dev: false }));
  const page = await wireBytes("/");
  const sum = page + (await wireBytes(urls.styles)) + (await wireBytes(urls.script));
  console.log(`dashboard of 252 hosts: page ${page} B, with styles and script ${sum} B compressed`);
  expect(sum).toBeLessThan(FIRST_PAINT_BYTES);
});

test("a second visit asks for the page alone", async () => {
  const page = await openWindow(browser, fleet, { theme: "light", width: 1280 });
  await page.goto("/");
  await page.evaluate(() => document.fonts.ready);
  await page.goto("/jobs");
  await page.waitForLoadState("networkidle");
  const fetched = await page.evaluate(() =>
    performance
      .getEntriesByType("resource")
      .filter((entry) => (entry as PerformanceResourceTiming).transferSize > 0)
      .map(({ name }) => name),
  );
  expect(fetched.length + 1, `beside the page: ${fetched.join(" ")}`).toBeLessThanOrEqual(3);
  await page.close();
}, 60_000);

test("further rows come as one scrolls, and a poll keeps them", async () => {
  const page = await openWindow(browser, fleet, { theme: "light", width: 1280 });
  await page.goto("/?sort=host");
  const rows = () => page.locator("tbody[data-rows] > tr[id]").count();
  expect(await rows()).toBe(50);
  await until(
    async () => {
      await page.evaluate(() => window.scrollTo(0, document.body.scrollHeight));
      return (await rows()) === 252;
    },
    { timeoutMs: 20_000, what: "all rows" },
  );
  const id = fleet.hosts.find(({ sample }) => sample.name === "web-02")?.id;
  const answer = await fetch(`${fleet.url}/api/hosts/${id}`, {
    method: "PATCH",
    headers: { cookie: fleet.admin.cookie, "x-csrf-token": fleet.admin.csrf, "content-type": "application/json" },
    body: JSON.stringify({ tags: ["moved"] }),
  });
  expect(answer.status).toBe(200);
  await page.evaluate(() => document.dispatchEvent(new Event("visibilitychange")));
  await page.waitForSelector(`#h-${id} >> text=moved`);
  expect(await rows()).toBe(252);
  expect(page.problems).toEqual([]);
  await page.close();
}, 60_000);

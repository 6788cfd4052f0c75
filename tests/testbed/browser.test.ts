/** Tests themes, widths and cookies of the browser, and how axe and page errors are reported. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { axeViolations, launchBrowser, type TestBrowser } from "./browser.ts";
import { createCleanup } from "./temp.ts";

const cleanup = createCleanup();
let browser: TestBrowser;

const html = (body: string) =>
  new Response(`<!doctype html><html lang="en"><title>Test</title><main><h1>Hello</h1>${body}</main></html>`, {
    headers: { "content-type": "text/html" },
  });
const site = Bun.serve({
  port: 0,
  hostname: "127.0.0.1",
  routes: {
    "/good": () => html("<p>fine</p>"),
    "/bad": () => html("<img src='data:,'><script>throw new Error('broken script')</script>"),
  },
});

beforeAll(async () => {
  browser = await launchBrowser();
  cleanup.add(browser.close);
  cleanup.add(() => site.stop(true));
}, 180_000);
afterAll(cleanup.run);

test("pages follow theme and width, and keep their cookies apart", async () => {
  const page = await browser.newPage({ theme: "dark", width: 390, baseUrl: site.url.href });
  await page.goto("/good");
  expect(await page.evaluate("[matchMedia('(prefers-color-scheme: dark)').matches, innerWidth]")).toEqual([true, 390]);
  await page.evaluate("document.cookie = 'seen=1'");
  const other = await browser.newPage({ baseUrl: site.url.href });
  await other.goto("/good");
  expect(await other.evaluate("document.cookie")).toBe("");
}, 60_000);

test("axe names what is wrong, and uncaught errors are kept", async () => {
  const page = await browser.newPage({ baseUrl: site.url.href });
  await page.goto("/good");
  expect(await axeViolations(page)).toEqual([]);
  expect(page.problems).toEqual([]);
  await page.goto("/bad");
  expect((await axeViolations(page)).join("\n")).toContain("image-alt");
  expect(page.problems).toContain("uncaught: broken script");
}, 60_000);

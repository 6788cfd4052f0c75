/** Everything works without JavaScript: forms post and redirect, refusals keep what was typed, menus and dialogs open by themselves. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import type { Page } from "playwright-core";
import { type SampleFleet, startSampleFleet } from "../screenshots/fleet.ts";
import { PASSWORD } from "../testbed/app.ts";
import { launchBrowser, type TestBrowser } from "../testbed/browser.ts";
import { createCleanup } from "../testbed/temp.ts";

const cleanup = createCleanup();
let fleet: SampleFleet;
let browser: TestBrowser;
let page: Page;

beforeAll(async () => {
  fleet = await startSampleFleet(cleanup);
  browser = await launchBrowser();
  cleanup.add(() => browser.close());
  const context = await browser.browser.newContext({ javaScriptEnabled: false, baseURL: fleet.url });
  context.setDefaultTimeout(8_000);
  page = await context.newPage();
}, 180_000);
afterAll(cleanup.run);

const hostId = (name: string) => fleet.hosts.find(({ sample }) => sample.name === name)?.id ?? "";

test("signing in: a refusal keeps the name, then one arrives where one wanted to go", async () => {
  await page.goto("/audit");
  expect(new URL(page.url()).pathname).toBe("/login");
  await page.fill("#username", "mara");
  await page.fill("#password", "wrong wrong wrong");
  await page.click("button[type=submit]");
  expect(await page.inputValue("#username")).toBe("mara");
  expect(await page.textContent("#password-error")).toContain("wrong");
  await page.fill("#password", PASSWORD);
  await page.click("button[type=submit]");
  expect(new URL(page.url()).pathname).toBe("/audit");
}, 30_000);

test("filters, the menu of groups and Run now", async () => {
  await page.goto("/");
  await page.fill("#filter-q", "mail");
  await page.press("#filter-q", "Enter");
  expect(page.url()).toContain("q=mail");
  await page.click(`#h-${hostId("mail-01")} [aria-haspopup=menu]`);
  await page.click(`#run-${hostId("mail-01")} >> text=system`);
  expect(new URL(page.url()).pathname).toMatch(/^\/jobs\//);
  expect(await page.textContent("h1")).toContain("Backup of system on mail-01");
}, 30_000);

test("a refused form comes back as it was typed, and a dialog guards what is dangerous", async () => {
  await page.goto(`/hosts/${hostId("git-01")}/sources/new`);
  await page.fill("#name", "relative");
  await page.fill("#includes", "not/absolute");
  await page.click("button.btn-primary");
  expect(await page.inputValue("#includes")).toBe("not/absolute");
  expect(await page.textContent("#includes-error")).toContain("not an absolute path");
  await page.fill("#includes", "/srv");
  await page.click("button.btn-primary");
  expect(page.url()).toEndWith("/sources");
  expect(await page.textContent(".toast")).toContain("Source group relative was added.");

  await page.goto(`/hosts/${hostId("git-01")}/settings`);
  await page.click("text=Archive…");
  await page.click("dialog[open] >> text=Archive host");
  expect(await page.textContent("h1")).toContain("git-01 is archived");
  await page.click("text=Purge…");
  await page.fill("#purge-confirm", "git-02");
  await page.click("dialog[open] >> text=Purge host");
  expect(new URL(page.url()).pathname, "the pattern holds the form back").toEndWith("/settings");
  await page.fill("#purge-confirm", "git-01");
  await page.click("dialog[open] >> text=Purge host");
  expect(new URL(page.url()).pathname).toBe("/");
}, 30_000);

test("finding, the theme, and signing out", async () => {
  await page.goto("/");
  await page.click("a.search");
  await page.fill("main input[name=q]", "nas-01");
  await page.click("main button[type=submit]");
  await page.click(`main a[href="/hosts/${hostId("nas-01")}"]`);
  await page.goto("/settings/account");
  await page.selectOption("select[name=theme]", "dark");
  await page.click("text=Set theme");
  expect(await page.getAttribute("html", "data-theme")).toBe("dark");
  await page.click("[popovertarget=account-menu]");
  await page.click("#account-menu >> text=Sign out");
  expect(new URL(page.url()).pathname).toBe("/login");
}, 30_000);

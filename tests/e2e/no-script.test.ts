/** Everything works without JavaScript: forms post and redirect, refused forms keep what was typed, menus and dialogs open. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { type SampleFleet, startSampleFleet } from "../screenshots/fleet.ts";
import { PASSWORD } from "../testbed/app.ts";
import { launchBrowser, type TestBrowser, type TestPage } from "../testbed/browser.ts";
import { createCleanup } from "../testbed/temp.ts";

const cleanup = createCleanup();
let fleet: SampleFleet;
let browser: TestBrowser;
let page: TestPage;

beforeAll(async () => {
  fleet = await startSampleFleet(cleanup);
  browser = await launchBrowser();
  cleanup.add(() => browser.close());
  page = await browser.newPage({ script: false, baseUrl: fleet.url });
}, 180_000);
afterAll(cleanup.run);

/** Without script every step is a new page. */
const arrives = (path: string | RegExp) =>
  page.waitForURL((url) => (typeof path === "string" ? url.pathname === path : path.test(url.pathname + url.search)));
const reads = (selector: string, hasText: string) => page.locator(selector, { hasText }).first().waitFor();

const hostId = (name: string) => fleet.hosts.find(({ sample }) => sample.name === name)?.id ?? "";

test("signing in: a refusal keeps the name, then one arrives where one wanted to go", async () => {
  await page.goto("/audit");
  expect(new URL(page.url()).pathname).toBe("/login");
  await page.fill("#username", "mara");
  await page.fill("#password", "wrong wrong wrong");
  await page.click("button[type=submit]");
  await reads("#password-error", "wrong");
  expect(await page.inputValue("#username")).toBe("mara");
  await page.fill("#password", PASSWORD);
  await page.click("button[type=submit]");
  await arrives("/audit");
}, 60_000);

test("filters, the menu of groups and Run now", async () => {
  await page.goto("/");
  await page.fill("#filter-q", "mail");
  await page.press("#filter-q", "Enter");
  await arrives(/q=mail/);
  await page.click(`#h-${hostId("mail-01")} [aria-haspopup=menu]`);
  await page.click(`#run-${hostId("mail-01")} >> text=system`);
  await arrives(/^\/jobs\//);
  await reads("h1", "Backup of system on mail-01");
}, 60_000);

test("a refused form comes back as it was typed, and a dialog guards what is dangerous", async () => {
  await page.goto(`/hosts/${hostId("git-01")}/sources/new`);
  await page.fill("#name", "relative");
  await page.fill("#includes", "not/absolute");
  await page.click("button.btn-primary");
  await reads("#includes-error", "not an absolute path");
  expect(await page.inputValue("#includes")).toBe("not/absolute");
  await page.fill("#includes", "/srv");
  await page.click("button.btn-primary");
  await arrives(/\/sources$/);
  await reads(".toast", "Source group relative added.");

  await page.goto(`/hosts/${hostId("git-01")}/settings`);
  await page.click("text=Archive…");
  await page.click("dialog[open] >> text=Archive host");
  await reads("h1", "git-01 is archived");
  await page.click("text=Purge…");
  await page.fill("#purge-confirm", "git-02");
  await page.click("dialog[open] >> text=Purge host");
  expect(new URL(page.url()).pathname, "the pattern holds the form back").toEndWith("/settings");
  await page.fill("#purge-confirm", "git-01");
  await page.click("dialog[open] >> text=Purge host");
  await arrives("/");
}, 60_000);

test("deletion is held from a host's page, every page says so, and the notice leads to the release", async () => {
  const nas = hostId("nas-01");
  await page.goto(`/hosts/${nas}`);
  await page.click("text=Hold deletion…");
  await arrives("/deletion-holds");
  expect(await page.inputValue("#scope")).toBe(`host:${nas}`);
  await page.fill("#reason", " ");
  await page.click("button.btn-primary");
  await reads("#reason-error", "Enter a reason.");
  await page.fill("#reason", "Odd file names");
  await page.click("button.btn-primary");
  await arrives(`/hosts/${nas}`);
  await reads(".toast", "Deletion is held for nas-01.");
  await page.goto("/jobs");
  await reads(".banner", "Odd file names");
  const repoId = fleet.hosts.find(({ id }) => id === nas)?.repoId;
  await page.goto(`/hosts/${nas}/repos/${repoId}`);
  await reads("#m-prune", "deletion is held");
  await page.click("text=Release…");
  await reads("h1", "Release the hold on nas-01?");
  await page.click("text=Release hold");
  await arrives(`/hosts/${nas}`);
  await reads(".toast", "The hold on nas-01 was released.");
  expect(await page.locator(".banner", { hasText: "Odd file names" }).count()).toBe(0);
}, 60_000);

test("finding, the theme, and signing out", async () => {
  await page.goto("/");
  await page.click("a.search");
  await page.fill("main input[name=q]", "nas-01");
  await page.click("main button[type=submit]");
  await page.click(`main a[href="/hosts/${hostId("nas-01")}"]`);
  await page.goto("/settings/account");
  await page.selectOption("select[name=theme]", "dark");
  await page.click("text=Set theme");
  await page.locator("html[data-theme=dark]").waitFor();
  await page.click("[popovertarget=account-menu]");
  await page.click("#account-menu >> text=Sign out");
  await arrives("/login");
}, 60_000);

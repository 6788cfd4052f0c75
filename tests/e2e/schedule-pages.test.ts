/** Schedules and source groups in a browser: explanations update while one types, and everything works without script. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { findRepo, updateRepo } from "../../db/queries/repos.ts";
import { findSourceGroup } from "../../db/queries/source-groups.ts";
import { type SampleFleet, startSampleFleet } from "../screenshots/fleet.ts";
import { axeViolations, launchBrowser, type TestBrowser, type TestPage } from "../testbed/browser.ts";
import { createCleanup } from "../testbed/temp.ts";

const cleanup = createCleanup();
let fleet: SampleFleet;
let browser: TestBrowser;
let page: TestPage;
let plain: TestPage;
let base: string;

beforeAll(async () => {
  fleet = await startSampleFleet(cleanup);
  browser = await launchBrowser();
  cleanup.add(() => browser.close());
  const [name = "", value = ""] = fleet.admin.cookie.split("=");
  page = await browser.newPage({ baseUrl: fleet.url });
  await page.context().addCookies([{ name, value, url: fleet.url }]);
  plain = await browser.newPage({ script: false, baseUrl: fleet.url });
  await plain.context().addCookies([{ name, value, url: fleet.url }]);
  base = `/hosts/${fleet.hosts.find(({ sample }) => sample.name === "nas-01")?.id}`;
}, 180_000);
afterAll(cleanup.run);

const groupId = (name: string) =>
  fleet.hosts.find(({ sample }) => sample.name === "nas-01")?.groups.find(({ sample }) => sample.name === name)?.id ??
  "";

test("an expression is explained while it is typed, with the next five runs; a quick pick fills it in", async () => {
  await page.goto(`${base}/schedules/new`);
  await page.click("text=Nightly 02:00");
  await page.locator("#explain b", { hasText: "Every day at 02:00." }).waitFor();
  expect(await page.locator("#explain li").count()).toBe(5);
  expect(await page.getAttribute("button:has-text('Nightly')", "aria-pressed")).toBe("true");
  await page.fill("#cron", "99 * * * *");
  await page.locator("#explain .error").waitFor();
  await page.fill("#cron", "30 19 * * mon-fri");
  await page.locator("#explain code", { hasText: "19:30" }).first().waitFor();
  await page.selectOption("#timezone", "Asia/Kathmandu");
  await page.locator("#explain", { hasText: /splay/ }).waitFor();
  expect(await page.evaluate(() => document.activeElement?.id)).toBe("cron");
  expect(await axeViolations(page)).toEqual([]);
  expect(page.problems).toEqual([]);
}, 60_000);

test("a schedule is made, paused, resumed and deleted from its list", async () => {
  await page.goto(`${base}/schedules/new`);
  await page.click("text=Sundays 04:00");
  await page.click("button:has-text('Add schedule')");
  await page.locator("#source_group_ids-error").waitFor();
  expect(await page.inputValue("#cron")).toBe("0 4 * * sun");
  await page.check("label.card:has-text('photos') input");
  await page.click("button:has-text('Add schedule')");
  await page.waitForURL("**/schedules");
  const row = page.locator("tr", { hasText: "0 4 * * sun" });
  await row.locator("button:has-text('Pause')").click();
  await row.locator("text=none while paused").waitFor();
  await row.locator("button:has-text('Resume')").click();
  await row.locator("button:has-text('Pause')").waitFor();
  await row.locator("a.row-link").click();
  await page.click("text=Delete…");
  await page.click("dialog[open] button:has-text('Delete schedule')");
  await page.waitForURL("**/schedules");
  await row.waitFor({ state: "detached" });
  // The refused form was a 400, which the browser's console counts as an error.
  page.problems.length = 0;
}, 60_000);

test("the lanes are redrawn while typing, the cursor stays, and a rule that cannot be met says so", async () => {
  await page.goto(`${base}/sources/${groupId("media")}`);
  const before = Number(await page.locator(".lane-kept b.num").textContent());
  await page.locator("#keep_daily").pressSequentially("60");
  await page.waitForFunction((old) => Number(document.querySelector(".lane-kept b.num")?.textContent) > old, before);
  expect(await page.evaluate(() => document.activeElement?.id)).toBe("keep_daily");
  await page.fill("#keep_hourly", "24");
  await page.locator("#lane-hourly .warn", { hasText: "runs once a day" }).waitFor();
  await page.fill("#keep_within", "soon");
  await page.locator("#lane-last .error").waitFor();
  expect(await page.inputValue("#keep_within")).toBe("soon");
  expect(page.problems).toEqual([]);
}, 60_000);

test("snapshots that would be removed are counted and dated; saving without removing them visibly holds forget until someone confirms", async () => {
  const gid = groupId("documents");
  await page.goto(`${base}/sources/${gid}`);
  for (const rule of ["keep_hourly", "keep_weekly", "keep_monthly", "keep_yearly"]) await page.fill(`#${rule}`, "");
  await page.fill("#keep_daily", "3");
  await page.click("button:has-text('Save source group')");
  await page.locator("text=Confirm removal").waitFor();
  expect(await page.inputValue("#keep_daily")).toBe("3");
  expect(await page.textContent("#confirm_removal")).toMatch(
    /\d+ snapshots of \d+ would be removed by the next forget: made on \d+ \w+ \d{4}/,
  );
  expect(findSourceGroup(fleet.app.db, gid)?.retention.keep_daily).toBe(14);
  await page.click("button:has-text('Save source group')");
  await page.waitForURL("**/sources");
  await page.locator("text=retention needs confirmation").waitFor();
  expect(findSourceGroup(fleet.app.db, gid)?.retentionHeldSince).toBeNumber();
  await page.goto(`${base}/sources/${gid}`);
  await page.click("text=Remove snapshots…");
  await page.click("dialog[open] button:has-text('Remove snapshots')");
  await page.locator(".toast", { hasText: "next forget removes" }).waitFor();
  expect(findSourceGroup(fleet.app.db, gid)?.retentionHeldSince).toBeNull();
  page.problems.length = 0;
}, 60_000);

test("without script: a quick pick fills the form, Preview retention draws the lanes, hooks and limits post", async () => {
  await plain.goto(`${base}/schedules/new`);
  await plain.check("label.card:has-text('media') input");
  await plain.click("text=Hourly");
  await plain.locator("#explain", { hasText: "Every hour" }).waitFor();
  expect(await plain.inputValue("#cron")).toBe("0 * * * *");
  expect(await plain.isChecked("label.card:has-text('media') input")).toBe(true);
  await plain.goto(`${base}/sources/${groupId("photos")}`);
  await plain.fill("#keep_last", "5");
  await plain.fill("#name", "pictures");
  const drawn = plain.waitForEvent("domcontentloaded");
  await plain.click("button:has-text('Preview retention')");
  await drawn;
  expect(await plain.inputValue("#keep_last")).toBe("5");
  expect(await plain.inputValue("#name")).toBe("pictures");
  expect(findSourceGroup(fleet.app.db, groupId("photos"))?.name).toBe("photos");
  await plain.fill("#pre", "echo before");
  await plain.click("button:has-text('Save hooks')");
  await plain.locator(".toast", { hasText: "Hooks of photos saved" }).waitFor();
  expect(await plain.inputValue("#pre")).toBe("echo before");
  await plain.goto(`${base}/sources`);
  await plain.click(`[aria-label="Run media with limits"]`);
  await plain.fill(`#limits-${groupId("media")}-up_kbps`, "500");
  await plain.click("dialog[open] >> text=Run now");
  await plain.waitForURL("**/jobs/*");
}, 60_000);

test("Enter in a field saves the schedule, and takes no quick pick, with script and without", async () => {
  for (const [at, tab] of [page, plain].entries()) {
    await tab.goto(`${base}/schedules`);
    await tab.click("a.row-link >> nth=0");
    await tab.fill("#cron", `${at} 5 * * *`);
    await tab.press("#cron", "Enter");
    await tab.waitForURL("**/schedules");
    await tab.locator("td", { hasText: `${at} 5 * * *` }).waitFor();
  }
}, 60_000);

test("two tabs at one group: what both changed is shown side by side, without script, too", async () => {
  const gid = groupId("photos");
  for (const [at, tab] of [page, plain].entries()) {
    await tab.goto(`${base}/sources/${gid}`);
    const other = await tab.context().newPage();
    await other.goto(`${fleet.url}${base}/sources/${gid}`);
    await other.fill("#excludes", `*.theirs-${at}`);
    await other.fill("#retry_max", String(7 + at));
    fleet.app.clock.move(1);
    await other.click("button:has-text('Save source group')");
    await other.waitForURL("**/sources");
    await other.close();

    await tab.fill("#excludes", "*.mine");
    await tab.fill("#name", `photos-${at}`);
    await tab.click("button:has-text('Save source group')");
    await tab.locator(".conflict code", { hasText: `*.theirs-${at}` }).waitFor();
    expect(await tab.inputValue("#excludes")).toBe("*.mine");
    expect(await tab.inputValue("#retry_max")).toBe(String(7 + at));
    if (tab === page) expect(await axeViolations(tab)).toEqual([]);
    const taken = tab.waitForEvent("domcontentloaded");
    await tab.click("button:has-text('Use saved value')");
    await taken;
    await tab.locator(".notice", { hasText: "None of your changes conflict" }).waitFor();
    expect(await tab.inputValue("#excludes")).toBe(`*.theirs-${at}`);
    expect(await tab.inputValue("#name")).toBe(`photos-${at}`);
    await tab.click("button:has-text('Save source group')");
    await tab.waitForURL("**/sources");
    expect(findSourceGroup(fleet.app.db, gid)).toMatchObject({ name: `photos-${at}`, excludes: [`*.theirs-${at}`] });
  }
  // The form that came back was a 409, which the browser's console counts as an error.
  page.problems.length = 0;
}, 60_000);

test("a proposed budget stands in the form with the focus on it; a repository made anew asks about a backup", async () => {
  const repo = fleet.hosts.find(({ sample }) => sample.name === "nas-01")?.repoId ?? "";
  await page.goto(`${base}/repos/${repo}`);
  await page.click("text=Use 942 GiB…");
  await page.waitForURL(/budget_gib=942/);
  expect(await page.inputValue("#check_budget_gib")).toBe("942");
  expect(await page.evaluate(() => document.activeElement?.id)).toBe("check_budget_gib");
  const isClearOfTheBar = () => {
    const bar = document.querySelector("header.bar")?.getBoundingClientRect().bottom ?? 0;
    return (document.querySelector("label[for=check_budget_gib]")?.getBoundingClientRect().top ?? 0) > bar;
  };
  await page.waitForFunction(isClearOfTheBar);
  await page.click("#change-maintenance button:has-text('Save')");
  await page.waitForURL((url) => url.search === "");
  expect(await page.locator("text=to read all data once").count()).toBe(0);

  const git = fleet.hosts.find(({ sample }) => sample.name === "git-01");
  updateRepo(fleet.app.db, git?.repoId ?? "", { status: "failed", statusCode: "repo_missing" });
  await page.goto(`/hosts/${git?.id}/repos/${git?.repoId}`);
  await page.click("text=Re-initialise…");
  const dialog = page.locator("#reinit[open]");
  expect(await dialog.locator("input[name=backup_now]").isChecked()).toBe(true);
  expect(await axeViolations(page)).toEqual([]);
  await dialog.locator("input[name=confirm]").fill("git-01");
  await dialog.locator("button:has-text('Re-initialise')").click();
  await page.locator(".notice", { hasText: "are backed up at once" }).waitFor();
  expect(findRepo(fleet.app.db, git?.repoId ?? "")?.backupWhenReady).toBe(true);
  expect(page.problems).toEqual([]);
}, 60_000);

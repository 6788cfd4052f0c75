/** Live pages: changes appear, open menus and typed text stay; polls without changes cost a 304; job pages stream; failures are shown. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { type SampleFleet, startSampleFleet } from "../screenshots/fleet.ts";
import { openWindow } from "../screenshots/visit.ts";
import { launchBrowser, type TestBrowser, type TestPage } from "../testbed/browser.ts";
import { createCleanup } from "../testbed/temp.ts";
import { until } from "../testbed/wait.ts";

const cleanup = createCleanup();
let fleet: SampleFleet;
let browser: TestBrowser;
const LOOK = { theme: "light", width: 1280 } as const;
const SLOW = 60_000;

beforeAll(async () => {
  fleet = await startSampleFleet(cleanup);
  browser = await launchBrowser();
  cleanup.add(() => browser.close());
}, 180_000);
afterAll(cleanup.run);

/** Makes live parts ask now instead of in some seconds. */
const poll = (page: TestPage) => page.evaluate(() => document.dispatchEvent(new Event("visibilitychange")));

async function change(path: string, method: string, body: unknown): Promise<number> {
  const answer = await fetch(fleet.url + path, {
    method,
    headers: { cookie: fleet.admin.cookie, "x-csrf-token": fleet.admin.csrf, "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  return answer.status;
}

const hostId = (name: string) => fleet.hosts.find(({ sample }) => sample.name === name)?.id ?? "";

test(
  "a poll brings the change, and keeps focus, typed words and the open menu",
  async () => {
    const page = await openWindow(browser, fleet, LOOK);
    await page.goto("/");
    await page.click(`#h-${hostId("nas-01")} [aria-haspopup=menu]`);
    await page.waitForSelector(`#run-${hostId("nas-01")}:popover-open`);
    await page.evaluate(() => document.querySelector<HTMLInputElement>("#filter-q")?.setAttribute("data-mark", "same"));
    expect(await change(`/api/hosts/${hostId("git-01")}`, "PATCH", { tags: ["fresh-tag"] })).toBe(200);
    await poll(page);
    await page.waitForSelector(`#h-${hostId("git-01")} >> text=fresh-tag`);
    expect(await page.locator(`#run-${hostId("nas-01")}`).evaluate((menu) => menu.matches(":popover-open"))).toBe(true);
    await page.keyboard.press("Escape");
    await page.focus("#filter-q");
    await page.keyboard.type("zz");
    expect(await page.locator("#filter-q").inputValue()).toBe("zz");
    await page.waitForURL(/q=zz/);
    await page.waitForSelector("text=No matching hosts");
    expect(await page.evaluate(() => document.activeElement?.id)).toBe("filter-q");
    expect(page.problems).toEqual([]);
    await page.close();
  },
  SLOW,
);

test(
  "an unchanged page answers 304, and the Live switch is remembered",
  async () => {
    const page = await openWindow(browser, fleet, LOOK);
    await page.goto("/repos");
    const statuses: number[] = [];
    page.on("response", (response) => {
      if (response.url().endsWith("/repos")) statuses.push(response.status());
    });
    let asked = 0;
    page.on("request", (request) => {
      if (request.url().endsWith("/repos") && request.resourceType() !== "document") asked++;
    });
    await poll(page);
    await until(() => statuses.length >= 1, { what: "the first poll" });
    await poll(page);
    await until(() => statuses.includes(304), { what: "an unchanged poll" });
    await page.click("#live");
    const before = asked;
    await poll(page);
    await page.reload();
    expect(await page.isChecked("#live")).toBe(false);
    expect(asked).toBe(before);
    await page.close();
  },
  SLOW,
);

test(
  "Run now stays on the dashboard and says what happens; a refusal is shown with the server's sentence",
  async () => {
    const page = await openWindow(browser, fleet, LOOK);
    await page.goto("/");
    await page.click(`#h-${hostId("web-02")} button:has-text("Run now")`);
    await page.waitForSelector(".toast >> text=Backup of default on web-02 was queued.");
    expect(new URL(page.url()).pathname).toBe("/");
    await page.click("#live");
    expect(await change(`/api/hosts/${hostId("web-01")}`, "DELETE", {})).toBe(204);
    await page.click(`#h-${hostId("web-01")} button:has-text("Run now")`);
    await page.waitForSelector(".toast[data-tone=failed] >> text=web-01 is archived");
    await page.close();
  },
  SLOW,
);

test(
  "a job page streams lines and progress, folds, follows and searches",
  async () => {
    const page = await openWindow(browser, fleet, LOOK);
    await page.goto(`/jobs/${fleet.runningJobId}`);
    const agent = fleet.agents.get("nas-01");
    const lines = (from: number, count: number) =>
      Array.from({ length: count }, (_, at) => ({
        seq: from + at,
        ts: Date.now(),
        stream: "stdout" as const,
        payload: `streamed line ${from + at}`,
      }));
    await until(async () => (await page.locator("#log-list li").count()) >= 30, { what: "the stored log" });
    let seq = 2;
    for (let from = 100; from < 4_100; from += 200)
      agent?.send("log.stream", { job_id: fleet.runningJobId, lines: lines(from, 200) }, seq++);
    await page.waitForSelector("text=streamed line 4099");
    const painted = await page.locator("#log-list li").count();
    expect(painted).toBeLessThan(1_600);
    expect(await page.locator("#log-list li.gap").count()).toBe(1);
    await page.locator("#log-count", { hasText: /^4,033 lines$/ }).waitFor();
    await page.locator("#log-list li.gap button").evaluate((button: HTMLElement) => button.click());
    await until(async () => (await page.locator("#log-list li").count()) > painted, { what: "an opened fold" });
    await page.fill("#log-search", "line 2500");
    await page.waitForSelector("#log-hits mark:has-text('line 2500')");
    await page.fill("#log-search", "");
    await page.waitForSelector("#log-list");
    agent?.send("job.progress", {
      job_id: fleet.runningJobId,
      percent_done: 0.77,
      files_done: 60_000,
      total_files: 76_931,
      bytes_done: 1,
      total_bytes: 2,
      eta_seconds: 600,
      throughput_bps: 1024,
      current_files: ["/tank2/photos/streamed.jpg"],
      phase: "backup",
    });
    await page.waitForSelector("[data-progress=current]:has-text('streamed.jpg')");
    await page.waitForSelector("h1:has-text('77 %, about 10 min left')");
    expect(page.problems).toEqual([]);
    await page.close();
  },
  SLOW,
);

test(
  "a lost connection shows a thin bar, and heals by itself",
  async () => {
    const page = await openWindow(browser, fleet, LOOK);
    await page.goto("/repos");
    await page.context().setOffline(true);
    await poll(page);
    await page.waitForSelector("#reconnect:not([hidden])");
    await page.context().setOffline(false);
    await poll(page);
    await page.waitForSelector("#reconnect", { state: "hidden" });
    await page.close();
  },
  SLOW,
);

test(
  "the keyboard finds, lists its shortcuts, and walks the nights",
  async () => {
    const page = await openWindow(browser, fleet, LOOK);
    await page.goto("/");
    await page.keyboard.press("/");
    expect(await page.evaluate(() => document.activeElement?.id)).toBe("filter-q");
    await page.evaluate(() => (document.activeElement as HTMLElement).blur());
    await page.keyboard.press("?");
    await page.waitForSelector("#shortcuts[open]");
    await page.keyboard.press("Escape");
    await page.locator(`#h-${hostId("db-01")} .strip`).focus();
    await page.keyboard.press("ArrowLeft");
    const label = () => page.evaluate(() => document.activeElement?.getAttribute("aria-label"));
    expect(await label()).toContain("Fri 20 Nov: failed");
    await page.keyboard.press("ArrowLeft");
    expect(await label()).toContain("Thu 19 Nov: ok");
    await page.keyboard.press("Enter");
    await page.waitForURL(/\/jobs\?host_id=.*day=2026-11-19/);
    await page.waitForSelector("text=Backup of postgres");
    await page.keyboard.press("Control+k");
    await page.waitForSelector("#palette-list [role=option]");
    await page.keyboard.type("nas-01");
    await page.waitForSelector("#palette-list [role=option]:has-text('nas-01')");
    await until(
      async () => (await page.locator("#palette-list [role=option]").first().textContent())?.includes("nas-01"),
      {
        what: "the best match first",
      },
    );
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("ArrowUp");
    await page.keyboard.press("Enter");
    await page.waitForURL(/\/hosts\/|\/jobs/);
    expect(page.problems).toEqual([]);
    await page.close();
  },
  SLOW,
);

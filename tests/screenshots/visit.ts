// Opens pages of the sample fleet as the admin, or as a stranger, and waits until everything on them has arrived.
import type { TestBrowser, TestPage, Theme } from "../testbed/browser.ts";
import type { SampleFleet } from "./fleet.ts";
import type { SamplePage } from "./pages.ts";

export type Look = { theme: Theme; width: number };

/** A browser window of its own; signed in as the admin unless it is a stranger's. */
export async function openWindow(
  browser: TestBrowser,
  fleet: SampleFleet,
  { theme, width }: Look,
  stranger = false,
): Promise<TestPage> {
  const page = await browser.newPage({ theme, width, baseUrl: fleet.url });
  if (stranger) return page;
  const [name = "", value = ""] = fleet.admin.cookie.split("=");
  await page.context().addCookies([{ name, value, url: fleet.url }]);
  return page;
}

export async function visit(page: TestPage, { path }: SamplePage): Promise<void> {
  await page.goto(path, { waitUntil: "load" });
  await page.evaluate(() => document.fonts.ready);
}

/** How many pixels the page is wider than the window. */
export async function sidewaysPixels(page: TestPage): Promise<number> {
  return await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
}

/** What the browser complained of; a page that is not there may be missing. */
export function complaintsOf(page: TestPage): string[] {
  return page.problems.filter((problem) => !problem.includes("status of 404"));
}

// Opens pages of the sample fleet as the admin or as a stranger, and waits until they have loaded completely.
import type { TestBrowser, TestPage, Theme } from "../testbed/browser.ts";
import type { SampleFleet } from "./fleet.ts";
import type { SamplePage } from "./pages.ts";

export type Look = { theme: Theme; width: number };

/** Windows in one look: strangers' and the admins', each with its own cookies. */
export type Windows = { visit: (sample: SamplePage) => Promise<TestPage>; all: TestPage[] };

/** A browser window of its own; signed in where a cookie is given. */
export async function openWindow(
  browser: TestBrowser,
  { url, admin }: { url: string; admin?: { cookie: string } },
  { theme, width }: Look,
): Promise<TestPage> {
  const page = await browser.newPage({ theme, width, baseUrl: url });
  const [name = "", value = ""] = admin?.cookie.split("=") ?? [];
  if (name) await page.context().addCookies([{ name, value, url }]);
  return page;
}

export async function openWindows(browser: TestBrowser, fleet: SampleFleet, look: Look): Promise<Windows> {
  const own = await openWindow(browser, fleet, look);
  const strange = await openWindow(browser, { url: fleet.url }, look);
  const empty = await openWindow(browser, fleet.empty, look);
  const fresh = await openWindow(browser, fleet.fresh, look);
  return {
    all: [own, strange, empty, fresh],
    visit: async ({ path, on, stranger, act }) => {
      const page = on === "empty" ? empty : on === "fresh" ? fresh : stranger ? strange : own;
      await page.goto(path, { waitUntil: "load" });
      await page.evaluate(() => document.fonts.ready);
      await act?.(page);
      return page;
    },
  };
}

/** How many pixels the page is wider than the window. */
export async function sidewaysPixels(page: TestPage): Promise<number> {
  return await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
}

/** What the browsers complained of; a refused form (400, 401, 409) and a missing page (404) are part of the pictures. */
export function complaintsOf({ all }: Windows): string[] {
  return all.flatMap((page) => page.problems).filter((problem) => !/status of 40[0149]/.test(problem));
}

// Opens a page of the sample fleet as the admin, or as a stranger, when everything on it has arrived.
import type { TestBrowser, TestPage, Theme } from "../testbed/browser.ts";
import type { SampleFleet } from "./fleet.ts";
import type { SamplePage } from "./pages.ts";

export async function openSamplePage(
  browser: TestBrowser,
  fleet: SampleFleet,
  sample: SamplePage,
  { theme, width }: { theme: Theme; width: number },
): Promise<TestPage> {
  const page = await browser.newPage({ theme, width, baseUrl: fleet.url });
  if (!sample.stranger) {
    const [name = "", value = ""] = fleet.admin.cookie.split("=");
    await page.context().addCookies([{ name, value, url: fleet.url }]);
  }
  await page.goto(sample.path, { waitUntil: "load" });
  await page.evaluate(() => document.fonts.ready);
  return page;
}

/** Accessibility: axe finds nothing on any page, and no page scrolls sideways. Each theme has its own test file, so that they run in parallel. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { type SampleFleet, startSampleFleet } from "../screenshots/fleet.ts";
import { samplePages } from "../screenshots/pages.ts";
import { complaintsOf, openWindows, sidewaysPixels } from "../screenshots/visit.ts";
import { axeViolations, launchBrowser, type TestBrowser, type Theme } from "../testbed/browser.ts";
import { createCleanup } from "../testbed/temp.ts";

/** Declares the test of every page in this theme at this width (CSS pixels). */
export function testEveryPage(theme: Theme, width: 390 | 1280 | 1920): void {
  const cleanup = createCleanup();
  let fleet: SampleFleet;
  let browser: TestBrowser;

  beforeAll(async () => {
    fleet = await startSampleFleet(cleanup);
    browser = await launchBrowser();
    cleanup.add(() => browser.close());
  }, 180_000);
  afterAll(cleanup.run);

  test(`every page, ${theme} at ${width} px, has no violation and no sideways scrolling`, async () => {
    const found: string[] = [];
    const windows = await openWindows(browser, fleet, { theme, width });
    for (const sample of samplePages(fleet)) {
      const page = await windows.visit(sample);
      found.push(...(await axeViolations(page)).map((violation) => `${sample.name}: ${violation}`));
      const sideways = await sidewaysPixels(page);
      if (sideways > 0) found.push(`${sample.name}: scrolls sideways by ${sideways} px`);
    }
    found.push(...complaintsOf(windows));
    for (const page of windows.all) await page.close();
    expect(found).toEqual([]);
  }, 600_000);
}

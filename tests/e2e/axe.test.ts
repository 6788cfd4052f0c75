/** Access: axe finds nothing on any page, in either theme, on a phone and on a desk; and no page scrolls sideways. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { type SampleFleet, startSampleFleet } from "../screenshots/fleet.ts";
import { samplePages } from "../screenshots/pages.ts";
import { complaintsOf, openWindows, sidewaysPixels } from "../screenshots/visit.ts";
import { axeViolations, launchBrowser, type TestBrowser } from "../testbed/browser.ts";
import { createCleanup } from "../testbed/temp.ts";

const cleanup = createCleanup();
let fleet: SampleFleet;
let browser: TestBrowser;

beforeAll(async () => {
  fleet = await startSampleFleet(cleanup);
  browser = await launchBrowser();
  cleanup.add(() => browser.close());
}, 180_000);
afterAll(cleanup.run);

describe.each([
  ["light", 1280],
  ["dark", 390],
] as const)("every page, %s at %i px", (theme, width) => {
  test("has no violation and no sideways scrolling", async () => {
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
});

// `npm run screenshots`: takes every page of the sample fleet in both themes at 390, 1280 and 1920 px, into docs/screenshots/.
import { mkdirSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { launchBrowser, type TestBrowser, type Theme } from "../testbed/browser.ts";
import { createCleanup } from "../testbed/temp.ts";
import { type SampleFleet, startSampleFleet } from "./fleet.ts";
import { type SamplePage, samplePages } from "./pages.ts";
import { complaintsOf, type Look, openWindows, sidewaysPixels } from "./visit.ts";

const OUT = resolve(import.meta.dir, "../../docs/screenshots");
const WIDTHS = [390, 1280, 1920] as const;
const THEMES: readonly Theme[] = ["light", "dark"];

/** Pictures whose page scrolls sideways, or which reported an error; empty when all is well. */
async function takeAll(only: readonly string[]): Promise<string[]> {
  const cleanup = createCleanup();
  try {
    const fleet = await startSampleFleet(cleanup);
    const browser = await launchBrowser();
    cleanup.add(() => browser.close());
    const pages = samplePages(fleet).filter(({ name }) => only.length === 0 || only.includes(name));
    if (only.length === 0) rmSync(OUT, { recursive: true, force: true });
    mkdirSync(OUT, { recursive: true });
    const complaints: string[] = [];
    for (const theme of THEMES)
      for (const width of WIDTHS) complaints.push(...(await takeOne(browser, fleet, pages, { theme, width })));
    console.log(`${pages.length} pages, ${pages.length * THEMES.length * WIDTHS.length} pictures in ${OUT}`);
    return complaints;
  } finally {
    await cleanup.run();
  }
}

async function takeOne(
  browser: TestBrowser,
  fleet: SampleFleet,
  samples: readonly SamplePage[],
  look: Look,
): Promise<string[]> {
  const complaints: string[] = [];
  const windows = await openWindows(browser, fleet, look);
  for (const sample of samples) {
    const name = `${sample.name}-${look.theme}-${look.width}`;
    const page = await windows.visit(sample);
    await page.screenshot({ path: join(OUT, `${name}.png`), fullPage: true });
    const sideways = await sidewaysPixels(page);
    if (sideways > 0) complaints.push(`${name}: scrolls sideways by ${sideways} px`);
  }
  complaints.push(...complaintsOf(windows));
  for (const page of windows.all) await page.close();
  return complaints;
}

const complaints = await takeAll(process.argv.slice(2));
for (const complaint of complaints) console.error(complaint);
process.exit(complaints.length === 0 ? 0 : 1);

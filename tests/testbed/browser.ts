// The real Chromium, driven by playwright-core: one browser per test file, one context per theme and width.
import { AxeBuilder } from "@axe-core/playwright";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";
import { ADMIN } from "./server.ts";
import type { Cleanup } from "./temp.ts";
import { ensureTool } from "./tools.ts";

export type Theme = "light" | "dark";

export type PageOptions = {
  theme?: Theme;
  /** CSS pixels: 390 is a phone, 1280 a laptop, 1920 a desk. */
  width?: number;
  height?: number;
  /** Prepended to relative addresses in `page.goto`. */
  baseUrl?: string;
  /** Cookies and storage of an earlier context (`context.storageState()`). */
  storageState?: Awaited<ReturnType<BrowserContext["storageState"]>>;
  ignoreHttpsErrors?: boolean;
  /** false: as in a browser in which scripts are switched off. */
  script?: boolean;
};

export type TestBrowser = {
  browser: Browser;
  /** A page in a context of its own: no cookies shared with others, unless given by `storageState`. */
  newPage(options?: PageOptions): Promise<TestPage>;
  close(): Promise<void>;
} & AsyncDisposable;

export type TestPage = Page & {
  /** What went wrong in the page so far: uncaught errors, console errors, refused content. */
  problems: string[];
};

const FLAGS = [
  ...["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking"],
  ...["--disable-component-update", "--disable-sync", "--no-first-run"],
  "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
];

/** Below the time-out of a test, so that it is Playwright that reports and not the runner that kills. */
const ACTION_TIMEOUT_MS = 20_000;

/** Launches Chromium, which reaches loopback addresses only. */
export async function launchBrowser(): Promise<TestBrowser> {
  const executablePath = await ensureTool("chromium");
  const browser = await chromium.launch({ executablePath, headless: true, args: FLAGS, timeout: 20_000 });
  const close = () => browser.close();
  return { browser, newPage: (options) => openPage(browser, options ?? {}), close, [Symbol.asyncDispose]: close };
}

async function openPage(browser: Browser, options: PageOptions): Promise<TestPage> {
  const context = await browser.newContext({
    colorScheme: options.theme ?? "light",
    viewport: { width: options.width ?? 1280, height: options.height ?? 900 },
    reducedMotion: "reduce",
    locale: "en-GB",
    timezoneId: "UTC",
    ignoreHTTPSErrors: options.ignoreHttpsErrors ?? false,
    javaScriptEnabled: options.script ?? true,
    ...(options.baseUrl === undefined ? {} : { baseURL: options.baseUrl }),
    ...(options.storageState === undefined ? {} : { storageState: options.storageState }),
  });
  context.setDefaultTimeout(ACTION_TIMEOUT_MS);
  const page = await context.newPage();
  const problems: string[] = [];
  page.on("pageerror", (error) => problems.push(`uncaught: ${error.message}`));
  page.on("console", (message) => {
    if (message.type() === "error") problems.push(`console: ${message.text()}`);
  });
  page.on("close", () => void context.close().catch(() => undefined));
  return Object.assign(page, { problems });
}

/** A browser of its own with one page, whose person has signed in by the form and is on the dashboard. */
export async function openSignedInPage(cleanup: Cleanup, baseUrl: string): Promise<TestPage> {
  const browser = await launchBrowser();
  cleanup.add(browser.close);
  const page = await browser.newPage({ baseUrl });
  await page.goto("/login");
  await page.fill("input[name=username]", ADMIN.username);
  await page.fill("input[name=password]", ADMIN.password);
  await page.click("button[type=submit]");
  await page.waitForURL((url) => url.pathname === "/");
  return page;
}

/**
 * Runs axe on the page as it is now and returns one line per violation: rule, help, and the first elements.
 * An empty list is what tests expect.
 */
export async function axeViolations(page: Page): Promise<string[]> {
  // Its legacy mode leaves out nothing but frames of other origins, which our pages cannot have, and takes a third of the time.
  const axe = new AxeBuilder({ page }).options({ resultTypes: ["violations"] }).setLegacyMode(true);
  const { violations } = await axe.analyze();
  return violations.map(({ id, help, nodes }) => {
    const where = nodes.slice(0, 3).map((node) => `${node.target.join(" ")} ${node.html.slice(0, 160)}`);
    return `${id}: ${help} (${nodes.length}×)\n    ${where.join("\n    ")}`;
  });
}

// Lists every page of the product as an address in the sample fleet; each one is a screenshot, and is checked with axe.
import type { Page } from "playwright-core";
import { deleteDeletionHold, insertDeletionHold } from "../../db/queries/deletion-holds.ts";
import { newId } from "../../shared/ids.ts";
import { HOUR_MS } from "../../shared/time/clock.ts";
import { PASSWORD } from "../testbed/app.ts";
import type { SampleFleet } from "./fleet.ts";

export type SamplePage = {
  name: string;
  path: string;
  /** On the server without hosts or without users instead of the fleet's. */
  on?: "empty" | "fresh";
  /** Without signing in. */
  stranger?: boolean;
  /** What a person does there before the picture. */
  act?: (page: Page) => Promise<void>;
};

export function samplePages(fleet: SampleFleet): SamplePage[] {
  const { hosts, runningJobId, waitingJobId, doneJobId, failedJobId } = fleet;
  const host = (name: string) => {
    const found = hosts.find(({ sample }) => sample.name === name);
    if (!found) throw new Error(`the sample fleet has no ${name}`);
    return found;
  };
  const nas = host("nas-01");
  const away = host("nas-02");
  const mail = host("mail-01");
  const laptop = host("laptop-anna");
  const base = `/hosts/${nas.id}`;
  return [
    { name: "onboarding", path: `/login?setup=${fleet.fresh.setupToken}`, on: "fresh", stranger: true },
    { name: "dashboard-empty", path: "/", on: "empty" },
    { name: "sign-in", path: "/login", stranger: true },
    { name: "sign-in-refused", path: "/login", stranger: true, act: signInWrongly },
    { name: "set-password", path: `/setup/${fleet.setupLinkToken}`, stranger: true },
    { name: "dashboard", path: "/" },
    { name: "dashboard-filtered", path: "/?q=web&tag=prod&sort=repo_size&dir=desc" },
    { name: "dashboard-no-match", path: "/?q=nobody" },
    { name: "add-host", path: "/hosts/new" },
    { name: "accept-host", path: `/hosts/pending/${fleet.pendingId}` },
    { name: "host-replaced", path: `/hosts/${host("vpn-01").id}` },
    { name: "host-old-unit", path: `/hosts/${host("git-01").id}` },
    { name: "hold-deletion", path: `/deletion-holds?host_id=${nas.id}` },
    { name: "deletion-held", path: "/deletion-holds", act: (page) => showHolds(page, fleet, nas.id) },
    { name: "system", path: "/settings/system" },
    { name: "recovery-sheet", path: "/settings/system", act: makeSheet },
    { name: "tags-editor", path: base, act: (page) => page.click("[aria-label='Edit tags']") },
    { name: "host-snapshots", path: base },
    { name: "host-offline", path: `/hosts/${away.id}` },
    { name: "host-sources", path: `${base}/sources` },
    { name: "host-source-new", path: `${base}/sources/new` },
    { name: "host-source-edit", path: `${base}/sources/${nas.groups[0]?.id}` },
    { name: "host-source-held", path: `/hosts/${laptop.id}/sources/${laptop.groups[0]?.id}` },
    {
      name: "source-conflict",
      path: `${base}/sources/${nas.groups[1]?.id}`,
      act: (page) => saveInTwoTabs(page, fleet),
    },
    { name: "host-schedules", path: `${base}/schedules` },
    { name: "host-schedule-new", path: `${base}/schedules/new`, act: (page) => page.click("text=Weekdays 19:00") },
    { name: "host-repos", path: `${base}/repos` },
    { name: "host-jobs", path: `${base}/jobs` },
    { name: "host-settings", path: `${base}/settings` },
    { name: "repo", path: `${base}/repos/${nas.repoId}` },
    { name: "repo-failed", path: `/hosts/${away.id}/repos/${away.repoId}` },
    { name: "repo-damaged", path: `/hosts/${mail.id}/repos/${mail.repoId}` },
    { name: "repo-new", path: `${base}/repos/new` },
    { name: "repo-maintenance-form", path: `${base}/repos/${nas.repoId}`, act: openMaintenance },
    { name: "repo-proposed-budget", path: `${base}/repos/${nas.repoId}?budget_gib=942` },
    { name: "repos", path: "/repos" },
    { name: "job-forget", path: `/jobs/${fleet.forgetJobId}` },
    { name: "job-check-errors", path: `/jobs/${fleet.checkJobId}` },
    { name: "jobs", path: "/jobs" },
    { name: "jobs-of-a-night", path: `/jobs?host_id=${nas.id}&day=2026-11-19&kind=backup` },
    { name: "job-running", path: `/jobs/${runningJobId}` },
    { name: "job-waiting", path: `/jobs/${waitingJobId}` },
    { name: "job-done", path: `/jobs/${doneJobId}` },
    { name: "job-failed", path: `/jobs/${failedJobId}` },
    { name: "audit", path: "/audit" },
    { name: "account", path: "/settings/account" },
    { name: "search", path: "/search?q=nas" },
    { name: "not-found", path: "/nowhere" },
    { name: "menu", path: "/", act: (page) => page.click(`#h-${nas.id} [aria-haspopup=menu]`) },
    { name: "palette", path: "/", act: openPalette },
    { name: "shortcuts", path: "/", act: (page) => page.keyboard.press("?") },
    { name: "archive-dialog", path: `${base}/settings`, act: (page) => page.click("text=Archive…") },
    { name: "source-refused", path: `${base}/sources/new`, act: addWrongSource },
    { name: "credential-form", path: `${base}/repos/${nas.repoId}`, act: (page) => page.click("text=Change…") },
    { name: "add-host-result", path: "/hosts/new", act: addHost },
  ];
}

async function makeSheet(page: Page): Promise<void> {
  await page.fill("#current", PASSWORD);
  await page.click("text=Create recovery sheet");
  await page.waitForSelector(".sheet-lines");
}

async function openMaintenance(page: Page): Promise<void> {
  await page.click("#change-maintenance > summary");
}

async function signInWrongly(page: Page): Promise<void> {
  // Two names, so that six looks stay below what slows guessing down.
  await page.fill("#username", page.viewportSize()?.width === 1920 ? "jonas" : "mara");
  await page.fill("#password", "not the password");
  await page.click("button[type=submit]");
  await page.waitForSelector(".error");
}

async function openPalette(page: Page): Promise<void> {
  await page.keyboard.press("Control+k");
  await page.keyboard.type("photos");
  await page.waitForSelector("#palette-list [role=option]:has-text('photos')");
}

async function addWrongSource(page: Page): Promise<void> {
  await page.fill("#name", "website");
  await page.fill("#includes", "var/www");
  await page.click("button.btn-primary");
  await page.waitForSelector(".error");
}

async function saveInTwoTabs(page: Page, { app }: SampleFleet): Promise<void> {
  // The fleet's clock stands still; the two are saved one after the other.
  app.clock.move(1);
  const other = await page.context().newPage();
  await other.goto(page.url());
  const before = await other.inputValue("#excludes");
  await other.fill("#excludes", before.includes("*.iso") ? "*.img" : "*.iso");
  await other.click("text=Save source group");
  await other.waitForURL(/sources$/);
  await other.close();
  await page.fill("#excludes", "*.tmp\n*.part");
  await page.click("text=Save source group");
  await page.waitForSelector(".conflict");
}

/** The holds are gone from the database before the next page, but this page keeps showing them. */
async function showHolds(page: Page, { app, admin }: SampleFleet, hostId: string): Promise<void> {
  const reason = "Odd file names on nas-01, possibly ransomware";
  const hold = { tag: null, reason, heldByUserId: admin.userId, heldAt: app.clock.now() - HOUR_MS };
  const holds = [
    { ...hold, id: newId(), hostId },
    { ...hold, id: newId(), hostId: null, tag: "prod" },
  ];
  for (const one of holds) insertDeletionHold(app.db, one);
  await page.reload();
  await page.waitForSelector(".banner");
  await page.evaluate(() => window.scrollTo(0, 0));
  for (const { id } of holds) deleteDeletionHold(app.db, id);
}

async function addHost(page: Page): Promise<void> {
  await page.fill("#host_name", "web-03");
  await page.fill("#url", "rest:https://vault.linden.example:8000/web-03/");
  await page.fill("#includes", "/etc\n/home\n/var/www");
  await page.click("text=Create install command");
  await page.waitForSelector("#enrollment");
}

/** The System page in a browser: a backup of the database by hand, and a recovery sheet that plain restic can restore from. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { agentIn } from "../testbed/agent.ts";
import { openSignedInPage, type TestPage } from "../testbed/browser.ts";
import { runCommand } from "../testbed/command.ts";
import { type ControlPlane, startControlPlane } from "../testbed/control-plane.ts";
import { ADMIN } from "../testbed/server.ts";
import { createCleanup } from "../testbed/temp.ts";
import { ensureTools } from "../testbed/tools.ts";

const cleanup = createCleanup();
let plane: ControlPlane;
let page: TestPage;
let restic: string;
let home: string;

beforeAll(async () => {
  restic = (await ensureTools(["restic-0.19", "rest-server", "chromium"]))["restic-0.19"];
  plane = await startControlPlane(cleanup);
  home = await cleanup.tempFolder();
  mkdirSync(join(home, "source"));
  writeFileSync(join(home, "source", "letter.txt"), "the only copy");
  const added = await plane.addHost({ name: "web-01", includes: [join(home, "source")] });
  const agent = agentIn({ home, restic, quick: true });
  await agent.enroll(plane.server.url, added.token);
  const running = agent.start();
  cleanup.add(async () => void (await running.stop()));
  await plane.finishedBackup("web-01");
  page = await openSignedInPage(cleanup, plane.server.url);
}, 180_000);
afterAll(cleanup.run, 30_000);

test("the account menu leads to the page, which warns that there is no backup yet; Back up now makes a copy", async () => {
  await page.click("button[popovertarget=account-menu]");
  await page.click("#account-menu a:has-text('System')");
  await page.locator("h1", { hasText: "has not been backed up yet" }).waitFor();
  await page.locator("text=on the same disk").waitFor();
  await page.click("button:has-text('Back up now')");
  await page.locator("text=Database backed up to").first().waitFor();
  const path =
    (await page.locator("#copies ~ * code.break, section:has(#copies) code.break").first().textContent()) ?? "";
  expect(existsSync(path)).toBe(true);
  expect(page.problems).toEqual([]);
});

test("the recovery sheet asks for the password again; what it says restores with plain restic", async () => {
  await page.goto("/settings/system");
  await page.fill("input[name=current]", "not my password");
  await page.click("button:has-text('Create recovery sheet')");
  await page.locator(".error", { hasText: "not your current password" }).waitFor();
  page.problems.length = 0;
  await page.fill("input[name=current]", ADMIN.password);
  await page.click("button:has-text('Create recovery sheet')");
  await page.locator("h1", { hasText: "Recovery sheet for 1 repository" }).waitFor();
  const lines = (await page.locator(".sheet-lines").first().textContent()) ?? "";
  const target = join(await cleanup.tempFolder(), "restored");
  const script = `set -e\n${lines.replace("./restored", target).replaceAll(/^restic /gm, `${restic} --no-cache `)}`;
  const done = await runCommand(["sh", "-c", script], { timeoutMs: 60_000 });
  expect(done.stderr).toBe("");
  expect(readFileSync(join(target, home, "source/letter.txt"), "utf8")).toBe("the only copy");
  expect(page.problems).toEqual([]);
  await page.goto("/settings/system");
  await page.locator("text=No credentials have changed since then").waitFor();
}, 90_000);

test("as an encrypted file it needs a passphrase of some length, and holds no secret in plain", async () => {
  await page.goto("/settings/system");
  await page.selectOption("select[name=form]", "file");
  await page.fill("input[name=passphrase_password]", "short");
  await page.fill("input[name=current]", ADMIN.password);
  await page.click("button:has-text('Create recovery sheet')");
  await page.locator(".error", { hasText: "At least 12" }).waitFor();
  page.problems.length = 0;
  expect(await page.inputValue("select[name=form]")).toBe("file");
  await page.fill("input[name=passphrase_password]", "a long passphrase");
  await page.fill("input[name=current]", ADMIN.password);
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.click("button:has-text('Create recovery sheet')"),
  ]);
  const path = join(await cleanup.tempFolder(), "sheet.enc");
  await download.saveAs(path);
  expect(readFileSync(path, "latin1").startsWith("Salted__")).toBe(true);
  const opened = await runCommand([
    "openssl",
    "enc",
    "-d",
    "-aes-256-cbc",
    "-pbkdf2",
    "-iter",
    "600000",
    "-in",
    path,
    "-pass",
    "pass:a long passphrase",
  ]);
  expect(opened.stdout).toContain("export RESTIC_PASSWORD='repo of web-01");
});

/** Files, groups and machines with names made to break pages, logs and commands are shown literally, and nothing in them runs. */
import { afterAll, expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openScene } from "../faults/scene.ts";
import { launchBrowser } from "../testbed/browser.ts";
import { createCleanup } from "../testbed/temp.ts";

const cleanup = createCleanup();
afterAll(cleanup.run, 30_000);

const NAMES = [
  "<img src=x onerror=window.pwned=1>",
  "--password-command=touch pwned",
  "-r",
  "$(touch pwned) `touch pwned` ; touch pwned",
  "two\nlines",
  "red \u001b[31mterminal\u001b[0m",
  '"quotes" and \\backslash\\',
  "#hash [bracket] *star* $HOME",
  " leading and trailing ",
];

test("hostile names are text everywhere", async () => {
  const scene = await openScene(cleanup);
  const client = scene.client();
  const folder = join(scene.source, NAMES[0] ?? "");
  mkdirSync(folder);
  for (const name of NAMES) writeFileSync(join(folder, name), `content of ${name}`);
  const group = `/api/hosts/${scene.hostId}/source-groups/${scene.groupId}`;
  const changed = await client.request("PUT", group, {
    name: "<b onmouseover=window.pwned=1>group</b>",
    includes: [folder, join(folder, "--password-command=touch pwned"), "/nowhere/<script>window.pwned=1</script>"],
    excludes: ["*$HOME*", "<i>!"],
    log_files: true,
  });
  expect(changed.status).toBe(200);
  expect((await client.request("PUT", group, { includes: ["/with\nnewline"] })).status).toBe(400);
  expect((await client.request("PUT", group, { excludes: ["# a comment"] })).status).toBe(400);
  expect((await client.request("PATCH", `/api/hosts/${scene.hostId}`, { name: "<b>x</b>" })).status).toBe(400);
  expect((await client.request("PATCH", `/api/hosts/${scene.hostId}`, { tags: ["<b>"] })).status).toBe(400);

  const job = await scene.ended(await scene.run());
  expect(job.status).toBe("succeeded");
  expect(Number(job.stats?.["total_files_processed"])).toBeGreaterThanOrEqual(NAMES.length - 1);
  const text = await (
    await fetch(`${scene.server().url}/api/jobs/${job.id}/log.txt`, { headers: { cookie: client.cookie } })
  ).text();
  expect(text).not.toContain("\u001b");
  expect(
    text
      .split("\n")
      .filter(Boolean)
      .every((line) => /^(\d{4}-\d\d-\d\dT| {32}\| )/.test(line)),
  ).toBe(true);
  expect(text).toContain("onerror=window.pwned=1");

  const browser = await launchBrowser();
  cleanup.add(() => browser.close());
  const page = await browser.newPage({ baseUrl: scene.server().url });
  const [name, value] = client.cookie.split("=");
  await page.context().addCookies([{ name: name ?? "", value: value ?? "", url: scene.server().url }]);
  const host = `/hosts/${scene.hostId}`;
  for (const path of [
    `/jobs/${job.id}`,
    "/",
    host,
    `${host}/sources`,
    `${host}/sources/${scene.groupId}`,
    "/jobs",
    "/audit",
  ]) {
    const answer = await page.goto(path);
    expect(answer?.status(), path).toBe(200);
    await page.waitForLoadState("networkidle");
    expect(await page.evaluate(() => (window as unknown as { pwned?: number }).pwned ?? null), path).toBeNull();
    expect(await page.locator("img[src=x], main script, b[onmouseover]").count(), path).toBe(0);
  }
  await page.goto(`/jobs/${job.id}`);
  await page.locator("#log-list", { hasText: "onerror=window.pwned=1" }).waitFor();
  expect(page.problems).toEqual([]);
}, 90_000);

/** The list of all repos: those that need attention first, paged, and quick with thousands. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { insertRepo, updateRepo } from "../db/queries/repos.ts";
import { newId } from "../shared/ids.ts";
import { type Person, signInAs, startApp, type TestApp } from "./testbed/app.ts";
import { enrollHost, type TestHost } from "./testbed/hosts.ts";
import { createCleanup } from "./testbed/temp.ts";

const cleanup = createCleanup();
let app: TestApp;
let admin: Person;
let viewer: Person;
const hosts: Record<string, TestHost> = {};
beforeAll(async () => {
  app = await startApp(cleanup);
  admin = await signInAs(app, "admin");
  viewer = await signInAs(app, "viewer");
  for (const name of ["alpha", "beta", "gamma"]) {
    const host = await enrollHost(app, admin, { name });
    hosts[name] = host;
    updateRepo(app.db, host.rid, { status: "ready", resticId: newId(), appendOnly: "not_applicable" });
  }
});
afterAll(cleanup.run);

const read = async (path: string) => (await app.request(path, { headers: { cookie: viewer.cookie } })).text();
const hostsOf = (html: string) =>
  [...html.matchAll(/<tr id="r-[^>]*>.*?<td data-th="Host"><code>([^<]*)</gs)].map(([, name]) => name);

test("all well: by host, and no remark about an order that is none", async () => {
  const html = await read("/repos");
  expect(hostsOf(html)).toEqual(["alpha", "beta", "gamma"]);
  expect(html).toContain("All 3 repositories are ready.");
  expect(html).not.toContain("first, then by host");
});

test("what needs somebody comes first and is named, with its reason", async () => {
  updateRepo(app.db, hosts["gamma"]?.rid ?? "", { status: "failed", statusCode: "repo_unreachable" });
  updateRepo(app.db, hosts["beta"]?.rid ?? "", { appendOnly: "proven" });
  const html = await read("/repos");
  expect(hostsOf(html)).toEqual(["gamma", "beta", "alpha"]);
  expect(html.replace(/<[^>]+>/g, "")).toContain("1 repo needs attention: main of gamma cannot be opened.");
  expect(html).toContain("1 keeps everything until you add an admin credential");
  expect(html).toContain("Repos that need attention first, then by host.");
  expect(html).toContain("needs an admin credential");
});

test("with thousands of repos a page is there at once", async () => {
  const hostId = hosts["alpha"]?.id ?? "";
  const now = app.clock.now();
  app.db.$client.transaction(() => {
    for (let n = 0; n < 2000; n++)
      insertRepo(app.db, {
        id: newId(),
        hostId,
        name: `more-${n}`,
        isPrimary: false,
        kind: "rest",
        url: "rest:http://vault:8000/web/",
        status: "ready",
        appendOnly: "not_applicable",
        checkCron: n % 3 === 0 ? `${n % 60} 3 * * *` : null,
        createdAt: now,
        updatedAt: now,
      });
  })();
  await read("/repos");
  const took: number[] = [];
  for (let n = 0; n < 9; n++) {
    const began = performance.now();
    await read(`/repos?offset=${n * 50}`);
    took.push(performance.now() - began);
  }
  expect(Math.min(...took)).toBeLessThan(100);
  expect(hostsOf(await read("/repos?offset=50"))).toHaveLength(50);
});

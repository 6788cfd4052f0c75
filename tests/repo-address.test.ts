/** A repository address is used as typed, or questioned, in the form and through REST alike. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { updateRepo } from "../db/queries/repos.ts";
import { type Person, signInAs, startApp, type TestApp } from "./testbed/app.ts";
import { enrollHost, jsonClient } from "./testbed/hosts.ts";
import { createCleanup } from "./testbed/temp.ts";

const cleanup = createCleanup();
let app: TestApp;
let admin: Person;
beforeAll(async () => {
  app = await startApp(cleanup);
  admin = await signInAs(app, "admin");
});
afterAll(cleanup.run);

async function send(path: string, fields: Record<string, string>) {
  const headers = { cookie: admin.cookie, "content-type": "application/x-www-form-urlencoded" };
  const body = new URLSearchParams({ csrf: admin.csrf, ...fields }).toString();
  const answer = await app.request(path, { method: "POST", headers, body });
  return { status: answer.status, html: await answer.text() };
}

const form = { host_name: "root-01", kind: "rest", url: "rest:http://vault:8000", includes: "/srv" };

test("the form asks whether the server's root or the user's folder is meant, and makes nothing meanwhile", async () => {
  const asked = await send("/hosts/new", form);
  expect(asked.status).toBe(400);
  expect(asked.html).toContain("rest:http://vault:8000/root-01/");
  expect(asked.html.match(/<input[^>]*name="own_folder"[^>]*>/g)).toHaveLength(2);
  const { items } = await jsonClient(app, admin).call<{ items: { repo_url: string }[] }>(
    "GET",
    "/api/enrollment-tokens",
  );
  expect(items).toEqual([]);

  expect((await send("/hosts/new", { ...form, own_folder: "yes" })).status).toBe(200);
  expect((await send("/hosts/new", { ...form, host_name: "root-02", own_folder: "no" })).status).toBe(200);
  const made = await jsonClient(app, admin).call<{ items: { repo_url: string }[] }>("GET", "/api/enrollment-tokens");
  expect(made.items.map(({ repo_url }) => repo_url).toSorted()).toEqual([
    "rest:http://vault:8000/",
    "rest:http://vault:8000/root-01/",
  ]);
});

test("REST asks by the name of the field that answers", async () => {
  const { ask } = jsonClient(app, admin);
  const body = (repo: Record<string, unknown>) => ({
    host_name: "root-03",
    repo: { url: "rest:http://vault:8000/", ...repo },
  });
  const asked = await ask<{ error: { fields: Record<string, string> } }>("POST", "/api/enrollment-tokens", body({}));
  expect(asked.status).toBe(400);
  expect(Object.keys(asked.body.error.fields)).toEqual(["repo.own_folder"]);
  expect((await ask("POST", "/api/enrollment-tokens", body({ own_folder: false }))).status).toBe(201);
});

test("a repo at the root keeps its address when something else of its credential changes", async () => {
  const host = await enrollHost(app, admin);
  const { ask, call } = jsonClient(app, admin);
  const path = `/api/repos/${host.rid}/credentials/everyday`;
  expect((await ask("PUT", path, { url: "http://vault:8000/" })).status).toBe(400);
  await call("PUT", path, { url: "rest:http://vault:8000/", own_folder: false });
  await call("PUT", path, { http_password: "another one" });
  expect(await call("GET", path)).toMatchObject({ url: "rest:http://vault:8000/" });
  const page = `/hosts/${host.id}/repos/${host.rid}`;
  expect((await send(`${page}/credentials/everyday`, { url: "rest:http://other:8000/" })).html).toContain(
    'id="everyday-own_folder"',
  );
});

test("a server that refuses its root is explained", async () => {
  const host = await enrollHost(app, admin);
  updateRepo(app.db, host.rid, {
    url: "rest:http://vault:8000/",
    status: "waiting",
    statusCode: "unauthorised",
    statusMessage: "The repo server does not know this host's user yet",
    waitingSince: app.clock.now(),
  });
  const answer = await app.request(`/hosts/${host.id}/repos/${host.rid}`, { headers: { cookie: admin.cookie } });
  expect(await answer.text()).toContain("--private-repos");
});

/** Checks every registered route for every role, with CSRF on and off, by walking the router. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { Role } from "../db/schema/users.ts";
import { hasRole } from "../server/http/guard.ts";
import type { Route } from "../server/http/routes.ts";
import { newId } from "../shared/ids.ts";
import { ORIGIN, type Person, signInAs, startApp, type TestApp } from "./testbed/app.ts";
import { createCleanup } from "./testbed/temp.ts";

const cleanup = createCleanup();
let app: TestApp;
let people: Person[];

beforeAll(async () => {
  app = await startApp(cleanup);
  people = [];
  for (const role of ["viewer", "operator", "admin"] as Role[]) people.push(await signInAs(app, role));
});
afterAll(cleanup.run);

const pathOf = (route: Route) => route.path.replace(/:[a-z_]+/gi, () => newId());
const isApi = (route: Route) =>
  (route.path.startsWith("/api/") && route.answers !== "page") || route.path.startsWith("/ws/");
const auditRows = () => app.db.$client.query<{ action: string }, []>("SELECT action FROM audit_log ORDER BY id").all();

type Attempt = { person?: Person; csrf?: boolean; origin?: string; site?: string };

function send(route: Route, { person, csrf = true, origin, site }: Attempt) {
  const headers: Record<string, string> = {};
  if (person) headers["cookie"] = person.cookie;
  if (person && csrf) headers["x-csrf-token"] = person.csrf;
  if (origin) headers["origin"] = origin;
  if (site) headers["sec-fetch-site"] = site;
  if (route.method === "GET") return app.request(pathOf(route), { headers });
  const isForm = route.reads === "form";
  headers["content-type"] = isForm ? "application/x-www-form-urlencoded" : "application/json";
  return app.request(pathOf(route), { method: route.method, headers, body: isForm ? "x=1" : "{}" });
}

/** The code in an error answer, or `page` for an HTML one. */
async function codeOf(answer: Response): Promise<string> {
  if (!answer.headers.get("content-type")?.includes("json")) return "page";
  const body = (await answer.json()) as { error?: { code: string } };
  return body.error?.code ?? "none";
}

const protectedRoutes = () => app.wired.routes.filter((route) => route.access !== "public");
const writes = () => protectedRoutes().filter((route) => route.method !== "GET");

describe("every route", () => {
  test("turns strangers away", async () => {
    const before = auditRows().length;
    for (const route of protectedRoutes()) {
      const answer = await send(route, {});
      expect(isApi(route) ? [401] : [302, 303], `${route.method} ${route.path}`).toContain(answer.status);
    }
    expect(auditRows().length).toBe(before);
  });

  test("refuses roles below its own and lets the others pass", async () => {
    for (const route of protectedRoutes()) {
      for (const person of people) {
        if (route.path.endsWith("logout")) continue;
        const answer = await send(route, { person });
        const code = await codeOf(answer);
        const where = `${person.role} ${route.method} ${route.path} ${answer.status} ${code}`;
        if (hasRole(person.role, route.access)) {
          expect(where).not.toMatch(/ 401 | forbidden$| cross_site$/);
          expect(answer.status).toBeLessThan(500);
        } else expect(answer.status, where).toBe(403);
      }
    }
  });

  test("that writes refuses a missing CSRF token, a foreign origin and a foreign site, and leaves a denied row each", async () => {
    const admin = people[2] as Person;
    for (const route of writes()) {
      for (const attempt of [{ csrf: false }, { origin: "http://evil.example" }, { site: "cross-site" }]) {
        const before = auditRows().length;
        const answer = await send(route, { person: admin, ...attempt });
        expect({ route: route.path, attempt, status: answer.status }).toMatchObject({ status: 403 });
        expect(auditRows().slice(before)).toEqual([{ action: `${route.action}.denied` }]);
      }
      const own = await send(route, { person: admin, csrf: false, origin: ORIGIN });
      expect(own.status).toBe(403);
    }
  });

  test("that writes leaves a denied row when the role is too low", async () => {
    const viewer = people[0] as Person;
    for (const route of writes().filter((r) => !hasRole("viewer", r.access))) {
      const before = auditRows().length;
      expect((await send(route, { person: viewer })).status).toBe(403);
      expect(auditRows().slice(before)).toEqual([{ action: `${route.action}.denied` }]);
    }
  });

  test("of the API answers errors in its own form, unknown fields and parameters included", async () => {
    const admin = people[2] as Person;
    for (const route of app.wired.routes.filter((r) => r.path.startsWith("/api/") && r.access !== "public")) {
      if (!(route.method === "GET" ? route.query : route.body)) continue;
      const headers = { cookie: admin.cookie, "x-csrf-token": admin.csrf, "content-type": "application/json" };
      const target = pathOf(route) + (route.method === "GET" && route.query ? "?surely_unknown=1" : "");
      const answer = await app.request(target, {
        method: route.method,
        headers,
        ...(route.method === "GET" ? {} : { body: '{"surely_unknown":1}' }),
      });
      const body = (await answer.json()) as { error: { code: string; message: string } };
      expect({ path: route.path, status: answer.status, code: body.error?.code }).toMatchObject({
        status: 400,
        code: "bad_input",
      });
      expect(body.error.message.length).toBeGreaterThan(5);
    }
  });
});

test("an unknown address and a malformed body are answered in the API's form", async () => {
  const missing = await app.request("/api/nothing");
  expect(missing.status).toBe(404);
  expect(await missing.json()).toEqual({ error: { code: "not_found", message: expect.any(String) } });
  const admin = people[2] as Person;
  const headers = { cookie: admin.cookie, "x-csrf-token": admin.csrf };
  const text = await app.request("/api/enrollment-tokens", {
    method: "POST",
    headers: { ...headers, "content-type": "text/plain", "content-length": "1" },
    body: "x",
  });
  expect(text.status).toBe(415);
  const broken = await app.request("/api/enrollment-tokens", {
    method: "POST",
    headers: { ...headers, "content-type": "application/json" },
    body: "{",
  });
  expect(await codeOf(broken)).toBe("bad_json");
});

test("a body over a mebibyte is refused", async () => {
  const answer = await app.request("/api/auth/login", {
    method: "POST",
    headers: { "content-type": "application/json", "content-length": "2000000" },
    body: JSON.stringify({ username: "x".repeat(2_000_000), password: "y" }),
  });
  expect(answer.status).toBe(413);
});

/** Random input on every route never causes a 5xx or a malformed answer. A failure prints the seed. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import type { Route } from "../server/http/routes.ts";
import { newId } from "../shared/ids.ts";
import { type Person, signInAs, startApp, type TestApp } from "./testbed/app.ts";
import { createRandom } from "./testbed/random.ts";
import { createCleanup } from "./testbed/temp.ts";

const TRIES = 25;
const SEED = Number(process.env["RANDOM_SEED"] ?? Date.now() % 1_000_000);
const cleanup = createCleanup();
let app: TestApp;
let admin: Person;

beforeAll(async () => {
  app = await startApp(cleanup, "error");
  admin = await signInAs(app, "admin");
});
afterAll(cleanup.run);

const random = createRandom(SEED);
const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
const WORDS = [
  "",
  " ",
  "x",
  "-1",
  "0",
  "9".repeat(30),
  "NaN",
  "null",
  "../../etc/passwd",
  "%00",
  "\u0000",
  "\ud800",
  "<b>",
  "'; --",
  "é".repeat(300),
  "2026-13-45",
  "9999-99-99",
  "0000-00-00",
  "+275760-09-13",
  "9".repeat(400),
  "[object Object]",
  "true",
];
const FIELDS = [
  "name",
  "tags",
  "url",
  "repo",
  "kind",
  "includes",
  "excludes",
  "limit",
  "offset",
  "sort",
  "status",
  "host_id",
  "confirm",
  "username",
  "password",
  "token",
  "env",
  "after_seq",
  "since",
  "day",
  "days",
  "until",
  "timezone",
  "bandwidth",
  "__proto__",
  "constructor",
  "host_name",
];

function anything(depth = 0): unknown {
  const kind = Math.floor(random() * (depth > 3 ? 6 : 8));
  if (kind === 0) return null;
  if (kind === 1) return random() < 0.5;
  if (kind === 2) return pick([0, -1, 1.5, 1e308, -1e-9, 2 ** 53]);
  if (kind <= 5) return pick(WORDS);
  if (kind === 6) return Array.from({ length: Math.floor(random() * 5) }, () => anything(depth + 1));
  return object(depth + 1);
}

function object(depth = 0): Record<string, unknown> {
  return Object.fromEntries(Array.from({ length: Math.floor(random() * 6) }, () => [pick(FIELDS), anything(depth)]));
}

function query(): string {
  const pairs = Array.from(
    { length: Math.floor(random() * 4) },
    () => `${pick(FIELDS)}=${pick(["%ZZ", ...WORDS.map((word) => encodeURIComponent(word.toWellFormed()))])}`,
  );
  return pairs.length > 0 ? `?${pairs.join("&")}` : "";
}

function pathOf(route: Route): string {
  return route.path.replace(/:[a-z_]+/gi, () =>
    encodeURIComponent(pick([newId(), "x", "..", "%2e", "'", "\u00e9", "0"])),
  );
}

function body(route: Route): { type: string; text: string } {
  if (route.reads === "form") {
    return { type: "application/x-www-form-urlencoded", text: query().slice(1) };
  }
  return {
    type: "application/json",
    text: pick([JSON.stringify(object()), JSON.stringify(anything()), "{", "[[[[", '{"a":1,"a":2}', "\u0000"]),
  };
}

test("no route breaks", async () => {
  for (const route of app.wired.routes) {
    if (route.path.endsWith("logout") || route.path.startsWith("/agent/")) continue;
    for (let n = 0; n < TRIES; n++) {
      const isRead = route.method === "GET";
      const sent = body(route);
      const target = pathOf(route) + query();
      const answer = await app.request(target, {
        method: route.method,
        redirect: "manual",
        headers: { cookie: admin.cookie, "x-csrf-token": admin.csrf, ...(isRead ? {} : { "content-type": sent.type }) },
        ...(isRead ? {} : { body: sent.text }),
      });
      const where = `seed ${SEED}: ${route.method} ${target} ${isRead ? "" : sent.text.slice(0, 300)}`;
      expect(answer.status, where).toBeLessThan(500);
      const isJson = answer.headers.get("content-type")?.includes("json") ?? false;
      if (answer.status >= 400 && route.path.startsWith("/api/")) expect(isJson, where).toBe(true);
      await answer.body?.cancel();
    }
  }
  expect(app.log).toEqual([]);
}, 60_000);

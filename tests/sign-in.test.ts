/** Sign-in: guessing is slowed down, links work once, sessions end when they should, and the database has the final say. */
import { afterAll, beforeEach, expect, test } from "bun:test";
import { countOtherAdmins, findUserByName, setDisabled, setRole } from "../db/queries/users.ts";
import { hashToken } from "../server/auth/identity.ts";
import { DAY_MS, MINUTE_MS } from "../shared/time/clock.ts";
import { ORIGIN, PASSWORD, type Person, signInAs, startApp, type TestApp } from "./testbed/app.ts";
import { createCleanup } from "./testbed/temp.ts";

const cleanup = createCleanup();
afterAll(cleanup.run);
let app: TestApp;
beforeEach(async () => {
  app = await startApp(cleanup, "error");
});

const post = (path: string, body: unknown, headers: Record<string, string> = {}) =>
  app.request(path, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(body),
  });
const login = (username: string, password: string) => post("/api/auth/login", { username, password });
const me = (person: Person) => app.request("/api/me", { headers: { cookie: person.cookie } });

test("first run: only the printed token makes the first admin, once", async () => {
  const token = app.wired.firstRun.token();
  const who = { username: "Mara", password: PASSWORD };
  expect((await post("/api/bootstrap", { token: "rm_setup_wrong", ...who })).status).toBe(403);
  expect((await post("/api/bootstrap", { token, ...who, password: "short" })).status).toBe(400);
  expect((await post("/api/bootstrap", { token, ...who, password: "passwordpassword" })).status).toBe(400);
  const foreign = await post("/api/bootstrap", { token, ...who }, { origin: "http://evil.example" });
  expect(foreign.status).toBe(403);
  const made = await post("/api/bootstrap", { token, ...who });
  expect(made.status).toBe(201);
  expect(findUserByName(app.db, "mara")).toMatchObject({ role: "admin", username: "mara" });
  expect((await post("/api/bootstrap", { token, ...who, username: "second" })).status).toBe(410);
  expect(app.wired.firstRun.token()).toBeNull();
});

test("an unknown user and a wrong password get the same answer; five failures make the address wait, not the user", async () => {
  await signInAs(app, "admin");
  const unknown = await login("nobody", "some wrong password");
  const wrong = await login("admin", "some wrong password");
  expect([unknown.status, wrong.status]).toEqual([401, 401]);
  expect(await unknown.text()).toBe(await wrong.text());
  for (let n = 0; n < 4; n++) await login("admin", "some wrong password");
  const blocked = await login("admin", PASSWORD);
  expect(blocked.status).toBe(429);
  expect(Number(blocked.headers.get("retry-after"))).toBeGreaterThan(0);
  app.clock.move(16 * MINUTE_MS);
  expect((await login("ADMIN", PASSWORD)).status).toBe(200);
});

test("a session ends after a week of rest and after a month in any case", async () => {
  const rests = await signInAs(app, "viewer", "rests");
  app.clock.move(6 * DAY_MS);
  expect((await me(rests)).status).toBe(200);
  for (let day = 6; day < 29; day += 5) {
    app.clock.move(5 * DAY_MS);
    await me(rests);
  }
  app.clock.move(DAY_MS);
  expect((await me(rests)).status).toBe(401);
  const idle = await signInAs(app, "viewer", "idle");
  app.clock.move(8 * DAY_MS);
  expect((await me(idle)).status).toBe(401);
});

test("role and disabling count from the next request on", async () => {
  const person = await signInAs(app, "operator");
  setRole(app.db, person.userId, "viewer", 0);
  const refused = await post(
    "/api/hosts/x/source-groups/y/run",
    {},
    { cookie: person.cookie, "x-csrf-token": person.csrf },
  );
  expect(refused.status).toBe(403);
  setDisabled(app.db, person.userId, app.clock.now(), 0);
  expect((await me(person)).status).toBe(401);
  expect((await login("operator", PASSWORD)).status).toBe(401);
  const admin = await signInAs(app, "admin");
  expect(countOtherAdmins(app.db, admin.userId)).toBe(0);
});

test("signing out ends this session; a changed password ends the others", async () => {
  const first = await signInAs(app, "viewer");
  const second = await login("viewer", PASSWORD);
  const cookie = /(?:__Host-)?rm_session=[^;]+/.exec(second.headers.get("set-cookie") ?? "")?.[0] ?? "";
  const { csrf_token: csrf } = (await second.json()) as { csrf_token: string };
  const changed = await app.request("/settings/account/password", {
    method: "POST",
    redirect: "manual",
    headers: { cookie, "x-csrf-token": csrf, "content-type": "application/x-www-form-urlencoded" },
    body: new URLSearchParams({
      current: PASSWORD,
      password: "plum harbour lantern 45",
      repeat: "plum harbour lantern 45",
    }).toString(),
  });
  expect(changed.status).toBeLessThan(400);
  expect((await me(first)).status).toBe(401);
  expect((await app.request("/api/me", { headers: { cookie } })).status).toBe(200);
  expect((await post("/api/auth/logout", {}, { cookie, "x-csrf-token": csrf })).status).toBe(204);
  expect((await app.request("/api/me", { headers: { cookie } })).status).toBe(401);
});

test("the cookie is closed to scripts and other sites, secure behind HTTPS, and its token is nowhere in the database", async () => {
  const person = await signInAs(app, "viewer");
  const answer = await login("viewer", PASSWORD);
  expect(answer.headers.get("set-cookie")).toMatch(/HttpOnly/i);
  expect(answer.headers.get("set-cookie")).toMatch(/SameSite=Lax/i);
  const token = person.cookie.replace("rm_session=", "");
  const stored = app.db.$client.query<{ token_hash: string }, []>("SELECT token_hash FROM sessions").all();
  expect(stored.map((row) => row.token_hash)).toContain(hashToken(token));
  expect(JSON.stringify(stored)).not.toContain(token);
});

test("a forged Host header reaches no link and no script", async () => {
  const forged = await app.request("/install.sh", { headers: { host: "evil.example';rm -rf /;'" } });
  expect(forged.status).toBe(400);
  const fine = await (await app.request("/install.sh")).text();
  expect(fine).toContain(`RM_SERVER_DEFAULT='${ORIGIN}'`);
});

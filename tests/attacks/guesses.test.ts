/** Guessing passwords in parallel, from one address and from many: only as many are checked as the limits say, and the owner stays able to act. */
import { afterAll, beforeEach, expect, test } from "bun:test";
import { putSetupToken } from "../../db/queries/users.ts";
import { hashToken } from "../../server/auth/identity.ts";
import { newId } from "../../shared/ids.ts";
import { ORIGIN, PASSWORD, type Person, signInAs, startApp, type TestApp } from "../testbed/app.ts";
import { createCleanup } from "../testbed/temp.ts";

const cleanup = createCleanup();
afterAll(cleanup.run);
let app: TestApp;
let admin: Person;
beforeEach(async () => {
  app = await startApp(cleanup, "error");
  admin = await signInAs(app, "admin");
});

const GUESSES = 120;
const many = <T>(one: (n: number) => Promise<T>, count = GUESSES) =>
  Promise.all(Array.from({ length: count }, (_, n) => one(n)));
const statuses = (answers: Response[]) => {
  const counts: Record<number, number> = {};
  for (const { status } of answers) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
};
const login = (username: string, password: string, ip = "203.0.113.7") =>
  app.request(
    "/api/auth/login",
    { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ username, password }) },
    ip,
  );
const form = (person: Pick<Person, "cookie" | "csrf">, path: string, fields: Record<string, string>) =>
  app.request(path, {
    method: "POST",
    redirect: "manual",
    headers: {
      cookie: person.cookie,
      "x-csrf-token": person.csrf,
      origin: ORIGIN,
      "content-type": "application/x-www-form-urlencoded",
    },
    body: new URLSearchParams(fields).toString(),
  });
const secondSession = async (): Promise<Pick<Person, "cookie" | "csrf">> => {
  const answer = await login("admin", PASSWORD);
  const cookie = /(?:__Host-)?rm_session=[^;]+/.exec(answer.headers.get("set-cookie") ?? "")?.[0] ?? "";
  return { cookie, csrf: ((await answer.json()) as { csrf_token: string }).csrf_token };
};
const failures = () =>
  app.db.$client
    .query<{ ip: string | null; target_name: string | null; payload: string }, []>(
      "SELECT ip, target_name, payload FROM audit_log WHERE action = 'user.sign_in_failed' ORDER BY id",
    )
    .all()
    .map((row) => ({ ...row, failures: (JSON.parse(row.payload) as { failures: number }).failures }));
const runTick = async (name: string) => await app.wired.ticks.find((tick) => tick.name === name)?.run();

test("120 parallel guesses at one name from one address: five are checked", async () => {
  expect(statuses(await many((n) => login("admin", `a wrong password ${n}`)))).toEqual({ 401: 5, 429: 115 });
  expect((await login("admin", PASSWORD)).status).toBe(429);
});

test("120 parallel guesses over 120 names from one address: thirty are checked", async () => {
  expect(statuses(await many((n) => login(`name-${n}`, "a wrong password")))).toEqual({ 401: 30, 429: 90 });
});

test("an own account does not wash an address clean: its sign-ins in between leave the others' count as it is", async () => {
  const seen: number[] = [];
  for (let n = 0; n < 40; n++) {
    if (n % 4 === 0) await login("admin", PASSWORD);
    seen.push((await login(`name-${n}`, "a wrong password")).status);
  }
  expect(seen.filter((status) => status === 401)).toHaveLength(30);
});

test("the right password gives its count back: forty sign-ins in a row pass", async () => {
  for (let n = 0; n < 40; n++) expect((await login("admin", PASSWORD)).status).toBe(200);
});

test("120 parallel guesses with a stolen session: the recovery sheet and the change of the password check five together", async () => {
  const sheet = (n: number) =>
    form(admin, "/settings/system/recovery-sheet", { form: "page", current: `a wrong password ${n}` });
  const change = (n: number) =>
    form(admin, "/settings/account/password", {
      current: `a wrong password ${n}`,
      password: "lantern plum harbour 45",
    });
  expect(statuses(await many((n) => (n % 2 === 0 ? sheet(n) : change(n))))).toEqual({ 400: 5, 429: 115 });
});

test("a thief's wrong guesses do not keep the owner from changing the password, which ends the thief's session", async () => {
  const owner = await secondSession();
  await many((n) => form(admin, "/settings/account/password", { current: `wrong ${n}`, password: "x" }), 10);
  const changed = await form(owner, "/settings/account/password", {
    current: PASSWORD,
    password: "lantern plum harbour 45",
  });
  expect(changed.status).toBe(303);
  expect((await app.request("/api/me", { headers: { cookie: admin.cookie } })).status).toBe(401);
});

test("a flood of guesses lets the owner in after a turn of each address", async () => {
  const flood = many((n) => login(`name-${n}`, "a wrong password", `198.51.100.${n % 4}`), 60);
  const began = performance.now();
  const entered = await login("admin", PASSWORD, "203.0.113.9");
  const took = performance.now() - began;
  expect(entered.status).toBe(200);
  await flood;
  expect(took).toBeLessThan((performance.now() - began) / 3);
}, 60_000);

test("a link for a new password dies when its owner changes the password", async () => {
  const token = "rm_set_of-an-old-mail";
  const now = app.clock.now();
  putSetupToken(app.db, {
    id: newId(),
    userId: admin.userId,
    tokenHash: hashToken(token),
    expiresAt: now + 3_600_000,
    createdAt: now,
  });
  expect((await app.request(`/setup/${token}`)).status).toBe(200);
  const changed = await form(admin, "/settings/account/password", {
    current: PASSWORD,
    password: "lantern plum harbour 45",
  });
  expect(changed.status).toBe(303);
  expect((await app.request(`/setup/${token}`)).status).toBe(410);
});

test("failed sign-ins stand in the audit log, counted: one row at once and one for the rest", async () => {
  await many((n) => login("admin", `a wrong password ${n}`));
  await many(() => login("no such name, perhaps a password", "a wrong password", "203.0.113.8"), 3);
  await runTick("failed sign-ins");
  expect(failures()).toMatchObject([
    { ip: "203.0.113.7", target_name: "admin", failures: 1 },
    { ip: "203.0.113.8", target_name: null, failures: 1 },
  ]);
  app.clock.move(16 * 60_000);
  await runTick("failed sign-ins");
  expect(failures().slice(2)).toMatchObject([
    { ip: "203.0.113.7", target_name: "admin", failures: 119 },
    { ip: "203.0.113.8", target_name: null, failures: 2 },
  ]);
  const stored = app.db.$client.query("SELECT * FROM audit_log").all();
  expect(JSON.stringify(stored)).not.toContain("perhaps a password");
});

/** The session's cookie under HTTPS: nobody else can plant one, and no proxy's header or plain request takes its protection away. */
import { afterAll, expect, test } from "bun:test";
import { systemClock } from "../../shared/time/clock.ts";
import { PASSWORD, signInAs, startApp, type TestApp } from "../testbed/app.ts";
import { createCleanup } from "../testbed/temp.ts";

const cleanup = createCleanup();
afterAll(cleanup.run);

const start = (settings: Record<string, string>) =>
  startApp(cleanup, "error", systemClock, null, { RM_TRUSTED_PROXY: "127.0.0.1/32", ...settings });
const login = (app: TestApp, headers: Record<string, string> = {}) =>
  app.request("/api/auth/login", {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify({ username: "admin", password: PASSWORD }),
  });
const cookiesOf = (answer: Response) => answer.headers.getSetCookie();
const hsts = (answer: Response) => answer.headers.get("strict-transport-security");
const status = async (app: TestApp, cookie: string, headers: Record<string, string> = {}) =>
  (await app.request("/api/me", { headers: { cookie, ...headers } })).status;

test("with an https RM_BASE_URL the cookie is __Host- and Secure and HSTS is sent, whatever a proxy says of the request", async () => {
  const app = await start({ RM_BASE_URL: "https://backup.example" });
  await signInAs(app, "admin");
  for (const headers of [{}, { "x-forwarded-proto": "http" }, { "x-forwarded-proto": "https" }]) {
    const answer = await login(app, headers as Record<string, string>);
    const session = cookiesOf(answer).find((line) => line.startsWith("__Host-rm_session=")) ?? "";
    expect(session).toMatch(/; Secure/);
    expect(session).toMatch(/; HttpOnly/);
    expect(session).toMatch(/; Path=\//);
    expect(session).not.toMatch(/Domain/i);
    expect(hsts(answer)).toContain("max-age=");
    expect(hsts(await app.request("/login", { headers: headers as Record<string, string> }))).toContain("max-age=");
  }
});

test("a cookie that a neighbour planted under the plain name signs nobody in; signing in and out clears it", async () => {
  const app = await start({ RM_BASE_URL: "https://backup.example" });
  const admin = await signInAs(app, "admin");
  const token = admin.cookie.replace("__Host-rm_session=", "");
  expect(await status(app, `rm_session=${token}`)).toBe(401);
  expect(await status(app, `rm_session=planted; __Host-rm_session=${token}`)).toBe(200);
  expect(cookiesOf(await login(app)).some((line) => /^rm_session=; Max-Age=0/.test(line))).toBe(true);
  const out = await app.request("/api/auth/logout", {
    method: "POST",
    headers: { cookie: admin.cookie, "x-csrf-token": admin.csrf },
  });
  const cleared = cookiesOf(out);
  expect(cleared.some((line) => /^__Host-rm_session=; Max-Age=0.*Secure/.test(line))).toBe(true);
  expect(cleared.some((line) => /^rm_session=; Max-Age=0/.test(line))).toBe(true);
});

test("with an http RM_BASE_URL no header makes the cookie Secure: the browser would drop it", async () => {
  const app = await start({ RM_BASE_URL: "http://backup.lan:8080" });
  await signInAs(app, "admin");
  const answer = await login(app, { "x-forwarded-proto": "https" });
  expect(cookiesOf(answer).join("\n")).toMatch(/^rm_session=/);
  expect(cookiesOf(answer).join("\n")).not.toMatch(/Secure/);
  expect(hsts(answer)).toBeNull();
});

test("without RM_BASE_URL the request decides, in any case of letters, and only a trusted proxy speaks for it", async () => {
  const app = await start({});
  await signInAs(app, "admin");
  const proxied = await login(app, { "x-forwarded-proto": "HTTPS" });
  expect(cookiesOf(proxied).join("\n")).toMatch(/__Host-rm_session=.*Secure/);
  const foreign = await app.request("/login", { headers: { "x-forwarded-proto": "https" } }, "203.0.113.7");
  expect(hsts(foreign)).toBeNull();
});

test("a message for the next page is taken from nobody else under HTTPS", async () => {
  const app = await start({ RM_BASE_URL: "https://backup.example" });
  const admin = await signInAs(app, "admin");
  const planted = encodeURIComponent(JSON.stringify({ tone: "ok", text: "All your backups moved to evil.example" }));
  const page = await app.request("/settings/account", { headers: { cookie: `${admin.cookie}; rm_toast=${planted}` } });
  expect(page.status).toBe(200);
  expect(await page.text()).not.toContain("evil.example");
});

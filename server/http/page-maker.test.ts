// Forms and pages: typed values come back without secrets, and unchanged polls cost nothing.
import { describe, expect, test } from "bun:test";
import { Hono } from "hono";
import { badInput, Refusal } from "./errors.ts";
import { attempt, linesOf, listOf, pairsOf, textOf } from "./forms.ts";
import { createPageMaker } from "./page-maker.ts";
import type { AppContext, Bindings } from "./routes.ts";

const assets = { styles: "/s.css", script: "/s.js", jobScript: "/j.js", icon: "/i.svg", fonts: [] };
const maker = createPageMaker({
  clock: { now: () => 1_000 },
  assets,
  countRunningJobs: () => 2,
  listDeletionHolds: () => [],
  isSecure: () => false,
});
const session = { sessionId: "s", userId: "u", username: "mara", role: "admin", csrfToken: "token" } as const;
const from = { origin: "https://backup.example", ip: "192.0.2.1", network: "192.0.2.1", secure: true };

async function ask(handle: (c: AppContext) => Response, headers: Record<string, string> = {}): Promise<Response> {
  const app = new Hono<{ Bindings: Bindings }>();
  app.get("/", (c) => handle(c as AppContext));
  return await app.request("/", { headers });
}

describe("pages", () => {
  test("have a doctype, unlike polls, and an unchanged poll is 304", async () => {
    const page = (c: AppContext) => maker.page(c, maker.view({ c, session, from }), "<main>same</main>");
    expect(await (await ask(page)).text()).toBe("<!doctype html><main>same</main>");
    const poll = await ask(page, { "hx-request": "true" });
    expect(await poll.text()).toBe("<main>same</main>");
    const again = await ask(page, { "hx-request": "true", "if-none-match": poll.headers.get("etag") ?? "" });
    expect(again.status).toBe(304);
  });

  test("relative times alone do not make a poll new", async () => {
    const at = (words: string) => (c: AppContext) =>
      maker.page(c, maker.view({ c, session, from }), `<time datetime="x" data-ago="">${words}</time>`);
    const first = await ask(at("4 s ago"), { "hx-request": "true" });
    const later = await ask(at("9 s ago"), { "hx-request": "true" });
    expect(later.headers.get("etag")).toBe(first.headers.get("etag"));
  });

  test("are compressed in an encoding that the browser accepts", async () => {
    const long = `<main>${"words ".repeat(500)}</main>`;
    const answer = await ask((c) => maker.door(c, long), { "accept-encoding": "gzip, br, zstd" });
    expect(answer.headers.get("content-encoding")).toBe("zstd");
    expect(new TextDecoder().decode(Bun.zstdDecompressSync(await answer.bytes()))).toBe(`<!doctype html>${long}`);
  });

  test("read theme, Live switch and zone from cookies, and ignore invalid ones", async () => {
    let seen = "";
    const look = (c: AppContext) => {
      const { preferences, dates, toast } = maker.view({ c, session, from });
      seen = JSON.stringify({ preferences, zone: dates.zone, toast });
      return c.body(null);
    };
    await ask(look, { cookie: "rm_theme=dark; rm_live=off; rm_tz=Europe%2FBerlin" });
    expect(seen).toBe('{"preferences":{"theme":"dark","live":false},"zone":"Europe/Berlin","toast":null}');
    const planted = encodeURIComponent('{"tone":"x","text":"hi","link":{"href":"//evil.example","label":"go"}}');
    await ask(look, { cookie: `rm_theme="><script>; rm_tz=Nowhere; rm_toast=${planted}` });
    expect(seen).toBe('{"preferences":{"theme":null,"live":true},"zone":"UTC","toast":{"tone":"ok","text":"hi"}}');
  });
});

describe("after a form", () => {
  test("browsers are redirected, and htmx stays and receives the message in ASCII", async () => {
    const done = (c: AppContext) => maker.done(c, "/jobs", { tone: "ok", text: "Läuft – gut" });
    const browser = await ask(done);
    expect([browser.status, browser.headers.get("location")]).toEqual([303, "/jobs"]);
    expect(browser.headers.get("set-cookie")).toContain("rm_toast=");
    const htmx = await ask(done, { "hx-request": "true" });
    expect(htmx.status).toBe(204);
    const trigger = htmx.headers.get("hx-trigger") ?? "";
    expect(trigger).not.toMatch(/[^ -~]/);
    expect(JSON.parse(trigger)).toEqual({ toast: { tone: "ok", text: "Läuft – gut" } });
  });

  test("a refused form shows what was typed, but never a password", async () => {
    const body = { name: "x", http_password: "secret", env: "KEY=secret" };
    const refused = await attempt(body, () => {
      throw badInput({ "repo.name": "Too short." });
    });
    expect(refused).toEqual({
      ok: false,
      status: 400,
      form: { values: { name: "x" }, errors: { name: "Too short." }, message: undefined },
    });
  });

  test("a refusal of the whole form is shown above the fields, and a missing record is an error page", async () => {
    const conflict = await attempt({ name: "x" }, () => {
      throw new Refusal(409, "last_group", "A host keeps one.");
    });
    expect(conflict).toMatchObject({ ok: false, form: { message: "A host keeps one." } });
    const missing = attempt({}, () => {
      throw new Refusal(404, "not_found", "Gone.");
    });
    await expect(missing).rejects.toThrow("Gone.");
    expect(await attempt({}, () => 7)).toEqual({ ok: true, value: 7 });
  });
});

test("fields are read as people type them", () => {
  const body = { tags: " prod , ,web ", paths: "/a\r\n\r\n /b ", env: "A=1=2\nBC", many: ["x", "y"] };
  expect(listOf(body, "tags")).toEqual(["prod", "web"]);
  expect(linesOf(body, "paths")).toEqual(["/a", "/b"]);
  expect(pairsOf(body, "env")).toEqual({ A: "1=2", BC: "" });
  expect(textOf(body, "many")).toBe("x");
  expect(textOf(body, "none")).toBe("");
});

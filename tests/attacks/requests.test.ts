/** Bodies, days and tokens that nobody sends by accident: refused in a sentence, and the server goes on answering others meanwhile. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import type { Route } from "../../server/http/routes.ts";
import { newId } from "../../shared/ids.ts";
import { ORIGIN, type Person, signInAs, startApp, type TestApp } from "../testbed/app.ts";
import { enrollHost, enrollRequest, jsonClient } from "../testbed/hosts.ts";
import { createCleanup } from "../testbed/temp.ts";

const cleanup = createCleanup();
afterAll(cleanup.run);
let app: TestApp;
let admin: Person;
beforeAll(async () => {
  app = await startApp(cleanup, "error");
  admin = await signInAs(app, "admin");
});

const FORM = "application/x-www-form-urlencoded";
const pathOf = (route: Route) => route.path.replace(/:[a-z_]+/gi, () => newId());
const writes = (choose: (route: Route) => boolean) =>
  app.wired.routes.filter((route) => route.method !== "GET" && !route.path.endsWith("logout") && choose(route));
const isPublic = (route: Route) => route.access === "public";

const post = (path: string, body: BodyInit, type: string | null, method = "POST") =>
  app.request(path, {
    method,
    redirect: "manual",
    headers: {
      cookie: admin.cookie,
      "x-csrf-token": admin.csrf,
      origin: ORIGIN,
      ...(type === null ? {} : { "content-type": type }),
    },
    body,
  });

const TRIES = 5;

/** The longest time, in ms, for which nothing else could run meanwhile: in the quietest of some tries, because others use the machine, too. */
async function longestHold(work: () => Promise<unknown>): Promise<number> {
  const holds: number[] = [];
  for (let n = 0; n < TRIES; n++) holds.push(await holdOf(work));
  return Math.min(...holds);
}

async function holdOf(work: () => Promise<unknown>): Promise<number> {
  let longest = 0;
  let last = performance.now();
  const timer = setInterval(() => {
    longest = Math.max(longest, performance.now() - last);
    last = performance.now();
  }, 1);
  await work();
  longest = Math.max(longest, performance.now() - last);
  clearInterval(timer);
  return longest;
}

const keys = (count: number) => Array.from({ length: count }, (_, n) => `k${n.toString(36)}=1`).join("&");

test("a field that comes as two files is refused by every form", async () => {
  const forms = writes((route) => route.reads === "form");
  expect(forms.length).toBeGreaterThan(40);
  for (const route of forms) {
    const body = new FormData();
    for (const name of ["username", "password", "name", "includes", "confirm", "tags"])
      for (const n of [1, 2]) body.append(name, new File([`content ${n}`], `${n}.txt`));
    const answer = await post(pathOf(route), body, null);
    expect({ path: route.path, status: answer.status }).toEqual({ path: route.path, status: 415 });
  }
  expect(app.log).toEqual([]);
});

test("public routes take 16 KiB, with or without a length that tells it", async () => {
  const large = "x".repeat(17 * 1024);
  const stream = () =>
    new ReadableStream<Uint8Array>({
      start(controller) {
        for (let n = 0; n < 17; n++) controller.enqueue(new TextEncoder().encode("x".repeat(1024)));
        controller.close();
      },
    });
  const routes = writes(isPublic);
  expect(routes.length).toBeGreaterThan(4);
  for (const route of routes) {
    const isForm = route.reads === "form";
    const text = isForm ? `username=${large}` : JSON.stringify({ username: large, password: large });
    const told = await post(pathOf(route), text, isForm ? FORM : "application/json");
    expect({ path: route.path, status: told.status }).toEqual({ path: route.path, status: 413 });
    const untold = await post(pathOf(route), stream(), isForm ? FORM : "application/json");
    expect({ path: route.path, status: untold.status }).toEqual({ path: route.path, status: 413 });
  }
});

test("a form of 130 000 fields is refused by every form, and holds up the others for less than 100 ms", async () => {
  const body = keys(130_000);
  for (const route of writes((one) => one.reads === "form")) {
    let status = 0;
    const held = await longestHold(async () => {
      status = (await post(pathOf(route), body, FORM)).status;
    });
    expect({ path: route.path, status }).toEqual({ path: route.path, status: 413 });
    expect(held, route.path).toBeLessThan(100);
  }
}, 60_000);

test("so is the largest form that fits: a mebibyte of one-letter names, escapes and repetitions", async () => {
  for (const body of [keys(1_000), "a=%41&".repeat(170_000), `a=${"%41".repeat(340_000)}`, "&".repeat(1_000_000)]) {
    const held = await longestHold(async () => {
      expect((await post("/settings/account/password", body, FORM)).status).toBeGreaterThanOrEqual(400);
    });
    expect(held, body.slice(0, 20)).toBeLessThan(100);
  }
}, 60_000);

test("JSON of a mebibyte in unknown fields, deep lists and repetitions holds up nobody either", async () => {
  const fields = `{${Array.from({ length: 80_000 }, (_, n) => `"k${n}":1`).join(",")}}`;
  for (const body of [fields, "[".repeat(500_000), `[${"{},".repeat(250_000)}{}]`]) {
    const held = await longestHold(async () => {
      expect((await post("/api/enrollment-tokens", body, "application/json")).status).toBe(400);
    });
    expect(held, body.slice(0, 20)).toBeLessThan(500);
  }
}, 60_000);

test("a field's name of a form is not a way to the object's own", async () => {
  for (const name of ["__proto__", "constructor", "toString", "hasOwnProperty"]) {
    const answer = await post("/settings/account/password", `${name}=1&${name}=2&current=x`, FORM);
    expect(answer.status).toBeLessThan(500);
  }
  expect(({} as Record<string, unknown>)["1"]).toBeUndefined();
});

test("days and times that no calendar has are refused, or left out by a page", async () => {
  const { id } = await enrollHost(app, admin);
  const headers = { cookie: admin.cookie };
  const days = ["9999-99-99", "2026-02-30", "0000-00-00", "0000-01-01", "9999-12-31", "2026-11-31"];
  for (const day of days) {
    const api = await app.request(`/api/jobs?day=${day}&host_id=${id}`, { headers });
    expect({ day, status: api.status }).toEqual({ day, status: 400 });
    for (const page of [`/jobs?day=${day}`, `/hosts/${id}?day=${day}`, `/audit?since=${day}&until=${day}`])
      expect({ page, status: (await app.request(page, { headers })).status }).toEqual({ page, status: 200 });
  }
  for (const time of ["9".repeat(20), "9".repeat(400), "+275760-09-13T00:00:00.001Z", "-271821-04-19T23:59:59Z"])
    for (const path of ["/api/jobs", "/api/audit"]) {
      const answer = await app.request(`${path}?since=${encodeURIComponent(time)}`, { headers });
      expect({ path, time, status: answer.status }).toEqual({ path, time, status: 400 });
    }
  expect(app.log).toEqual([]);
});

test("an agent token that another host has, or had, enrols nobody", async () => {
  const { ask, call } = jsonClient(app, admin);
  const host = await enrollHost(app, admin);
  const hashOf = (token: string) => createHash("sha256").update(token).digest("hex");
  const newToken = async () =>
    (
      await call<{ token: string }>("POST", "/api/enrollment-tokens", {
        host_name: `copy-${newId().slice(-6)}`,
        includes: ["/srv"],
        repo: { kind: "local", url: "/srv/repo" },
      })
    ).token;
  const enroll = async (token: string, agentToken: string, machine_id = newId()) =>
    await ask<{ error?: { code: string } }>(
      "POST",
      "/api/agents/enroll",
      enrollRequest(token, { agentToken, machine_id }),
    );
  const taken = await enroll(await newToken(), host.identity.token);
  expect(taken).toMatchObject({ status: 409, body: { error: { code: "agent_token_taken" } } });

  // The same machine enrols again: with a token of its own, then with the one that it had before.
  const again = async (agentToken: string) => {
    const { token } = await call<{ token: string }>("POST", `/api/hosts/${host.id}/enrollment-token`, {});
    return await enroll(token, agentToken, host.identity.machineId);
  };
  expect((await again(host.identity.token)).status).toBe(201);
  expect((await again("another token of this machine")).status).toBe(201);
  expect(await again(host.identity.token)).toMatchObject({
    status: 409,
    body: { error: { code: "agent_token_taken" } },
  });
  const other = await enrollHost(app, admin);
  const { token } = await call<{ token: string }>("POST", `/api/hosts/${other.id}/enrollment-token`, {
    replace: true,
  });
  expect((await enroll(token, "another token of this machine")).status).toBe(409);
  const revoked = app.db.$client.query("SELECT token_hash FROM revoked_agent_tokens").all();
  expect(revoked).toEqual([{ token_hash: hashOf(host.identity.token) }]);
  expect(app.log).toEqual([]);
});

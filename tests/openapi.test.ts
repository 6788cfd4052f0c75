/** The OpenAPI document is valid and complete, its examples fit, and undeclared answers are noticed. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { Validator } from "@seriousme/openapi-schema-validator";
import type { Hono } from "hono";
import * as v from "valibot";
import { createApp } from "../server/app.ts";
import { type Answers, isMedia } from "../server/http/answers.ts";
import type { Refusal } from "../server/http/errors.ts";
import { type Bindings, checkRoutes, publicRoute, type Route } from "../server/http/routes.ts";
import { silentLog } from "../shared/log.ts";
import { type Person, signInAs, startApp, type TestApp } from "./testbed/app.ts";
import { createCleanup } from "./testbed/temp.ts";

type Operation = {
  operationId: string;
  "x-role": string;
  requestBody?: { content: { "application/json": { example: unknown } } };
  responses: Record<string, { content?: Record<string, { schema?: unknown; example?: unknown }> }>;
};
type Document = { paths: Record<string, Record<string, Operation>> };

const cleanup = createCleanup();
let app: TestApp;
let viewer: Person;
let document: Document;

beforeAll(async () => {
  app = await startApp(cleanup);
  viewer = await signInAs(app, "viewer");
  const answer = await app.request("/api/openapi.json", { headers: { cookie: viewer.cookie } });
  document = (await answer.json()) as Document;
});
afterAll(cleanup.run);

const declared = () => app.wired.routes.filter((route) => route.answers !== null);
const operationOf = ({ method, path }: Route) =>
  document.paths[path.replace(/:([a-z_]+)/gi, "{$1}")]?.[method.toLowerCase()];

test("is valid OpenAPI 3.1, by a validator that is not ours", async () => {
  const outcome = await new Validator().validate(structuredClone(document));
  expect(outcome.errors ?? []).toEqual([]);
  expect(outcome.valid).toBe(true);
});

test("holds every route below /api, and what machines use, with its role", () => {
  const api = app.wired.routes.filter(({ path }) => /^\/(api|agent|ws)\//.test(path));
  expect(api.length).toBeGreaterThan(60);
  for (const route of api) expect(operationOf(route)?.["x-role"], `${route.method} ${route.path}`).toBe(route.access);
  const operations = Object.values(document.paths).flatMap((methods) => Object.values(methods));
  expect(operations.length).toBe(declared().length);
  expect(new Set(operations.map(({ operationId }) => operationId)).size).toBe(operations.length);
});

test("shows examples that the routes themselves take and give", () => {
  const wrong: string[] = [];
  for (const route of declared()) {
    const operation = operationOf(route);
    const check = (what: string, schema: v.GenericSchema, example: unknown) => {
      const outcome = v.safeParse(schema, example);
      if (!outcome.success) wrong.push(`${route.method} ${route.path} ${what}: ${outcome.issues[0].message}`);
    };
    if (route.body) check("body", route.body, operation?.requestBody?.content["application/json"].example);
    for (const [status, schema] of jsonAnswers(route.answers))
      check(status, schema, operation?.responses[status]?.content?.["application/json"]?.example);
  }
  expect(wrong).toEqual([]);
});

test("says of each JSON answer what is in it", () => {
  const vague = declared().flatMap((route) =>
    jsonAnswers(route.answers)
      .filter(([, schema]) => !("entries" in schema) && !("pipe" in schema))
      .map(([status]) => `${route.method} ${route.path} ${status}`),
  );
  expect(vague).toEqual([]);
});

test("an API route that does not say what it answers stops the server at its start", () => {
  const silent = publicRoute({ method: "GET", path: "/api/silent", summary: "Nothing", handle: ({ c }) => c.json({}) });
  expect(() => checkRoutes([silent])).toThrow("GET /api/silent declares no answers");
});

test("an answer, a status and an error code that are not declared are noticed", async () => {
  const answers = { 200: v.strictObject({ name: v.string() }) };
  const send = async (answer: () => Response): Promise<number> => {
    const one = publicRoute({ method: "GET", path: "/api/one", summary: "One", answers, handle: answer });
    const checked: Hono<{ Bindings: Bindings }> = createApp({
      routes: [one],
      checkAnswers: true,
      log: silentLog,
      originOf: () => ({ ip: "127.0.0.1", network: "127.0.0.1", origin: "http://rm.test", secure: false }),
      findSession: () => null,
      denied: () => undefined,
      assets: async () => null,
      errorPage: (c, refusal: Refusal) => c.text(refusal.code),
    });
    return (await checked.request("http://rm.test/api/one", {}, { ip: "127.0.0.1", upgrade: () => false })).status;
  };
  expect(await send(() => Response.json({ name: "web-01" }))).toBe(200);
  expect(await send(() => Response.json({ name: 1 }))).toBe(500);
  expect(await send(() => Response.json({ name: "web-01", secret: "x" }))).toBe(500);
  expect(await send(() => Response.json({ name: "web-01" }, { status: 201 }))).toBe(500);
  const refusal = { error: { code: "out_of_tea", message: "There is none." } };
  expect(await send(() => Response.json(refusal, { status: 409 }))).toBe(500);
});

test("is for people who are signed in", async () => {
  expect((await app.request("/api/openapi.json")).status).toBe(401);
  const page = await app.request("/api/docs");
  expect(page.headers.get("location")).toBe("/login?next=%2Fapi%2Fdocs");
});

function jsonAnswers(answers: Answers | null): [string, v.GenericSchema][] {
  if (answers === null || typeof answers === "string") return [];
  return Object.entries(answers).flatMap(([status, answer]) =>
    answer === null || isMedia(answer) ? [] : [[status, answer] as [string, v.GenericSchema]],
  );
}

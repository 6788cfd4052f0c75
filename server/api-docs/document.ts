/** Builds the OpenAPI document from the route table: every route with declared answers. */
import { toJsonSchema } from "@valibot/to-json-schema";
import type * as v from "valibot";
import { type Answers, errorAnswer, errorCodesOf, isMedia } from "../http/answers.ts";
import type { Route } from "../http/routes.ts";
import { exampleOf, type JsonSchema } from "./example.ts";

export type OpenApiDocument = {
  openapi: "3.1.0";
  paths: Record<string, Record<string, JsonSchema>>;
  components: { schemas: Record<string, JsonSchema>; securitySchemes: JsonSchema };
  [key: string]: unknown;
};

/** Names of the route groups. The first pattern that matches the path wins. */
const TAGS: readonly (readonly [RegExp, string])[] = [
  [/\/(bootstrap|auth|me)\b/, "Signing in"],
  [/^\/(ws|agent|install)\b|^\/api\/agents\//, "Machines"],
  [/enrollment-token|pending-hosts/, "Adding hosts"],
  [/\/(source-groups|hooks)\b/, "Source groups"],
  [/\/(schedules|cron)\b/, "Schedules"],
  [/\/(maintenance|forget|prune|check|reinit)$|deletion-holds/, "Maintenance"],
  [/^\/api\/jobs\b/, "Jobs"],
  [/\/repos\b/, "Repos"],
  [/\/snapshots$/, "Snapshots"],
  [/\/(hosts|fleet)\b/, "Hosts"],
  [/audit/, "Audit log"],
];
const OTHER = "Server";
const TAG_ORDER = [
  ...["Signing in", "Hosts", "Adding hosts", "Source groups", "Schedules", "Repos", "Maintenance", "Snapshots", "Jobs"],
  ...["Audit log", "Machines", OTHER],
];
const SESSION_COOKIE = "rm_session";

/** @param version the product version */
export function makeDocument(routes: readonly Route[], version: string): OpenApiDocument {
  const schemas = createSchemas();
  const error = schemas.of(errorAnswer);
  const paths: OpenApiDocument["paths"] = {};
  for (const route of routes) {
    if (route.answers === null) continue;
    const path = route.path.replace(/:([a-z_]+)/gi, "{$1}");
    const operation = operationOf(route, route.answers, schemas, error);
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: operation };
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "restic-manager",
      version,
      description:
        "Sign in with POST /api/auth/login: the answer sets a cookie and returns the token that every write sends as " +
        "X-CSRF-Token. Where an Origin header is sent, it must be the server's own address. Answers may gain fields.",
      license: {
        name: "PolyForm Noncommercial 1.0.0",
        url: "https://polyformproject.org/licenses/noncommercial/1.0.0",
      },
    },
    servers: [{ url: "/" }],
    tags: TAG_ORDER.map((name) => ({ name })),
    paths,
    components: {
      schemas: schemas.named,
      securitySchemes: {
        session: { type: "apiKey", in: "cookie", name: SESSION_COOKIE, description: "Under HTTPS: __Host-rm_session." },
        csrf: { type: "apiKey", in: "header", name: "X-CSRF-Token", description: "Of the session; for writes." },
      },
    },
  };
}

function operationOf(route: Route, answers: Answers, schemas: Schemas, error: JsonSchema): JsonSchema {
  const { method, path, access, summary, query, body, action } = route;
  const role =
    access === "public" ? "Needs no session." : `Needs the role ${access}${access === "admin" ? "" : " or higher"}.`;
  return {
    operationId: operationId(route),
    summary,
    description: action === null ? role : `${role} Audited as \`${action}\`.`,
    tags: [TAGS.find(([pattern]) => pattern.test(path))?.[1] ?? OTHER],
    "x-role": access,
    security: access === "public" ? [] : [method === "GET" ? { session: [] } : { session: [], csrf: [] }],
    parameters: [...pathParameters(path), ...(query ? queryParameters(schemas.of(query, "input")) : [])],
    ...(body ? { requestBody: requestBody(schemas.of(body, "input"), route.example, schemas) } : {}),
    responses: {
      ...successes(answers, schemas),
      ...Object.fromEntries(errorCodesOf(route).map(({ status, codes }) => [status, refusal(status, codes, error)])),
    },
  };
}

/** `GET /api/hosts/:id/repos` → `getHostsByIdRepos`. */
function operationId({ method, path }: Route): string {
  const words = path
    .replace(/^\/api\//, "/")
    .split(/[/\-._]/)
    .filter((word) => word !== "")
    .map((word) => (word.startsWith(":") ? `By${capital(word.slice(1))}` : capital(word)));
  return method.toLowerCase() + words.join("");
}

function capital(word: string): string {
  return word.slice(0, 1).toUpperCase() + word.slice(1);
}

function pathParameters(path: string): JsonSchema[] {
  return [...path.matchAll(/([a-z-]+)\/:([a-z_]+)/gi)].map(([, noun = "", name = ""]) => ({
    name,
    in: "path",
    required: true,
    description: name === "file" ? "Name of the file" : `Id, from the list of ${noun.replaceAll("-", " ")}`,
    schema: { type: "string" },
  }));
}

function queryParameters(schema: JsonSchema): JsonSchema[] {
  const properties = (schema["properties"] ?? {}) as Record<string, JsonSchema>;
  const required = (schema["required"] ?? []) as string[];
  return Object.entries(properties).map(([name, own]) => ({
    name,
    in: "query",
    required: required.includes(name),
    schema: own,
  }));
}

function requestBody(schema: JsonSchema, example: unknown, schemas: Schemas): JsonSchema {
  const shown = example ?? exampleOf(schema, schemas.lookUp);
  return { required: true, content: { "application/json": { schema, example: shown } } };
}

function successes(answers: Answers, schemas: Schemas): JsonSchema {
  if (answers === "page") return { 200: { description: "A page", content: { "text/html": {} } } };
  if (answers === "websocket") return { 101: { description: "A WebSocket" } };
  return Object.fromEntries(
    Object.entries(answers).map(([status, answer]) => {
      if (answer === null) return [status, { description: "Done; no body" }];
      if (isMedia(answer)) return [status, { description: "The file", content: { [answer.media]: {} } }];
      const schema = schemas.of(answer);
      const example = exampleOf(schema, schemas.lookUp);
      return [
        status,
        { description: SUCCESSES[status] ?? "Done", content: { "application/json": { schema, example } } },
      ];
    }),
  );
}

const SUCCESSES: Record<string, string> = { 200: "Done", 201: "Created", 202: "Accepted" };

function refusal(status: number, codes: readonly string[], schema: JsonSchema): JsonSchema {
  const waits = { "Retry-After": { description: "Seconds", schema: { type: "integer" } } };
  return {
    description: codes.map((code) => `\`${code}\``).join(", "),
    ...(status === 429 || status === 503 ? { headers: waits } : {}),
    content: {
      "application/json": { schema, example: { error: { code: codes[0], message: "What happened, and what to do." } } },
    },
    "x-codes": codes,
  };
}

type Schemas = {
  /** Schemas with a title, referenced wherever they occur. */
  named: Record<string, JsonSchema>;
  /** Answers may gain fields later, so they are open. An `input` is not. */
  of(schema: v.GenericSchema, use?: "answer" | "input"): JsonSchema;
  lookUp(ref: string): JsonSchema;
};

function createSchemas(): Schemas {
  const named: Record<string, JsonSchema> = {};
  const hoist = (node: unknown, isOpen: boolean): unknown => {
    if (Array.isArray(node)) return node.map((one) => hoist(one, isOpen));
    if (node === null || typeof node !== "object") return node;
    const own = Object.fromEntries(
      Object.entries(node)
        .filter(([key, value]) => key !== "$schema" && !(isOpen && key === "additionalProperties" && value === false))
        .map(([key, value]) => [key, key === "examples" || key === "default" ? value : hoist(value, isOpen)]),
    );
    // A property may itself be named "title". A schema's title is a string.
    const title = own["title"];
    if (typeof title !== "string") return own;
    const known = named[title];
    if (known && JSON.stringify(known) !== JSON.stringify(own))
      throw new Error(`two different schemas are named ${title}`);
    named[title] = own;
    return { $ref: `#/components/schemas/${title}` };
  };
  return {
    named,
    of: (schema, use = "answer") =>
      hoist(
        toJsonSchema(schema, { target: "draft-2020-12", typeMode: "input", errorMode: "ignore" }),
        use === "answer",
      ) as JsonSchema,
    lookUp: (ref) => named[ref.split("/").at(-1) ?? ""] ?? {},
  };
}

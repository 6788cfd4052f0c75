/** Routes as data: each declares its minimum role, its audit action and its input. */
import type { Context } from "hono";
import type * as v from "valibot";
import type { Role } from "../../db/schema/users.ts";
import type { Actor } from "../runtime/audit.ts";
import type { Answers, ErrorCodes } from "./answers.ts";

export type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
export type Access = "public" | Role;

/** The signed-in person of a request, read from the database each time. */
export type Session = {
  sessionId: string;
  userId: string;
  username: string;
  role: Role;
  csrfToken: string;
};

/** What Bun (or a test) passes in with the request. */
export type Bindings = {
  /** The peer's address. */
  ip: string;
  upgrade(request: Request, data: unknown): boolean;
};
export type AppContext = Context<{ Bindings: Bindings }>;

/** Where a request really came from, behind any proxies. */
export type Origin = {
  /** In its canonical spelling. */
  ip: string;
  /** The key for limits: the address, or the /64 of an IPv6 address. */
  network: string;
  /** `https://host:port` as the browser sees us. */
  origin: string;
  secure: boolean;
};

export type Call<Q, B, S> = {
  c: AppContext;
  params: Record<string, string>;
  query: Q;
  body: B;
  session: S;
  from: Origin;
  actor: S extends Session ? Extract<Actor, { kind: "user" }> : null;
};

type Schema = v.GenericSchema;
type Out<S extends Schema | undefined> = S extends Schema ? v.InferOutput<S> : undefined;

export type Definition<Q extends Schema | undefined, B extends Schema | undefined, S> = {
  method: Method;
  path: string;
  access: Access;
  summary: string;
  /** Audit action of a write, `noun.verbed`. When a signed-in person is refused, `….denied` is recorded. */
  action?: string;
  /** Strict objects: unknown parameters are refused. */
  query?: Q;
  body?: B;
  /** The successful responses. Every route for programs declares them; a route without any is a page. */
  answers?: Answers;
  /** Error codes by status, beyond those that follow from the rest of the declaration. */
  errors?: ErrorCodes;
  /** An example body for the documentation. */
  example?: B extends Schema ? v.InferInput<B> : never;
  /** `form` = an urlencoded HTML form. The body is a record of strings or lists. */
  reads?: "json" | "form";
  handle(call: Call<Out<Q>, Out<B>, S>): Response | Promise<Response>;
};

export type FormBody = Record<string, string | string[]>;

export type Route = {
  method: Method;
  path: string;
  access: Access;
  summary: string;
  action: string | null;
  query: Schema | null;
  body: Schema | null;
  /** null: a page. */
  answers: Answers | null;
  errors: ErrorCodes;
  example: unknown;
  reads: "json" | "form";
  handle(call: Call<never, never, never>): Response | Promise<Response>;
};

/** A route for signed-in people. */
export function route<Q extends Schema | undefined = undefined, B extends Schema | undefined = undefined>(
  definition: Definition<Q, B, Session> & { access: Role },
): Route {
  return complete(definition);
}

/** A public route. It has a session when the visitor is signed in. */
export function publicRoute<Q extends Schema | undefined = undefined, B extends Schema | undefined = undefined>(
  definition: Omit<Definition<Q, B, Session | null>, "access">,
): Route {
  return complete({ ...definition, access: "public" } as never);
}

type NotOfForms = "body" | "query" | "answers" | "errors" | "example" | "handle";

/** The page of an HTML form. The body arrives as the browser sent it, so that a refused form can show what was typed. */
export function formRoute(
  definition: Omit<Definition<undefined, undefined, Session>, NotOfForms> & {
    access: Role;
    handle(call: Call<undefined, FormBody, Session>): Response | Promise<Response>;
  },
): Route {
  return { ...complete(definition as never), reads: "form" };
}

export function publicFormRoute(
  definition: Omit<Definition<undefined, undefined, Session | null>, NotOfForms | "access"> & {
    handle(call: Call<undefined, FormBody, Session | null>): Response | Promise<Response>;
  },
): Route {
  return { ...complete({ ...definition, access: "public" } as never), reads: "form" };
}

function complete(definition: Definition<Schema | undefined, Schema | undefined, never>): Route {
  return {
    method: definition.method,
    path: definition.path,
    access: definition.access,
    summary: definition.summary,
    action: definition.action ?? null,
    query: definition.query ?? null,
    body: definition.body ?? null,
    answers: definition.answers ?? null,
    errors: definition.errors ?? {},
    example: definition.example ?? null,
    reads: definition.reads ?? "json",
    handle: definition.handle as Route["handle"],
  };
}

/** Addresses for programs, where errors are returned as JSON. */
const FOR_PROGRAMS = /^\/(?:api|agent|install|ws)(?:\/|$)|^\/install\.sh$|^\/(?:healthz|readyz)$/;

export function isForPrograms(path: string): boolean {
  return FOR_PROGRAMS.test(path);
}

/** @throws at start when a route is incomplete: a write without an audit action, an undeclared answer, or a duplicate path */
export function checkRoutes(routes: readonly Route[]): void {
  const seen = new Set<string>();
  for (const { method, path, action, access, answers } of routes) {
    const key = `${method} ${path}`;
    if (seen.has(key)) throw new Error(`route ${key} is defined twice`);
    seen.add(key);
    if (!access) throw new Error(`route ${key} has no role`);
    if (method !== "GET" && !action) throw new Error(`route ${key} changes something but names no audit action`);
    if (answers === null && FOR_PROGRAMS.test(path)) throw new Error(`route ${key} declares no answers`);
  }
}

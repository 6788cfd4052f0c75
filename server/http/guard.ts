/** Checks every request before its handler: who sends it, from where, with which role, and whether the input is valid. */
import * as v from "valibot";
import { ROLES, type Role } from "../../db/schema/users.ts";
import { isJson, readBody } from "./body.ts";
import { CSRF_FIELD, crossSiteReason } from "./csrf.ts";
import { badInput, Refusal } from "./errors.ts";
import type { Access, AppContext, Call, FormBody, Origin, Route, Session } from "./routes.ts";

export type GuardDeps = {
  originOf(c: AppContext): Origin;
  findSession(c: AppContext, from: Origin): Session | null;
  /** A signed-in person was not allowed to make a change. */
  denied(session: Session, action: string, from: Origin, why: string): void;
};

export function hasRole(role: Role, least: Access): boolean {
  return least === "public" || ROLES.indexOf(role) >= ROLES.indexOf(least);
}

export function guard(route: Route, { originOf, findSession, denied }: GuardDeps) {
  return async (c: AppContext): Promise<Response> => {
    const from = originOf(c);
    const session = findSession(c, from);
    const isWrite = route.method !== "GET";
    const refuse = (refusal: Refusal, why: string): never => {
      if (session && isWrite && route.action) denied(session, route.action, from, why);
      throw refusal;
    };
    if (isWrite && route.reads === "json" && hasBody(c) && !isJson(c)) {
      throw new Refusal(415, "not_json", "Send the body as JSON with Content-Type: application/json.");
    }
    if (!session && route.access !== "public") {
      throw new Refusal(401, "signed_out", "You are not signed in, or your session has ended. Sign in again.");
    }
    if (session && !hasRole(session.role, route.access)) {
      refuse(
        new Refusal(
          403,
          "forbidden",
          `This needs the role ${route.access}, but you are ${session.role}. Ask an admin.`,
        ),
        "role",
      );
    }
    const body = isWrite ? await readBody(c, route) : undefined;
    if (isWrite) {
      const reason = crossSiteReason(c, from.origin, route.access === "public" ? null : session, body);
      if (reason) refuse(new Refusal(403, "cross_site", reason), "cross-site");
    }
    const call: Call<unknown, unknown, Session | null> = {
      c,
      params: c.req.param() as Record<string, string>,
      query: route.query ? parse(route.query, queryRecord(c)) : undefined,
      body: route.reads === "form" ? withoutToken(body as FormBody) : route.body ? parse(route.body, body) : undefined,
      session,
      from,
      actor: session ? { kind: "user", userId: session.userId, username: session.username, ip: from.ip } : null,
    } as never;
    return route.handle(call as never);
  };
}

function hasBody(c: AppContext): boolean {
  return (c.req.header("content-length") ?? "0") !== "0" || c.req.header("transfer-encoding") !== undefined;
}

function withoutToken(form: FormBody): FormBody {
  delete form[CSRF_FIELD];
  return form;
}

function queryRecord(c: AppContext): Record<string, string | string[]> {
  const all = Object.entries(c.req.queries()).filter(([, values]) => values.some((value) => value !== ""));
  return Object.fromEntries(all.map(([name, values]) => [name, values.length === 1 ? (values[0] as string) : values]));
}

/** Reports all invalid fields. The message never repeats the input, which may contain a password. */
export function parse<S extends v.GenericSchema>(schema: S, input: unknown): v.InferOutput<S> {
  const outcome = v.safeParse(schema, input, { message: NO_SENTENCE });
  if (outcome.success) return outcome.output;
  throw badInput(fieldErrors(outcome.issues));
}

function fieldErrors(issues: readonly v.BaseIssue<unknown>[]): Record<string, string> {
  const fields: Record<string, string> = {};
  for (const issue of issues) {
    const path = v.getDotPath(issue) ?? "body";
    fields[path] ??= sentenceOf(issue, path);
  }
  return fields;
}

/** The message of schemas without their own sentence, because valibot's default would quote the received value. */
const NO_SENTENCE = "\u0000";

/** The schema's own sentence, or one that names the field but not its value. */
function sentenceOf(issue: v.BaseIssue<unknown>, path: string): string {
  if (issue.message !== NO_SENTENCE) return issue.message;
  if (issue.type === "strict_object") return `"${path}" is not a known field.`;
  if (issue.received === "undefined") return `"${path}" is missing.`;
  return `"${path}" is not valid${issue.expected ? `: expected ${issue.expected}` : ""}.`;
}

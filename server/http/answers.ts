/** Declares what routes answer: schemas by status, error codes, and the small schemas that answers consist of. */
import * as v from "valibot";
import type { RefusalStatus } from "./errors.ts";

/** The media type of a file or stream, which is not JSON. */
export type Media = { media: string };

/**
 * `page`: HTML for people. `websocket`: accepts WebSocket connections only.
 * Otherwise the schema of each successful status; null = no body.
 */
export type Answers =
  | "page"
  | "websocket"
  | Readonly<Partial<Record<200 | 201 | 202 | 204, v.GenericSchema | Media | null>>>;

/** Error codes by status, in addition to those that follow from the route's declaration. */
export type ErrorCodes = Readonly<Partial<Record<RefusalStatus, readonly string[]>>>;

export const noBody: Answers = { 204: null };

export function isMedia(answer: v.GenericSchema | Media | null): answer is Media {
  return answer !== null && "media" in answer;
}

/** A schema with its own name in the document. */
export function named<S extends v.GenericSchema>(name: string, schema: S) {
  return v.pipe(schema, v.title(name));
}

export const id = v.pipe(v.string(), v.minLength(1), v.examples(["0193a4c2-7d3e-7abc-8def-0123456789ab"]));
/** In our format: ISO-8601, UTC. */
export const time = v.pipe(v.string(), v.isoTimestamp(), v.examples(["2026-11-20T09:14:00.000Z"]));
export const timeOrNull = v.nullable(time);
export const day = v.pipe(v.string(), v.isoDate(), v.examples(["2026-11-20"]));
export const textOrNull = v.nullable(v.string());
export const count = v.pipe(v.number(), v.integer(), v.minValue(0));
export const countOrNull = v.nullable(count);
export const sized = (example: number) => v.pipe(count, v.examples([example]));
export const textLike = (example: string) => v.pipe(v.string(), v.examples([example]));

/** Every list: one page of items, and the total number. */
export function listOf<S extends v.GenericSchema>(item: S) {
  return v.strictObject({ items: v.array(item), total: count });
}

export const errorAnswer = named(
  "Error",
  v.strictObject({
    error: v.strictObject({
      code: v.pipe(v.string(), v.description("Stable; programs decide by it."), v.examples(["bad_input"])),
      message: v.pipe(v.string(), v.description("For people."), v.examples(["Give the host a name."])),
      fields: v.exactOptional(
        v.pipe(
          v.record(v.string(), v.string()),
          v.description("All wrong fields at once: the name of each and what is wrong with it."),
        ),
      ),
    }),
  }),
);

/** All error codes that a route can return: those that follow from its declaration, and its own. */
export function errorCodesOf(route: {
  method: string;
  path: string;
  access: string;
  query: v.GenericSchema | null;
  body: v.GenericSchema | null;
  errors: ErrorCodes;
}) {
  const codes = new Map<number, Set<string>>();
  const add = (status: number, ...more: string[]) =>
    codes.set(status, new Set([...(codes.get(status) ?? []), ...more]));
  const isWrite = route.method !== "GET";
  add(400, "bad_host");
  if (route.query || route.body || route.path.includes(":")) add(400, "bad_input");
  if (route.access !== "public") {
    add(401, "signed_out");
    add(403, "forbidden");
  }
  if (route.path.includes(":")) add(404, "not_found");
  if (isWrite) {
    add(400, "bad_json");
    add(403, "cross_site");
    add(413, "too_large");
    add(415, "not_json");
  }
  add(500, "internal");
  add(503, "disk_full");
  for (const [status, own] of Object.entries(route.errors)) add(Number(status), ...own);
  return [...codes].sort(([a], [b]) => a - b).map(([status, set]) => ({ status, codes: [...set] }));
}

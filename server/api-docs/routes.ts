/** REST: the OpenAPI document. */
import * as v from "valibot";
import { type Route, route } from "../http/routes.ts";
import { SERVER_VERSION } from "../runtime/version.ts";
import { makeDocument, type OpenApiDocument } from "./document.ts";

const openApiAnswer = v.looseObject({
  openapi: v.literal("3.1.0"),
  info: v.looseObject({ title: v.string(), version: v.string() }),
  paths: v.record(v.string(), v.record(v.string(), v.looseObject({}))),
  components: v.looseObject({}),
});

/** @param others all other routes */
export function openApiRoute(others: readonly Route[]): Route {
  let document: OpenApiDocument | null = null;
  const own: Route = route({
    method: "GET",
    path: "/api/openapi.json",
    access: "viewer",
    summary: "This description, as OpenAPI 3.1",
    answers: { 200: openApiAnswer },
    handle: ({ c }) => {
      document ??= makeDocument([...others, own], SERVER_VERSION);
      return c.json(document);
    },
  });
  return own;
}

/** REST, described by itself: the OpenAPI document, and the page that shows it. */
import * as v from "valibot";
import { ApiDocsPage } from "../../ui/api-docs/page.tsx";
import type { Assets } from "../http/assets.ts";
import { preferencesOf } from "../http/page-maker.ts";
import { type Route, route } from "../http/routes.ts";
import { SERVER_VERSION } from "../runtime/version.ts";
import { makeDocument, type OpenApiDocument } from "./document.ts";

const openApiAnswer = v.looseObject({
  openapi: v.literal("3.1.0"),
  info: v.looseObject({ title: v.string(), version: v.string() }),
  paths: v.record(v.string(), v.record(v.string(), v.looseObject({}))),
  components: v.looseObject({}),
});

/** @param others all routes beside these */
export function apiDocsRoutes(others: readonly Route[], assets: Pick<Assets, "urls" | "apiDocs">): Route[] {
  let document: OpenApiDocument | null = null;
  const own = [
    route({
      method: "GET",
      path: "/api/openapi.json",
      access: "viewer",
      summary: "This description, as OpenAPI 3.1",
      answers: { 200: openApiAnswer },
      handle: ({ c }) => {
        document ??= makeDocument([...others, ...own], SERVER_VERSION);
        return c.json(document);
      },
    }),
    route({
      method: "GET",
      path: "/api/docs",
      access: "viewer",
      summary: "This description, as a page",
      answers: "page",
      handle: ({ c }) => {
        const page = <ApiDocsPage assets={assets.apiDocs} icon={assets.urls.icon} preferences={preferencesOf(c)} />;
        return c.html(`<!doctype html>${String(page)}`);
      },
    }),
  ];
  return own;
}

/** Page: the API reference, from the OpenAPI document. */
import { ApiDocsPage } from "../../ui/api-docs/page.tsx";
import type { Assets } from "../http/assets.ts";
import { preferencesOf } from "../http/cookies.ts";
import { type Route, route } from "../http/routes.ts";

export function apiDocsPage({ urls, apiDocs }: Pick<Assets, "urls" | "apiDocs">): Route {
  return route({
    method: "GET",
    path: "/api/docs",
    access: "viewer",
    summary: "This description, as a page",
    answers: "page",
    handle: ({ c }) => {
      const page = <ApiDocsPage assets={apiDocs} icon={urls.icon} preferences={preferencesOf(c)} />;
      return c.html(`<!doctype html>${String(page)}`);
    },
  });
}

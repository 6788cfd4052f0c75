/** The documentation of the REST API, generated from the routes of all other features. */
import type { HttpFeature } from "../http/feature.ts";
import type { Route } from "../http/routes.ts";
import { apiDocsPage } from "./pages.tsx";
import { openApiRoute } from "./routes.ts";

export type ApiDocsNeeds = { http: HttpFeature; others: readonly { routes?: readonly Route[] }[] };

export function apiDocsFeature({ http, others }: ApiDocsNeeds) {
  const page = apiDocsPage(http.assets);
  return { routes: [openApiRoute([...others.flatMap(({ routes = [] }) => routes), page])], pages: [page] };
}

/** The audit log: its page and its route. */
import type { HttpFeature } from "../http/feature.ts";
import type { World } from "../runtime/world.ts";
import { auditPages } from "./pages.tsx";
import { auditRoutes } from "./routes.ts";

export function auditFeature({ db }: World, { http }: { http: HttpFeature }) {
  return { routes: auditRoutes({ db }), pages: auditPages({ db, pages: http.pageMaker }) };
}

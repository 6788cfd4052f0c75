/** The HTML pages of all features. */
import type { Refusal } from "./http/errors.ts";
import type { AppContext, Route } from "./http/routes.ts";
import type { PageDeps } from "./page-deps.ts";

export type Pages = {
  routes: Route[];
  errorPage(c: AppContext, refusal: Refusal, errorId: string | null): Response | Promise<Response>;
};

export function createPages(_deps: PageDeps): Pages {
  return { routes: [], errorPage: (c, refusal) => c.text(refusal.message, refusal.status) };
}

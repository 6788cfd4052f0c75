/** The web application: middleware, routes, and the one place that turns errors into answers. */
import { Hono } from "hono";
import { newId } from "../shared/ids.ts";
import type { Log } from "../shared/log.ts";
import { isDiskFull } from "../shared/sqlite-errors.ts";
import { checkAnswer } from "./http/check-answers.ts";
import { errorBody, Refusal } from "./http/errors.ts";
import { type GuardDeps, guard } from "./http/guard.ts";
import { setSecurityHeaders } from "./http/headers.ts";
import { type AppContext, type Bindings, checkRoutes, isForPrograms, type Route } from "./http/routes.ts";
import { diskFull } from "./runtime/storage.ts";

export type AppDeps = GuardDeps & {
  routes: readonly Route[];
  log: Log;
  /** For tests and development: an undeclared answer becomes a 500. */
  checkAnswers?: boolean;
  assets(request: Request): Promise<Response | null>;
  /** Renders an error page for people. `errorId` finds an internal error in the log. */
  errorPage(c: AppContext, refusal: Refusal, errorId: string | null): Response | Promise<Response>;
};

export type App = Hono<{ Bindings: Bindings }>;

export function createApp(deps: AppDeps): App {
  const { routes, log, originOf, assets, errorPage } = deps;
  checkRoutes(routes);
  const pages = new Set(routes.filter(({ answers }) => answers === "page").map(({ path }) => path));
  const app: App = new Hono<{ Bindings: Bindings }>();

  app.use(async (c, next) => {
    await next();
    if (c.res.status !== 101) setSecurityHeaders(c, isSecure(c));
  });
  app.get("/assets/*", async (c) => (await assets(c.req.raw)) ?? answer(c, missing(), null));
  for (const route of routes) {
    if (deps.checkAnswers) {
      app.on(route.method, route.path, async (c, next) => {
        await next();
        await checkAnswer(route, c.res);
      });
    }
    app.on(route.method, route.path, guard(route, deps) as never);
  }

  app.notFound((c) => answer(c, missing(), null));
  app.onError((error, c) => {
    if (error instanceof Refusal) return answer(c, error, null);
    const id = newId();
    log.error("a request failed", {
      id,
      method: c.req.method,
      path: c.req.path,
      why: error.message,
      stack: error.stack ?? "",
    });
    if (isDiskFull(error)) {
      const { code, message } = diskFull(null);
      return answer(c, new Refusal(503, code, message), null);
    }
    return answer(
      c,
      new Refusal(
        500,
        "internal",
        "Something went wrong on the server. Try again. If it happens again, check the server's log.",
      ),
      id,
    );
  });

  function isSecure(c: AppContext): boolean {
    try {
      return originOf(c).secure;
    } catch {
      return false;
    }
  }

  /** JSON for programs and for htmx, which shows the message as a toast. A page for people. */
  function answer(c: AppContext, refusal: Refusal, errorId: string | null): Response | Promise<Response> {
    if (refusal.retryAfterSeconds !== null) c.header("Retry-After", String(refusal.retryAfterSeconds));
    const isForProgram = isForPrograms(c.req.path) && !pages.has(c.req.path);
    if (isForProgram || c.req.header("hx-request") === "true") return c.json(errorBody(refusal), refusal.status);
    return errorPage(c, refusal, errorId);
  }

  return app;
}

function missing(): Refusal {
  return new Refusal(404, "not_found", "There is nothing at this address.");
}

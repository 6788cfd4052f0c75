// Renders refusals and failures as a page.
import type { AssetUrls } from "../../shared/pages.ts";
import { ErrorPage } from "../../ui/error-page.tsx";
import { hrefOf } from "../../ui/links.ts";
import { preferencesOf } from "./cookies.ts";
import type { Refusal } from "./errors.ts";
import type { PageMaker } from "./page-maker.ts";
import type { AppContext, Origin, Session } from "./routes.ts";

export type ErrorPageDeps = {
  pages: Pick<PageMaker, "door" | "standing">;
  assets: AssetUrls;
  originOf(c: AppContext): Origin;
  findSession(c: AppContext, from: Origin): Session | null;
};

/** Renders a refusal as a page, or redirects to sign-in. `errorId` finds an internal failure in the log. */
export function createErrorPage({ pages, assets, originOf, findSession }: ErrorPageDeps) {
  return (c: AppContext, refusal: Refusal, errorId: string | null): Response => {
    const session = sessionOf(c);
    if (refusal.status === 401) {
      const isPage = c.req.method === "GET" && c.req.path !== "/";
      const next = isPage ? c.req.path + new URL(c.req.url).search : null;
      return c.redirect(hrefOf("/login", { next }), 303);
    }
    const message = errorId === null ? refusal.message : `${refusal.message} Error ID: ${errorId}.`;
    const page = (
      <ErrorPage
        status={refusal.status}
        code={refusal.code}
        message={message}
        session={session}
        standing={session ? standing() : null}
        assets={assets}
        theme={preferencesOf(c).theme}
      />
    );
    return pages.door(c, page, refusal.status);
  };

  /** The page must appear even if the database is what failed. */
  function standing() {
    try {
      return pages.standing();
    } catch {
      return null;
    }
  }

  /** A request with a refused Host header has no origin and thus no session. */
  function sessionOf(c: AppContext) {
    try {
      return findSession(c, originOf(c));
    } catch {
      return null;
    }
  }
}

// The HTML pages of all features, and the page that says no.
import { countOpenJobs } from "../db/queries/jobs.ts";
import { ErrorPage } from "../ui/error-page.tsx";
import { hrefOf } from "../ui/links.ts";
import { auditPages } from "./audit/pages.tsx";
import { authPages } from "./auth/pages.tsx";
import { dashboardPages } from "./dashboard/pages.tsx";
import { createFleetRows } from "./dashboard/rows.ts";
import { enrollmentPages } from "./enrollment/pages.tsx";
import { pendingHostPages } from "./enrollment/pending-pages.tsx";
import { createHostHeads } from "./hosts/head.ts";
import { hostPages } from "./hosts/pages.tsx";
import type { Refusal } from "./http/errors.ts";
import { createPageMaker, preferencesOf } from "./http/page-maker.ts";
import type { AppContext, Route } from "./http/routes.ts";
import { jobPages } from "./jobs/pages.tsx";
import { fleetRepoPages } from "./maintenance/fleet-page.tsx";
import { repoPages } from "./maintenance/pages.tsx";
import type { PageDeps } from "./page-deps.ts";
import { repoListPages } from "./repos/pages.tsx";
import { schedulePages } from "./schedules/pages.tsx";
import { settingsPages } from "./settings/pages.tsx";
import { snapshotPages } from "./snapshots/pages.tsx";
import { sourceGroupPages } from "./source-groups/pages.tsx";
import { userPages } from "./users/pages.tsx";

export type Pages = {
  routes: Route[];
  /** A refusal as a page; strangers who need to sign in are led there. `errorId` finds an internal failure in the log. */
  errorPage(c: AppContext, refusal: Refusal, errorId: string | null): Response | Promise<Response>;
};

export function createPages(deps: PageDeps): Pages {
  const { db, clock, assets, live, originOf, findSession } = deps;
  const pages = createPageMaker({
    clock,
    assets: assets.urls,
    countRunningJobs: () => countOpenJobs(db).running,
    isSecure: (c) => originOf(c).secure,
  });
  const shareOf = (jobId: string) => live.progressOf(jobId)?.percent_done ?? null;
  const heads = createHostHeads({ ...deps, shareOf });
  const shared = { ...deps, pages, heads, shareOf, rows: createFleetRows({ db, clock, shareOf }) };
  return {
    routes: [
      ...authPages(shared),
      ...userPages(shared),
      ...dashboardPages(shared),
      ...enrollmentPages(shared),
      ...pendingHostPages(shared),
      ...snapshotPages(shared),
      ...sourceGroupPages(shared),
      ...schedulePages(shared),
      ...repoListPages(shared),
      ...fleetRepoPages(shared),
      ...repoPages(shared),
      ...hostPages(shared),
      ...jobPages(shared),
      ...auditPages(shared),
      ...settingsPages(shared),
    ],
    errorPage(c, refusal, errorId) {
      const session = sessionOf(c);
      if (refusal.status === 401) {
        const isPage = c.req.method === "GET" && c.req.path !== "/";
        const next = isPage ? c.req.path + new URL(c.req.url).search : null;
        return c.redirect(hrefOf("/login", { next }), 303);
      }
      const status = refusal.code === "internal" ? 500 : refusal.status;
      const message = errorId === null ? refusal.message : `${refusal.message} It is written there as ${errorId}.`;
      const { theme } = preferencesOf(c);
      const page = (
        <ErrorPage
          status={status}
          code={refusal.code}
          message={message}
          session={session}
          assets={assets.urls}
          theme={theme}
        />
      );
      return pages.door(c, page, status);
    },
  };

  /** A request whose Host header is refused has no origin; it is then a stranger's. */
  function sessionOf(c: AppContext) {
    try {
      return findSession(c, originOf(c));
    } catch {
      return null;
    }
  }
}

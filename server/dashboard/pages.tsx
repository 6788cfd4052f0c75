// Pages: the dashboard with live updates and further rows, and the search behind the palette.
import { getCookie } from "hono/cookie";
import type { FleetSummary } from "../../shared/fleet.ts";
import type { NeedyHost } from "../../shared/hosts.ts";
import { stripDays } from "../../shared/nights.ts";
import { type Clock, MINUTE_MS } from "../../shared/time/clock.ts";
import { EmptyDashboardPage } from "../../ui/dashboard/empty.tsx";
import { FLEET_SORTS, type FleetFilter, type FleetSort } from "../../ui/dashboard/filters.tsx";
import { DashboardPage } from "../../ui/dashboard/page.tsx";
import { FleetRows as FleetRowList } from "../../ui/dashboard/rows.tsx";
import { FLEET_PAGE, MoreRows } from "../../ui/dashboard/table.tsx";
import type { PendingLine } from "../../ui/enrollment/pending.tsx";
import { SearchOptions, SearchPage } from "../../ui/search/results.tsx";
import { may } from "../../ui/view.ts";
import type { ShareOf } from "../hosts/last-backup.ts";
import { offsetOf } from "../http/lists.ts";
import type { PageMaker } from "../http/page-maker.ts";
import { type AppContext, type Route, route } from "../http/routes.ts";
import { filterFleet, sortFleet } from "./filter.ts";
import type { Fleet, FleetHost } from "./fleet.ts";
import type { FleetRows } from "./rows.ts";
import { createDrawnRows } from "./rows.ts";
import { findHits } from "./search.ts";
import { needyHosts, summaryOf } from "./verdict.ts";

/** The most rows in one response. */
const MOST_ROWS = 1000;
/** The greatest age of time-dependent words ("3 days") in a poll. */
const WORDS_KEPT_MS = MINUTE_MS;
const SHARES_KEPT_MS = 1_000;

const REPO_SERVER_COMMAND =
  "rest-server --listen :8000 --path /srv/restic --append-only --private-repos --htpasswd-file /srv/restic/.htpasswd";

export type DashboardPageDeps = {
  clock: Clock;
  pages: PageMaker;
  fleet: Fleet;
  rows: FleetRows;
  shareOf: ShareOf;
  announcements: { list(): readonly PendingLine[] };
};

export function dashboardPages({ clock, pages, fleet, rows, shareOf, announcements }: DashboardPageDeps): Route[] {
  let shown: { all: readonly FleetHost[]; at: number; shares: string } | null = null;
  /** Progress in polls changes at most once a second, however many jobs report. */
  const sharesOf = (all: readonly FleetHost[], now: number): string => {
    if (shown?.all === all && now - shown.at < SHARES_KEPT_MS) return shown.shares;
    const jobs = all.flatMap((row) => row.openJobs);
    shown = { all, at: now, shares: jobs.map((job) => Math.round((shareOf(job.id) ?? 0) * 100)).join() };
    return shown.shares;
  };

  const drawnRows = createDrawnRows();

  let digest: { all: readonly FleetHost[]; needy: NeedyHost[]; summary: FleetSummary; tags: string[] } | null = null;
  const digestOf = (all: readonly FleetHost[], now: number) => {
    if (digest?.all === all) return digest;
    const tags = [...new Set(all.flatMap(({ host }) => host.tags))].sort();
    digest = { all, needy: needyHosts(all, now), summary: summaryOf(all, rows.totals()), tags };
    return digest;
  };

  return [
    route({
      method: "GET",
      path: "/",
      access: "viewer",
      summary: "Page: the dashboard",
      handle: (call) => {
        const { c, session } = call;
        const now = clock.now();
        const all = fleet.hosts();
        const pending = announcements.list();
        const moment = Math.floor(now / WORDS_KEPT_MS);
        const key = [
          fleet.version(),
          moment,
          sharesOf(all, now),
          pending.map(({ id, isNameTaken, isNameShared }) => [id, isNameTaken, isNameShared]).join(),
          session.sessionId,
          session.role,
          c.req.url,
          c.req.header("cookie") ?? "",
        ];
        const tag = `"${Bun.hash(key.join("\n")).toString(36)}"`;
        const same = pages.unchanged(c, tag);
        if (same) return same;

        const view = pages.view(call);
        const days = stripDays(view.dates.day(now));
        if (all.length === 0) {
          const empty = (
            <EmptyDashboardPage view={view} days={days} repoServerCommand={REPO_SERVER_COMMAND} pending={pending} />
          );
          return pages.page(c, view, empty);
        }
        const draw = drawnRows(
          [session.csrfToken, session.role, getCookie(c, "rm_tz"), days.at(-1), moment].join("\n"),
        );
        const filter = filterOf(c);
        const matching = sortFleet(filterFleet(all, queryOf(filter)), filter.sort, filter.dir);
        const offset = offsetOf(c);
        if (offset > 0 && view.partial) {
          const next = rows.read(matching.slice(offset, offset + FLEET_PAGE), days);
          const part = (
            <>
              <FleetRowList rows={next} days={days} draw={draw} view={view} />
              <MoreRows filter={filter} from={offset + next.length} total={matching.length} />
            </>
          );
          return pages.page(c, view, part);
        }
        const { needy, summary, tags } = digestOf(all, now);
        const page = (
          <DashboardPage
            view={view}
            verdict={{
              hosts: all.length,
              protectedHosts: summary.protectedHosts,
              needy,
              lastNight: rows.lastDay(),
            }}
            summary={summary}
            pending={pending}
            filter={filter}
            tags={tags}
            rows={rows.read(matching.slice(0, rowsWanted(c)), days)}
            total={matching.length}
            days={days}
            draw={draw}
          />
        );
        return pages.page(c, view, page, 200, tag);
      },
    }),
    route({
      method: "GET",
      path: "/search",
      access: "viewer",
      summary: "Page: find a host, repo or page, or a group to run",
      handle: (call) => {
        const { c } = call;
        const view = pages.view(call);
        const query = (c.req.query("q") ?? "").slice(0, 200);
        const hits = findHits(fleet.hosts(), query, { mayRun: may(view, "operator"), isAdmin: may(view, "admin") });
        if (view.partial) return pages.page(c, view, <SearchOptions hits={hits} view={view} />);
        return pages.page(c, view, <SearchPage view={view} query={query} hits={hits} />);
      },
    }),
  ];
}

function rowsWanted(c: AppContext): number {
  const text = c.req.query("rows") ?? "";
  return /^\d{1,5}$/.test(text) ? Math.min(MOST_ROWS, Math.max(FLEET_PAGE, Number(text))) : FLEET_PAGE;
}

function oneOf<T extends string>(text: string | undefined, known: readonly T[], otherwise: T): T {
  return known.find((one) => one === text) ?? otherwise;
}

function filterOf(c: AppContext): FleetFilter {
  const one = (name: string) => c.req.query(name);
  return {
    q: (one("q") ?? "").slice(0, 200),
    status: oneOf(one("status"), ["", "online", "degraded", "offline"], ""),
    repo_status: oneOf(one("repo_status"), ["", "ready", "waiting", "failed", "unknown"], ""),
    unprotected: oneOf(one("unprotected"), ["", "24h"], ""),
    tag: (c.req.queries("tag") ?? []).filter((tag) => tag !== "").slice(0, 20),
    sort: oneOf<FleetSort>(one("sort"), FLEET_SORTS, "status"),
    dir: oneOf(one("dir"), ["asc", "desc"], "asc"),
  };
}

function queryOf(filter: FleetFilter) {
  return {
    q: filter.q,
    tags: filter.tag,
    status: filter.status || null,
    repoStatus: filter.repo_status || null,
    isUnprotected: filter.unprotected !== "",
  };
}

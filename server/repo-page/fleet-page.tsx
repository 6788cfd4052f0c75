// Page: the repos of all hosts, those that need attention first.
import type { Db } from "../../db/open.ts";
import { listRepoNeedFacts, listReposByIds } from "../../db/queries/repo-needs.ts";
import type { Clock } from "../../shared/time/clock.ts";
import { ReposPage } from "../../ui/repos/list.tsx";
import { offsetOf } from "../http/lists.ts";
import type { PageMaker } from "../http/page-maker.ts";
import { type Route, route } from "../http/routes.ts";
import { createPeriods, sortByNeed } from "../maintenance/needs.ts";

const ROWS = 50;

export type FleetReposDeps = { db: Db; clock: Clock; pages: PageMaker };

export function fleetRepoPages({ db, clock, pages }: FleetReposDeps): Route[] {
  const periodOf = createPeriods(clock.now);
  return [
    route({
      method: "GET",
      path: "/repos",
      access: "viewer",
      summary: "Page: repos of all hosts",
      handle: (call) => {
        const view = pages.view(call);
        const facts = listRepoNeedFacts(db);
        const { ids, needy } = sortByNeed(facts, clock.now(), periodOf);
        const offset = offsetOf(call.c);
        const hostNames = new Map(facts.map(({ hostId, hostName }) => [hostId, hostName]));
        const needs = new Map(needy.map(({ id, need }) => [id, need]));
        const rows = listReposByIds(db, ids.slice(offset, offset + ROWS)).map((repo) => ({
          ...repo,
          hostName: hostNames.get(repo.hostId) ?? "",
          need: needs.get(repo.id) ?? null,
        }));
        const ready = facts.filter(({ status }) => status === "ready").length;
        return pages.page(
          call.c,
          view,
          <ReposPage
            view={view}
            rows={rows}
            offset={offset}
            limit={ROWS}
            verdict={{ total: facts.length, ready, needy }}
          />,
        );
      },
    }),
  ];
}

// Page: the audit log.
import type { Db } from "../../db/open.ts";
import { listAudit, listAuditActions } from "../../db/queries/audit.ts";
import { DAY_MS } from "../../shared/time/clock.ts";
import { isDay } from "../../shared/time/days.ts";
import { type AuditFilter, AuditPage } from "../../ui/audit/page.tsx";
import { offsetOf } from "../http/lists.ts";
import type { PageMaker } from "../http/page-maker.ts";
import { type AppContext, type Route, route } from "../http/routes.ts";

const ROWS = 50;
const ACTORS = ["user", "agent", "system"] as const;

export function auditPages({ db, pages }: { db: Db; pages: PageMaker }): Route[] {
  return [
    route({
      method: "GET",
      path: "/audit",
      access: "admin",
      summary: "Page: the audit log",
      handle: (call) => {
        const view = pages.view(call);
        const filter = filterOf(call.c);
        const since = dayStart(filter.since);
        const until = dayStart(filter.until);
        const query = {
          actor: ACTORS.find((actor) => actor === filter.actor),
          action: filter.action || undefined,
          since,
          until: until === undefined ? undefined : until + DAY_MS - 1,
        };
        const { items, total } = listAudit(db, query, ROWS, filter.offset);
        return pages.page(
          call.c,
          view,
          <AuditPage
            view={view}
            filter={filter}
            rows={items}
            total={total}
            limit={ROWS}
            actions={listAuditActions(db)}
          />,
        );
      },
    }),
  ];
}

function filterOf(c: AppContext): AuditFilter {
  const one = (name: string) => c.req.query(name) ?? "";
  const day = (name: string) => (isDay(one(name)) ? one(name) : "");
  return { actor: one("actor"), action: one("action"), since: day("since"), until: day("until"), offset: offsetOf(c) };
}

function dayStart(day: string): number | undefined {
  const at = Date.parse(`${day}T00:00:00Z`);
  return Number.isNaN(at) ? undefined : at;
}

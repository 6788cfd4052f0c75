// Page: a host's snapshots, its first tab.
import type { Db } from "../../db/open.ts";
import { listSnapshots } from "../../db/queries/snapshots.ts";
import { listSourceGroups } from "../../db/queries/source-groups.ts";
import { SnapshotsTab } from "../../ui/snapshots/tab.tsx";
import type { HostHeads } from "../hosts/head.ts";
import { offsetOf } from "../http/lists.ts";
import type { PageMaker } from "../http/page-maker.ts";
import { type Route, route } from "../http/routes.ts";

const ROWS = 50;

export type SnapshotPageDeps = { db: Db; pages: PageMaker; heads: HostHeads };

export function snapshotPages({ db, pages, heads }: SnapshotPageDeps): Route[] {
  return [
    route({
      method: "GET",
      path: "/hosts/:id",
      access: "viewer",
      summary: "Page: a host and its snapshots",
      handle: (call) => {
        const { c, params } = call;
        const { head, host, repos } = heads.read(params.id ?? "");
        const filter = {
          repo_id: c.req.query("repo_id") ?? "",
          tag: c.req.query("tag") ?? "",
          path: c.req.query("path") ?? "",
          offset: offsetOf(c),
        };
        const chosen = repos.find((repo) => repo.id === filter.repo_id) ?? repos[0];
        const query = {
          repoIds: chosen ? [chosen.id] : [],
          hostname: host.resticHost,
          tag: filter.tag || undefined,
          path: filter.path || undefined,
        };
        const { items, total } = listSnapshots(db, query, ROWS, filter.offset);
        const view = pages.view(call);
        return pages.page(
          c,
          view,
          <SnapshotsTab
            view={view}
            host={head}
            filter={filter}
            repos={repos}
            groups={listSourceGroups(db, host.id)}
            rows={items}
            total={total}
            limit={ROWS}
            unreadable={chosen?.unreadableSnapshots ?? []}
            refreshedAt={chosen?.snapshotsTakenAt ?? null}
          />,
        );
      },
    }),
  ];
}

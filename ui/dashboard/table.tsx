// The fleet table with sortable headers, which fetches further rows on scrolling.
import { Icon } from "../components/icon.tsx";
import { StripScale } from "../components/strip.tsx";
import { formatCount } from "../format.ts";
import type { View } from "../view.ts";
import { type FleetFilter, type FleetSort, hrefWith } from "./filters.tsx";
import { type DrawRow, type FleetRow, FleetRows } from "./rows.tsx";

/** Rows in the first response and in each further one. */
export const FLEET_PAGE = 50;

const FIGURES: readonly { sort: FleetSort; word: string; class: string }[] = [
  { sort: "repo_size", word: "Repo size", class: "num c-size" },
  { sort: "snapshots", word: "Snapshots", class: "num snapshots" },
];

type FleetTableProps = {
  filter: FleetFilter;
  rows: readonly FleetRow[];
  total: number;
  days: readonly string[];
  draw: DrawRow;
  view: View;
};

export function FleetTable({ filter, rows, total, days, draw, view }: FleetTableProps) {
  return (
    <table class="table stack fleet">
      <thead>
        <tr>
          <SortHead filter={filter} sort="status" class="c-status">
            Status
          </SortHead>
          <SortHead filter={filter} sort="host" class="c-host">
            Host
          </SortHead>
          <th scope="col" class="c-strip">
            <span class="vh">Last 30 nights</span>
            <StripScale days={days} />
          </th>
          <SortHead filter={filter} sort="last_backup" class="c-last">
            Last backup
          </SortHead>
          <th scope="col" class="c-next">
            Next run
          </th>
          {FIGURES.map((column) => (
            <SortHead filter={filter} sort={column.sort} class={column.class}>
              {column.word}
            </SortHead>
          ))}
          <th scope="col" class="tags">
            Tags
          </th>
          <th scope="col" class="c-act">
            <span class="vh">Run now</span>
          </th>
        </tr>
      </thead>
      <tbody data-rows={FLEET_PAGE}>
        <FleetRows rows={rows} days={days} draw={draw} view={view} />
        <MoreRows filter={filter} from={rows.length} total={total} />
      </tbody>
    </table>
  );
}

/** The last row: fetches the next page when it scrolls into view. Without script it is a link. */
export function MoreRows({ filter, from, total }: { filter: FleetFilter; from: number; total: number }) {
  if (from >= total) return null;
  return (
    <tr class="more" hx-get={hrefWith(filter, { offset: from })} hx-trigger="revealed" hx-swap="outerHTML">
      <td colspan={9}>
        <a class="btn btn-s" href={hrefWith(filter, { rows: from + FLEET_PAGE })}>
          Show {formatCount(Math.min(FLEET_PAGE, total - from))} more
        </a>
      </td>
    </tr>
  );
}

function SortHead(props: { filter: FleetFilter; sort: FleetSort; class: string; children: string }) {
  const { filter, sort } = props;
  const current = filter.sort === sort;
  const dir = current && filter.dir === "asc" ? "desc" : "asc";
  const sorted = current
    ? { "aria-sort": filter.dir === "asc" ? ("ascending" as const) : ("descending" as const) }
    : {};
  return (
    <th scope="col" class={props.class} {...sorted}>
      <a href={hrefWith(filter, { sort, dir })}>
        {props.children}
        {current ? <Icon name={filter.dir === "asc" ? "arrow-down" : "arrow-up"} /> : null}
      </a>
    </th>
  );
}

// The dashboard: is everything protected, what needs me, and every host with its nights.
import { LinkButton } from "../components/button.tsx";
import { Select } from "../components/field.tsx";
import { Icon } from "../components/icon.tsx";
import { Empty, Tile } from "../components/panels.tsx";
import { Spark } from "../components/spark.tsx";
import { StripKey, StripScale } from "../components/strip.tsx";
import { PendingHosts, type PendingLine } from "../enrollment/pending.tsx";
import { formatBytesChange, formatCount, formatPlural, splitBytes } from "../format.ts";
import { Page, PageHead } from "../layout.tsx";
import { hrefOf } from "../links.ts";
import { may, type View } from "../view.ts";
import { type FleetRow, FleetRows, isFine } from "./rows.tsx";
import { DashboardVerdict, type FleetVerdict } from "./verdict.tsx";

export const FLEET_SORTS = ["status", "host", "last_backup", "repo_size", "snapshots"] as const;
export type FleetSort = (typeof FLEET_SORTS)[number];

export type FleetFilter = {
  q: string;
  status: "" | "online" | "degraded" | "offline";
  repo_status: "" | "ready" | "waiting" | "failed" | "unknown";
  /** "24h": hosts without a good backup in that time. */
  unprotected: "" | "24h";
  tag: readonly string[];
  sort: FleetSort;
  dir: "asc" | "desc";
};

export type FleetSummary = {
  hosts: number;
  online: number;
  degraded: number;
  offline: number;
  /** Names of the first hosts that are offline. */
  offlineNames: readonly string[];
  protectedHosts: number;
  protectedWithWarnings: number;
  sizeBytes: number;
  sizeChangeBytes: number | null;
  sizes: readonly number[];
  snapshots: number;
  runningJobs: number;
  waitingJobs: number;
};

export type DashboardProps = {
  verdict: FleetVerdict;
  summary: FleetSummary;
  filter: FleetFilter;
  tags: readonly string[];
  /** Machines that ask to join. */
  pending: readonly PendingLine[];
  rows: readonly FleetRow[];
  /** Hosts that match the filter; more than `rows` holds when the end is not reached. */
  total: number;
  days: readonly string[];
};

/** Rows that the first answer holds; further hundreds are fetched as the end comes near. */
export const FLEET_PAGE = 50;

function hrefWith(filter: FleetFilter, change: Partial<FleetFilter> & { rows?: number; offset?: number } = {}): string {
  const { sort, dir, ...rest } = { ...filter, ...change };
  const sorted = sort === "status" && dir === "asc" ? {} : { sort, dir };
  return hrefOf("/", { ...rest, ...sorted });
}

export function DashboardPage({ view, ...data }: DashboardProps & { view: View }) {
  const { verdict, summary, filter, rows, total } = data;
  const fine = rows.filter(isFine).length;
  return (
    <Page view={view} title="Dashboard" live={hrefWith(filter)}>
      <PageHead
        view={view}
        live
        tools={
          may(view, "admin") ? (
            <LinkButton href="/hosts/new" primary icon="plus">
              Add host
            </LinkButton>
          ) : null
        }
      >
        <DashboardVerdict verdict={verdict} />
      </PageHead>
      <Tiles summary={summary} />
      <PendingHosts hosts={data.pending} view={view} />
      <Filters {...data} />
      {rows.length === 0 ? (
        <Empty title="No host matches" action={<LinkButton href="/">Show all hosts</LinkButton>}>
          {formatPlural(summary.hosts, "host is", "hosts are")} hidden by this filter.
        </Empty>
      ) : (
        <>
          <div class={fine > 12 ? "fleet-box folds" : "fleet-box"}>
            <FleetTable {...data} view={view} />
            {fine > 12 ? (
              <label class="fine-toggle">
                <input type="checkbox" class="vh" id="show-fine" />
                {formatPlural(fine, "host")} fine
              </label>
            ) : null}
          </div>
          <div class="foot">
            <StripKey />
            <span>
              {rows.length < total
                ? `${formatCount(rows.length)} of ${formatPlural(total, "host")}`
                : formatPlural(total, "host")}
            </span>
          </div>
        </>
      )}
    </Page>
  );
}

function Tiles({ summary }: { summary: FleetSummary }) {
  const { hosts, online, offline, offlineNames, protectedHosts, protectedWithWarnings, snapshots } = summary;
  const size = splitBytes(summary.sizeBytes);
  return (
    <section class="tiles" aria-label="Fleet">
      <Tile
        label="Hosts online"
        figure={formatCount(online)}
        unit={`of ${formatCount(hosts)}`}
        href={offline > 0 ? "/?status=offline" : "/"}
        note={
          offline === 0 ? (
            "none offline"
          ) : (
            <>
              <code>{offlineNames.slice(0, 2).join(", ")}</code>
              {offline > 2 ? ` and ${offline - 2} more` : ""} offline
            </>
          )
        }
      />
      <Tile
        label="Protected"
        figure={formatCount(protectedHosts)}
        unit={`of ${formatCount(hosts)}`}
        href={protectedHosts < hosts ? "/?unprotected=24h" : "/"}
        note={protectedWithWarnings > 0 ? `${protectedWithWarnings} of them with warnings` : "none with warnings"}
      />
      <Tile
        label="Total repo size"
        figure={size.figure}
        unit={size.unit}
        href="/repos"
        note={
          formatPlural(snapshots, "snapshot") +
          (summary.sizeChangeBytes === null ? "" : ` · ${formatBytesChange(summary.sizeChangeBytes)} in 30 days`)
        }
      >
        <Spark values={summary.sizes} width={88} height={28} />
      </Tile>
      <Tile
        label="Jobs running"
        figure={formatCount(summary.runningJobs)}
        href="/jobs?status=running"
        note={summary.waitingJobs > 0 ? `${formatCount(summary.waitingJobs)} waiting` : "none waiting"}
      />
    </section>
  );
}

const STATUSES = [
  { value: "", word: "All", count: "hosts" },
  { value: "online", word: "Online", count: "online" },
  { value: "degraded", word: "Degraded", count: "degraded" },
  { value: "offline", word: "Offline", count: "offline" },
] as const;

const REPO_STATUSES = [
  { value: "", label: "Any repo status" },
  { value: "ready", label: "Repo ready" },
  { value: "waiting", label: "Repo waiting" },
  { value: "failed", label: "Repo failed" },
  { value: "unknown", label: "Repo unknown" },
] as const;

function Filters({ filter, summary, tags }: DashboardProps) {
  const { q, repo_status, tag, ...rest } = filter;
  const filtered = q || filter.status || repo_status || filter.unprotected || tag.length > 0;
  const toggled = (name: string) => (tag.includes(name) ? tag.filter((other) => other !== name) : [...tag, name]);
  return (
    <form
      class="filters"
      aria-label="Filter hosts"
      action="/"
      hx-get="/"
      hx-trigger="input delay:250ms, submit"
      hx-target="#main"
      hx-swap="outerMorph"
      hx-sync="this:replace"
    >
      {filter.status ? <input type="hidden" name="status" value={filter.status} /> : null}
      {filter.unprotected ? <input type="hidden" name="unprotected" value={filter.unprotected} /> : null}
      {tag.map((name) => (
        <input type="hidden" name="tag" value={name} />
      ))}
      {rest.sort !== "status" ? <input type="hidden" name="sort" value={rest.sort} /> : null}
      {rest.dir !== "asc" ? <input type="hidden" name="dir" value={rest.dir} /> : null}
      <span class="with-icon">
        <Icon name="search" />
        <input
          class="input"
          type="search"
          id="filter-q"
          name="q"
          value={q}
          placeholder="Filter by name"
          aria-label="Filter by name"
          data-filter=""
        />
      </span>
      <nav class="segmented" aria-label="Status">
        {STATUSES.map(({ value, word, count }) => (
          <a href={hrefWith(filter, { status: value })} aria-current={filter.status === value ? "true" : undefined}>
            {word} <span class="t3">{formatCount(summary[count])}</span>
          </a>
        ))}
      </nav>
      <Select name="repo_status" value={repo_status} options={REPO_STATUSES} label="Repo status" />
      <nav class="chips" aria-label="Tags">
        {tags.map((name) => (
          <a
            class="chip chip-l"
            href={hrefWith(filter, { tag: toggled(name) })}
            aria-current={tag.includes(name) ? "true" : undefined}
          >
            {name}
          </a>
        ))}
      </nav>
      <noscript>
        <button class="btn" type="submit">
          Filter
        </button>
      </noscript>
      {filtered ? (
        <a class="btn btn-quiet" href="/">
          Clear
        </a>
      ) : null}
    </form>
  );
}

const FIGURES: readonly { sort: FleetSort; word: string; class: string }[] = [
  { sort: "repo_size", word: "Repo size", class: "num c-size" },
  { sort: "snapshots", word: "Snapshots", class: "num snapshots" },
];

function FleetTable({ filter, rows, total, days, view }: DashboardProps & { view: View }) {
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
        <FleetRows rows={rows} days={days} view={view} />
        <MoreRows filter={filter} from={rows.length} total={total} />
      </tbody>
    </table>
  );
}

/** Stands at the end of the rows and fetches the next hundred when it comes into view; without script it is a link. */
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

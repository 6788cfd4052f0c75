// The filters and sort order of the dashboard's table, all kept in the address.
import type { FleetSummary } from "../../shared/fleet.ts";
import { Select } from "../components/field.tsx";
import { Icon } from "../components/icon.tsx";
import { formatCount } from "../format.ts";
import { hrefOf } from "../links.ts";

export const FLEET_SORTS = ["status", "host", "last_backup", "repo_size", "snapshots"] as const;
export type FleetSort = (typeof FLEET_SORTS)[number];

export type FleetFilter = {
  q: string;
  status: "" | "online" | "degraded" | "offline";
  repo_status: "" | "ready" | "waiting" | "failed" | "unknown";
  /** "24h": hosts without a successful backup in that time. */
  unprotected: "" | "24h";
  tag: readonly string[];
  sort: FleetSort;
  dir: "asc" | "desc";
};

export function hrefWith(
  filter: FleetFilter,
  change: Partial<FleetFilter> & { rows?: number; offset?: number } = {},
): string {
  const { sort, dir, ...rest } = { ...filter, ...change };
  const sorted = sort === "status" && dir === "asc" ? {} : { sort, dir };
  return hrefOf("/", { ...rest, ...sorted });
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

export function Filters(props: { filter: FleetFilter; summary: FleetSummary; tags: readonly string[] }) {
  const { filter, summary, tags } = props;
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

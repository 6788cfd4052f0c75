// A host's tab with its snapshots, grouped by day, newest first.
import type { SnapshotRow } from "../../db/schema/snapshots.ts";
import { DAY_MS } from "../../shared/time/clock.ts";
import { Select } from "../components/field.tsx";
import { Icon } from "../components/icon.tsx";
import { Empty, Pager } from "../components/panels.tsx";
import { Ago } from "../components/time.tsx";
import { formatBytes, formatCount, formatDay, formatPlural } from "../format.ts";
import { HostPage } from "../hosts/frame.tsx";
import type { HostHead } from "../hosts/types.ts";
import { hostPath, hrefOf } from "../links.ts";
import type { View } from "../view.ts";

export type SnapshotFilter = { repo_id: string; tag: string; path: string; offset: number };

export type SnapshotsTabProps = {
  host: HostHead;
  filter: SnapshotFilter;
  repos: readonly { id: string; name: string; isPrimary: boolean }[];
  groups: readonly { name: string; tag: string }[];
  rows: readonly Omit<SnapshotRow, "parent" | "username" | "utcOffsetMinutes" | "firstSeenAt">[];
  total: number;
  limit: number;
  /** IDs of snapshots in the latest list that could not be read. */
  unreadable: readonly string[];
  /** When the agent last listed the repo; null before the first time. */
  refreshedAt: number | null;
};

export function SnapshotsTab({ view, ...data }: SnapshotsTabProps & { view: View }) {
  const { host, filter, rows, total, limit, refreshedAt } = data;
  const here = (offset: number) => hrefOf(hostPath(host.id), { ...filter, offset: offset || null });
  const filtered = filter.tag || filter.path;
  return (
    <HostPage view={view} host={host} tab="snapshots" live={here(filter.offset)} rail>
      <section aria-label="Snapshots">
        {total > 0 || filtered ? <Filters {...data} /> : null}
        {rows.length === 0 ? (
          filtered ? (
            <Empty title="No matching snapshots" action={<a href={hostPath(host.id)}>Show all snapshots</a>}>
              Try another path or source group.
            </Empty>
          ) : (
            <Empty title="No snapshots yet">
              Every backup creates a snapshot. The first one appears here after the first backup of{" "}
              <code>{host.name}</code>.
            </Empty>
          )
        ) : (
          <>
            <SnapshotTable {...data} view={view} />
            <Pager
              offset={filter.offset}
              limit={limit}
              total={total}
              href={here}
              note={
                refreshedAt === null ? null : (
                  <>
                    list updated <Ago at={refreshedAt} view={view} />
                  </>
                )
              }
            />
          </>
        )}
      </section>
    </HostPage>
  );
}

function Filters({ host, filter, repos, groups }: SnapshotsTabProps) {
  return (
    <form class="filters" action={hostPath(host.id)} aria-label="Filter snapshots">
      {repos.length > 1 ? (
        <Select
          name="repo_id"
          label="Repo"
          value={filter.repo_id}
          options={repos.map(({ id, name, isPrimary }) => ({
            value: id,
            label: isPrimary ? `${name} (primary)` : name,
          }))}
        />
      ) : null}
      {groups.length > 1 ? (
        <Select
          name="tag"
          label="Source group"
          value={filter.tag}
          options={[{ value: "", label: "Any group" }, ...groups.map(({ name, tag }) => ({ value: tag, label: name }))]}
        />
      ) : null}
      <span class="with-icon">
        <Icon name="search" />
        <input
          class="input mono"
          type="search"
          id="filter-path"
          name="path"
          value={filter.path}
          placeholder="/path"
          aria-label="Path"
          data-filter=""
        />
      </span>
    </form>
  );
}

function SnapshotTable({ rows, groups, unreadable, view }: SnapshotsTabProps & { view: View }) {
  const today = view.dates.day(view.now);
  const yesterday = view.dates.day(view.now - DAY_MS);
  const byDay = Map.groupBy(rows, (row) => view.dates.day(row.time));
  return (
    <table class="table stack snaps">
      <thead>
        <tr>
          <th scope="col">Time</th>
          <th scope="col">Snapshot</th>
          <th scope="col">Group</th>
          <th scope="col">Paths</th>
          <th scope="col" class="num">
            Files
          </th>
          <th scope="col" class="num">
            Size
          </th>
          <th scope="col" class="num">
            Added
          </th>
        </tr>
      </thead>
      <tbody>
        {[...byDay].map(([day, snapshots]) => (
          <>
            <tr class="day" id={`d-${day}`}>
              <th colspan={7} scope="colgroup">
                {day === today ? "Today " : day === yesterday ? "Yesterday " : ""}
                <span class={day === today || day === yesterday ? "t3" : undefined}>
                  {formatDay(day)}
                  {day.slice(0, 4) === today.slice(0, 4) ? null : ` ${Number(day.slice(0, 4))}`}
                </span>
              </th>
            </tr>
            {snapshots.map((row) => (
              <SnapshotLine row={row} groups={groups} isUnreadable={unreadable.includes(row.snapshotId)} view={view} />
            ))}
          </>
        ))}
      </tbody>
    </table>
  );
}

function SnapshotLine(props: {
  row: SnapshotsTabProps["rows"][number];
  groups: SnapshotsTabProps["groups"];
  isUnreadable: boolean;
  view: View;
}) {
  const { row, groups, isUnreadable, view } = props;
  const [first = "", ...others] = row.paths;
  const names = row.tags.map((tag) => groups.find((group) => group.tag === tag)?.name ?? tag);
  return (
    <tr id={`s-${row.shortId}`}>
      <td class="first">
        <time datetime={new Date(row.time).toISOString()} title={view.dates.full(row.time)}>
          {view.dates.time(row.time)}
        </time>
      </td>
      <td class="second">
        <code>{row.shortId}</code>
        {isUnreadable ? (
          <small title="Its file in the repository is damaged. See the repo’s page for what to do.">unreadable</small>
        ) : null}
      </td>
      <td data-th="Group">
        {names.length === 0 ? <span class="t3">no group</span> : null}
        {names.map((name) => (
          <span class="chip">{name}</span>
        ))}
        {row.tags.some((tag) => groups.some((group) => group.tag === tag)) ? null : (
          <small title="No source group has this tag, so forget never removes this snapshot. You can remove it with restic.">
            no retention
          </small>
        )}
      </td>
      <td data-th="Paths">
        <code>{first}</code>
        {others.length > 0 ? <span class="t3"> + {formatPlural(others.length, "path")}</span> : null}
      </td>
      <td class="num only-wide">
        <Figure value={row.fileCount} format={formatCount} />
      </td>
      <td data-th="Size" class="num">
        <Figure value={row.sizeBytes} format={formatBytes} />
      </td>
      <td data-th="Added" class="num">
        <Figure value={row.addedBytes} format={formatBytes} />
      </td>
    </tr>
  );
}

function Figure({ value, format }: { value: number | null; format: (value: number) => string }) {
  if (value === null) return <span class="t3">–</span>;
  return <span class={value === 0 ? "mono t3" : "mono"}>{format(value)}</span>;
}

// Rows of the fleet table, the same for first paint, further pages and live updates.
import { raw } from "hono/html";
import type { HostRow } from "../../db/schema/hosts.ts";
import type { HostStatus, LastBackup } from "../../shared/hosts.ts";
import type { StripDay } from "../../shared/nights.ts";
import { OpenButton, Verb } from "../components/button.tsx";
import { Csrf } from "../components/field.tsx";
import { Menu } from "../components/floats.tsx";
import { Icon } from "../components/icon.tsx";
import { Spark } from "../components/spark.tsx";
import { dayLabels, NightStrip } from "../components/strip.tsx";
import { Ago, Near } from "../components/time.tsx";
import { formatBytes, formatCount } from "../format.ts";
import { HostBadge, LastBackupCell, platformOf } from "../hosts/words.tsx";
import { may, type View } from "../view.ts";

/** One host of the fleet. `sizes` are repo sizes over the last days, oldest first, for the sparkline. */
export type FleetRow = Pick<HostRow, "id" | "name" | "os" | "arch" | "tags" | "repoSizeBytes" | "snapshotCount"> & {
  status: HostStatus;
  last: LastBackup;
  nextRunAt: number | null;
  outcomes: readonly StripDay[];
  sizes: readonly number[];
  groups: readonly { id: string; name: string; heldSince: number | null }[];
  /** When the figures were taken, if they are out of date. */
  staleSince: number | null;
};

/** Nothing about this host needs attention. Phones fold such hosts away. */
export function isFine({ status, last, groups }: FleetRow): boolean {
  return status === "online" && last.status === "ok" && groups.every(({ heldSince }) => heldSince === null);
}

/** Returns a row's markup, from a cache or by calling `draw`. */
export type DrawRow = (row: FleetRow, draw: () => string) => string;

type FleetRowsProps = { rows: readonly FleetRow[]; days: readonly string[]; draw: DrawRow; view: View };

export function FleetRows({ rows, days, draw, view }: FleetRowsProps) {
  const labels = dayLabels(days);
  const drawn = rows.map((row) =>
    draw(row, () => String(<OneRow row={row} days={days} labels={labels} view={view} />)),
  );
  return raw(drawn.join(""));
}

function OneRow({ row, days, labels, view }: { row: FleetRow; days: readonly string[]; labels: string[]; view: View }) {
  return (
    <tr id={`h-${row.id}`} class={isFine(row) ? "fine" : undefined}>
      <td class="second">
        <HostBadge status={row.status} />
      </td>
      <td class="first">
        <a class="row-link host-name" href={`/hosts/${row.id}`}>
          {row.name}
        </a>
        <small>{platformOf(row)}</small>
      </td>
      <td class="wide">
        <NightStrip label={row.name} query={`host_id=${row.id}`} days={days} labels={labels} outcomes={row.outcomes} />
      </td>
      <td data-th="Last backup">
        <LastBackupCell last={row.last} view={view} />
      </td>
      <td data-th="Next run">
        <NextRun at={row.nextRunAt} view={view} />
      </td>
      <td data-th="Repo size" class={row.staleSince === null ? "num" : "num stale"}>
        {row.repoSizeBytes === null ? (
          <span class="t3">–</span>
        ) : (
          <span class="size">
            <Spark values={row.sizes} />
            <span>{formatBytes(row.repoSizeBytes)}</span>
          </span>
        )}
        {row.staleSince === null ? null : (
          <small>
            as of <Near at={row.staleSince} view={view} />
          </small>
        )}
      </td>
      <td class="num only-wide snapshots">
        <span class="mono">{formatCount(row.snapshotCount)}</span>
      </td>
      <td class="only-wide tags">
        <span class="chips">
          {row.tags.map((tag) => (
            <span class="chip">{tag}</span>
          ))}
        </span>
      </td>
      <td class="num act">{may(view, "operator") ? <RunNow row={row} view={view} /> : null}</td>
    </tr>
  );
}

function NextRun({ at, view }: { at: number | null; view: View }) {
  if (at === null) return <span class="t3">not scheduled</span>;
  return (
    <>
      <span class="t2">
        <Ago at={at} view={view} />
      </span>
      <small>
        <Near at={at} view={view} />
      </small>
    </>
  );
}

/** Runs the only group at once. With several groups, a menu asks which. */
function RunNow({ row, view }: { row: FleetRow; view: View }) {
  const [only] = row.groups;
  if (!only) return null;
  if (row.groups.length === 1)
    return (
      <Verb
        action={`/hosts/${row.id}/sources/${only.id}/run`}
        csrf={view.csrf}
        small
        stay
        icon="play"
        label={`Run now: ${row.name}`}
      >
        Run now
      </Verb>
    );
  const menu = `run-${row.id}`;
  return (
    <>
      <OpenButton popover={menu} small icon="play" chevron label={`Run now: ${row.name}, choose a group`}>
        Run now
      </OpenButton>
      <Menu id={menu} label={`Run now on ${row.name}`} head={`Run now on ${row.name}`}>
        {row.groups.map((group) => (
          <form
            method="post"
            action={`/hosts/${row.id}/sources/${group.id}/run`}
            hx-post={`/hosts/${row.id}/sources/${group.id}/run`}
            hx-swap="none"
            role="none"
          >
            <Csrf token={view.csrf} />
            <button type="submit" role="menuitem">
              <Icon name="play" />
              {group.name}
            </button>
          </form>
        ))}
      </Menu>
    </>
  );
}

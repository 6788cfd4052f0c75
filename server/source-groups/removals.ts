/** What a retention policy would remove of the snapshots that exist now. */
import type { Db } from "../../db/open.ts";
import { listGroupSnapshots } from "../../db/queries/snapshots.ts";
import { listTargetRepoIds } from "../../db/queries/source-groups.ts";
import type { HostRow } from "../../db/schema/hosts.ts";
import type { SourceGroupRow } from "../../db/schema/source-groups.ts";
import { groupByHostAndTags, isEmptyRetention, keptBy, type Retention } from "../../shared/retention.ts";
import { createZone } from "../../shared/zone.ts";
import { dayIn, zoneOf } from "../runtime/days.ts";

/** Of how many, and when those were made that would go, newest first. */
export type Removal = { existing: number; times: number[] };

/** The times of the snapshots that `forget` would remove by a policy, over all repos of the group. */
export function removalOf(
  db: Db,
  host: Pick<HostRow, "resticHost" | "timezone" | "timezoneOverride">,
  group: Pick<SourceGroupRow, "id" | "hostId" | "tag">,
  retention: Retention,
  now: number,
): Removal {
  const zone = createZone(zoneOf(host));
  const rows = listGroupSnapshots(db, listTargetRepoIds(db, group), host.resticHost, group.tag);
  const removed = isEmptyRetention(retention)
    ? []
    : [...Map.groupBy(rows, (row) => row.repoId).values()].flatMap((ofRepo) =>
        groupByHostAndTags(ofRepo).flatMap((list) => {
          const kept = new Set(keptBy(retention, list, zone, now).map(({ snapshot }) => snapshot.snapshotId));
          return list.filter((snapshot) => !kept.has(snapshot.snapshotId));
        }),
      );
  return { existing: rows.length, times: removed.map((row) => row.time).sort((a, b) => b - a) };
}

const DATES_NAMED = 6;

/** `12 of 87 snapshots would go at the next forget, made on 3 Jan 2026, 2 Jan 2026, … and 9 more days.` */
export function removalInWords(
  { existing, times }: Removal,
  host: Pick<HostRow, "timezone" | "timezoneOverride">,
): string {
  if (times.length === 0)
    return existing === 0
      ? "There are no snapshots to remove."
      : `At present none of the ${existing} snapshots would go.`;
  const days = [...new Set(times.map((time) => dayIn(zoneOf(host), time)))];
  const named = days.slice(0, DATES_NAMED).map(dayInWords).join(", ");
  const more = days.length - DATES_NAMED;
  const rest =
    more > 0 ? `, and on ${more} more ${more === 1 ? "day" : "days"} back to ${dayInWords(days.at(-1) ?? "")}` : "";
  const what = times.length === 1 ? "1 snapshot" : `${times.length} snapshots`;
  return `${what} of ${existing} would go at the next forget: made on ${named}${rest}.`;
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

function dayInWords(day: string): string {
  const [year = "", month = "", date = ""] = day.split("-");
  return `${Number(date)} ${MONTHS[Number(month) - 1]} ${year}`;
}

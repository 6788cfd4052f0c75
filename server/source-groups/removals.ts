/** Computes which existing snapshots a retention policy would remove. */
import type { Db } from "../../db/open.ts";
import { listDisputedRemovals } from "../../db/queries/disputed-removals.ts";
import { findRepo } from "../../db/queries/repos.ts";
import { type GroupSnapshot, listGroupSnapshots } from "../../db/queries/snapshots.ts";
import { listTargetRepoIds } from "../../db/queries/source-groups.ts";
import type { HostRow } from "../../db/schema/hosts.ts";
import type { SourceGroupRow } from "../../db/schema/source-groups.ts";
import { groupByHostAndTags, isEmptyRetention, keptBy, type Retention } from "../../shared/retention.ts";
import { DAY_MS, MINUTE_MS } from "../../shared/time/clock.ts";
import { dayIn, MONTHS, shortName } from "../../shared/time/days.ts";
import { zoneNamed } from "../../shared/time/zone.ts";
import { zoneOf } from "../hosts/rules.ts";

type HostZone = Pick<HostRow, "timezone" | "timezoneOverride">;
type GroupKey = Pick<SourceGroupRow, "id" | "hostId" | "tag">;

/** The number of snapshots, those that would be removed, and when those were made, newest first. */
export type Removal = { existing: number; going: GroupSnapshot[]; times: number[] };

/** The snapshots that `forget` would remove under a policy, in all repos of the group. */
export function removalOf(
  db: Db,
  host: Pick<HostRow, "resticHost"> & HostZone,
  group: GroupKey,
  retention: Retention,
  now: number,
): Removal {
  const rows = readableSnapshots(db, listTargetRepoIds(db, group), host, group);
  const disputed = new Set(listDisputedRemovals(db, group.id).map(({ snapshotId }) => snapshotId));
  const reckoned = new Set(goingOf(rows, retention, host, now));
  const going = isEmptyRetention(retention)
    ? []
    : rows.filter((row) => reckoned.has(row) || disputed.has(row.snapshotId));
  return { existing: rows.length, going, times: going.map((row) => row.time).sort((a, b) => b - a) };
}

/** The snapshots that a group's forget considers. restic leaves out those that it cannot read. */
export function readableSnapshots(
  db: Db,
  repoIds: readonly string[],
  { resticHost }: Pick<HostRow, "resticHost">,
  { tag }: Pick<SourceGroupRow, "tag">,
): GroupSnapshot[] {
  const unreadable = new Set(repoIds.flatMap((id) => findRepo(db, id)?.unreadableSnapshots ?? []));
  return listGroupSnapshots(db, repoIds, resticHost, tag).filter(({ snapshotId }) => !unreadable.has(snapshotId));
}

/** Uses our own implementation of restic's rules, repository by repository. */
export function goingOf(
  rows: readonly GroupSnapshot[],
  retention: Retention,
  host: HostZone,
  now: number,
): GroupSnapshot[] {
  if (isEmptyRetention(retention)) return [];
  const zone = zoneNamed(zoneOf(host));
  // An agent that sent no offset ran on the host, so the host's clock is the best guess.
  const offsetOf = (row: GroupSnapshot) => row.utcOffsetMinutes ?? Math.round(zone.offset(row.time) / MINUTE_MS);
  return [...Map.groupBy(rows, (row) => row.repoId).values()].flatMap((ofRepo) =>
    groupByHostAndTags(ofRepo).flatMap((list) => {
      const dated = list.map((row) => ({ row, time: row.time, utcOffsetMinutes: offsetOf(row) }));
      const kept = new Set(keptBy(retention, dated, now).map(({ snapshot }) => snapshot.row));
      return list.filter((row) => !kept.has(row));
    }),
  );
}

/** A host may have been offline and report its backups when it is back. */
const LATE_REPORTS_MS = 14 * DAY_MS;

/**
 * Whether nobody could know that this snapshot would be removed when the policy was last confirmed or used. Before any
 * confirmation that is true for all; afterwards, for those that were in the repository but unknown to the server.
 */
export function isUnconfirmed(
  snapshot: Pick<GroupSnapshot, "time" | "firstSeenAt">,
  { retentionSettledAt: confirmedAt }: Pick<SourceGroupRow, "retentionSettledAt">,
): boolean {
  if (confirmedAt === null) return true;
  return (
    snapshot.firstSeenAt !== null && snapshot.firstSeenAt > confirmedAt && snapshot.time < confirmedAt - LATE_REPORTS_MS
  );
}

const DATES_NAMED = 6;

/** `12 of 87 snapshots would be removed by the next forget: made on 3 Jan 2026, 2 Jan 2026, … and on 9 more days back to 1 Dec 2025.` */
export function removalInWords(
  { existing, times }: Removal,
  host: Pick<HostRow, "timezone" | "timezoneOverride">,
): string {
  if (times.length === 0)
    return existing === 0
      ? "There are no snapshots to remove."
      : `At the moment none of the ${existing} snapshots would be removed.`;
  const days = [...new Set(times.map((time) => dayIn(zoneOf(host), time)))];
  const named = days.slice(0, DATES_NAMED).map(dayInWords).join(", ");
  const more = days.length - DATES_NAMED;
  const rest =
    more > 0 ? `, and on ${more} more ${more === 1 ? "day" : "days"} back to ${dayInWords(days.at(-1) ?? "")}` : "";
  const what = times.length === 1 ? "1 snapshot" : `${times.length} snapshots`;
  return `${what} of ${existing} would be removed by the next forget: made on ${named}${rest}.`;
}

function dayInWords(day: string): string {
  const [year = "", month = "", date = ""] = day.split("-");
  return `${Number(date)} ${shortName(MONTHS[Number(month) - 1] ?? "")} ${year}`;
}

/** Complete lists of snapshots: parts are stored as they arrive, then applied in portions, so that no list delays other hosts. */
import type { Db } from "../../db/open.ts";
import { deleteReportParts, findReportPart, listReportIds } from "../../db/queries/snapshot-reports.ts";
import {
  deleteSnapshots,
  insertUnknownSnapshots,
  listSnapshotIds,
  upsertSnapshots,
} from "../../db/queries/snapshots.ts";

/** Takes a few milliseconds of the event loop each. */
const ROWS_AT_ONCE = 500;
const IDS_AT_ONCE = 5_000;
const PARTS_AT_ONCE = 2;

/** More than fits into an agent's outbox. */
export const MOST_PARTS = 1_000;
export const MOST_BYTES = 64 * 1024 * 1024;

export type ListKey = { repoId: string; reportId: string };

/** Ids of lists of a lent repo include the loaning order, so that two hosts never add to the same list. */
export function listIdOf(reportId: string, loanJobId: string | null): string {
  return loanJobId === null ? reportId : `${loanJobId}/${reportId}`;
}

function speakerOf(listId: string): string {
  return listId.includes("/") ? listId.slice(0, listId.indexOf("/")) : "";
}

export type Taken = {
  /** Snapshots missing from the list that were kept, because nobody had announced their removal. */
  unexplained: number;
};

/**
 * Adds first and removes last, so that an existing snapshot is never missing in between.
 * @param mayGo null: everything missing from the list is gone, and its values replace the stored ones
 */
export function* takeOver(
  db: Db,
  { repoId, reportId }: ListKey,
  parts: number,
  unreadable: readonly string[],
  mayGo: ReadonlySet<string> | null,
  now: number,
): Generator<void, Taken> {
  const put = mayGo === null ? upsertSnapshots : insertUnknownSnapshots;
  // An unreadable snapshot is not gone. Its row is all that is known about it.
  const there = new Set(unreadable);
  for (let part = 1; part <= parts; part++) {
    const rows = findReportPart(db, repoId, reportId, part) ?? [];
    yield;
    for (let from = 0; from < rows.length; from += ROWS_AT_ONCE) {
      const portion = rows.slice(from, from + ROWS_AT_ONCE);
      put(db, repoId, portion, now);
      for (const row of portion) there.add(row.snapshot_id);
      yield;
    }
  }
  let unexplained = 0;
  for (let after = ""; ; ) {
    const ids = listSnapshotIds(db, repoId, after, IDS_AT_ONCE);
    const last = ids.at(-1);
    if (last === undefined) break;
    after = last;
    const lacking = ids.filter((id) => !there.has(id));
    const gone = mayGo === null ? lacking : lacking.filter((id) => mayGo.has(id));
    unexplained += lacking.length - gone.length;
    yield;
    for (let from = 0; from < gone.length; from += ROWS_AT_ONCE) {
      deleteSnapshots(db, repoId, gone.slice(from, from + ROWS_AT_ONCE));
      yield;
    }
  }
  yield* drop(db, { repoId, reportId });
  return { unexplained };
}

export function* drop(db: Db, { repoId, reportId }: ListKey): Generator<void, void> {
  while (deleteReportParts(db, repoId, reportId, PARTS_AT_ONCE) === PARTS_AT_ONCE) yield;
}

/** Unfinished lists from the same host, which a newer list makes obsolete. */
export function supersededBy(db: Db, { repoId, reportId }: ListKey): ListKey[] {
  return listReportIds(db, repoId)
    .filter((id) => id !== reportId && speakerOf(id) === speakerOf(reportId))
    .map((id) => ({ repoId, reportId: id }));
}

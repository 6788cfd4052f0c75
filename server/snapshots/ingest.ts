/** Applies agents' reports about snapshots: added one by one after backups, and replaced by complete lists. */
import type { Db } from "../../db/open.ts";
import { refreshRepoProjections } from "../../db/queries/hosts.ts";
import { findRepo, updateRepo } from "../../db/queries/repos.ts";
import { measureReport, putReportPart } from "../../db/queries/snapshot-reports.ts";
import { countSnapshots, hasSnapshot, sumNewestSizes, upsertSnapshots } from "../../db/queries/snapshots.ts";
import type { JobRow } from "../../db/schema/jobs.ts";
import type { RepoRow } from "../../db/schema/repos.ts";
import type { JobKind } from "../../shared/jobs.ts";
import type { SnapshotRow } from "../../shared/protocol/fields.ts";
import type { ToServerPayload } from "../../shared/protocol/to-server.ts";
import { type Clock, HOUR_MS } from "../../shared/time/clock.ts";
import type { Connection } from "../agents/hub.ts";
import { type AfterCommit, CannotApply, type LongWork } from "../agents/inbound.ts";
import { dayOfHost } from "../hosts/rules.ts";
import { Refusal } from "../http/errors.ts";
import { takeSample } from "../repos/ingest.ts";
import type { FactBus } from "../runtime/facts.ts";
import { drop, type ListKey, listIdOf, MOST_BYTES, MOST_PARTS, supersededBy, takeOver } from "./lists.ts";

export type SnapshotIngestDeps = {
  db: Db;
  clock: Clock;
  bus: FactBus;
  /** @throws ForeignObject */
  ownedRepo(connection: Connection, repoId: string): RepoRow;
  /** @throws ForeignObject */
  reachOf(connection: Connection, repoId: string, kinds: readonly JobKind[]): { repo: RepoRow; loan: JobRow | null };
  /** The snapshots that an order told a borrowing host to remove. */
  removalsOf(jobId: string): ReadonlySet<string>;
  /** Asks the repo's own host for its list. @throws Refusal */
  orderList(repoId: string): void;
  /** Shown on the page of the host. */
  tooLarge(hostId: string): void;
};

/** Adding up more would block the event loop after every backup. The daily measurement covers it. */
const MOST_SUMMED = 10_000;

/** After these orders, a host that borrows the repo lists its snapshots. */
const LISTED_BY: readonly JobKind[] = ["forget", "prune"];

export function createSnapshotIngest(deps: SnapshotIngestDeps) {
  const { db, clock, bus, ownedRepo, reachOf, removalsOf, orderList, tooLarge } = deps;
  const refresh = (repo: RepoRow, changes: Partial<RepoRow> = {}): AfterCommit => {
    updateRepo(db, repo.id, { ...changes, snapshotCount: countSnapshots(db, repo.id), updatedAt: clock.now() });
    refreshRepoProjections(db, repo.hostId);
    takeSample(db, repo.id, dayOfHost(db, repo.hostId, clock.now()));
    return () => bus.publish("repo.changed", { repoId: repo.id, hostId: repo.hostId });
  };
  const askedAt = new Map<string, number>();
  /** A borrower reports removed snapshots that nobody ordered it to remove, so the owner is asked for its list. */
  const askOwner = (repo: RepoRow) => {
    if (clock.now() - (askedAt.get(repo.id) ?? Number.NEGATIVE_INFINITY) < HOUR_MS) return;
    askedAt.set(repo.id, clock.now());
    try {
      orderList(repo.id);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
    }
  };
  type List = { key: ListKey; parts: number; takenAt: number; unreadable: readonly string[] };
  function* apply(
    { key, parts, takenAt, unreadable }: List,
    older: readonly ListKey[],
    loan: JobRow | null,
  ): Generator<void, AfterCommit> {
    const mayGo = loan ? removalsOf(loan.id) : null;
    const { unexplained } = yield* takeOver(db, key, parts, loan ? [] : unreadable, mayGo, clock.now());
    yield* dropAll(db, older);
    yield;
    const repo = findRepo(db, key.repoId);
    if (!repo) return undefined;
    // A borrower's list is not final. The next list of the repo's own host must not count as older than it.
    if (!loan) {
      const unread = unreadable.length > 0 ? [...unreadable] : null;
      return refresh(repo, { snapshotsTakenAt: takenAt, unreadableSnapshots: unread });
    }
    const changed = refresh(repo);
    return () => {
      changed?.();
      if (unexplained > 0) askOwner(repo);
    };
  }
  return {
    added(connection: Connection, message: ToServerPayload<"snapshots.added">): AfterCommit {
      const repo = ownedRepo(connection, message.repo_id);
      const grown = growthOf(db, repo, message.snapshots);
      upsertSnapshots(db, repo.id, message.snapshots, clock.now());
      const newest = (repo.snapshotCount ?? 0) <= MOST_SUMMED ? sumNewestSizes(db, repo.id) : null;
      return refresh(repo, {
        sizeBytes: repo.sizeBytes === null ? null : repo.sizeBytes + grown,
        restoreSizeBytes: newest?.sizeBytes ?? repo.restoreSizeBytes,
        fileCount: newest?.fileCount ?? repo.fileCount,
      });
    },
    report(connection: Connection, message: ToServerPayload<"snapshots.report">): AfterCommit | LongWork {
      const { repo, loan } = reachOf(connection, message.repo_id, LISTED_BY);
      // A host whose clock is ahead cannot have seen anything later than now, or it would override everything that follows.
      const takenAt = Math.min(message.taken_at, clock.now());
      if (repo.snapshotsTakenAt !== null && takenAt < repo.snapshotsTakenAt) return undefined;
      const { part, parts } = message;
      if (part > parts || parts > MOST_PARTS) throw new CannotApply(`part ${part} of ${parts} is outside the list`);
      const key = { repoId: repo.id, reportId: listIdOf(message.report_id, loan?.id ?? null) };
      putReportPart(db, { ...key, part, parts, takenAt, rows: message.snapshots });
      const staged = measureReport(db, key.repoId, key.reportId);
      if (staged.bytes > MOST_BYTES) {
        tooLarge(connection.hostId);
        return { portions: abandoned(db, key) };
      }
      const isComplete = staged.parts === parts;
      const older = staged.parts === 1 || isComplete ? supersededBy(db, key) : [];
      if (!isComplete) return older.length === 0 ? undefined : { portions: dropAll(db, older) };
      const list = { key, parts, takenAt, unreadable: message.unreadable ?? [] };
      return { portions: apply(list, older, loan) };
    },
  };
}

function* dropAll(db: Db, lists: readonly ListKey[]): Generator<void, AfterCommit> {
  for (const list of lists) yield* drop(db, list);
  return undefined;
}

function* abandoned(db: Db, list: ListKey): Generator<void, AfterCommit> {
  yield* drop(db, list);
  throw new CannotApply(`a list of snapshots is larger than ${MOST_BYTES / 2 ** 20} MiB`);
}

/** Growth since the last measurement, from the backups' own summaries. Measuring after each backup would cost too much. */
function growthOf(db: Db, repo: RepoRow, rows: readonly SnapshotRow[]): number {
  const { measuredAt } = repo;
  if (measuredAt === null) return 0;
  return rows
    .filter((row) => row.time > measuredAt && !hasSnapshot(db, repo.id, row.snapshot_id))
    .reduce((sum, row) => sum + (row.added_bytes ?? 0), 0);
}

/** Snapshots as agents report them: added one by one after backups, replaced as a whole by complete lists. */
import type { Db } from "../../db/open.ts";
import { refreshRepoProjections } from "../../db/queries/hosts.ts";
import { updateRepo } from "../../db/queries/repos.ts";
import {
  countSnapshots,
  deleteReportParts,
  deleteSnapshotsExcept,
  findCompleteReport,
  hasSnapshot,
  putReportPart,
  sumNewestSizes,
  upsertSnapshots,
} from "../../db/queries/snapshots.ts";
import type { RepoRow } from "../../db/schema/repos.ts";
import type { Clock } from "../../shared/clock.ts";
import type { SnapshotRow } from "../../shared/protocol/fields.ts";
import type { ToServerPayload } from "../../shared/protocol/to-server.ts";
import type { Connection } from "../agents/hub.ts";
import type { AfterCommit } from "../agents/inbound.ts";
import { dayOfHost } from "../hosts/day.ts";
import { takeSample } from "../repos/ingest.ts";
import type { FactBus } from "../runtime/facts.ts";

export type SnapshotIngestDeps = {
  db: Db;
  clock: Clock;
  bus: FactBus;
  /** @throws ForeignObject */
  ownedRepo(connection: Connection, repoId: string): RepoRow;
};

export function createSnapshotIngest({ db, clock, bus, ownedRepo }: SnapshotIngestDeps) {
  const refresh = (repo: RepoRow, changes: Partial<RepoRow> = {}): AfterCommit => {
    updateRepo(db, repo.id, { ...changes, snapshotCount: countSnapshots(db, repo.id), updatedAt: clock.now() });
    refreshRepoProjections(db, repo.hostId);
    takeSample(db, repo.id, dayOfHost(db, repo.hostId, clock.now()));
    return () => bus.tell("repo.changed", { repoId: repo.id, hostId: repo.hostId });
  };
  return {
    added(connection: Connection, message: ToServerPayload<"snapshots.added">): AfterCommit {
      const repo = ownedRepo(connection, message.repo_id);
      const grown = growthOf(db, repo, message.snapshots);
      upsertSnapshots(db, repo.id, message.snapshots, clock.now());
      const newest = sumNewestSizes(db, repo.id);
      return refresh(repo, {
        sizeBytes: repo.sizeBytes === null ? null : repo.sizeBytes + grown,
        restoreSizeBytes: newest.sizeBytes ?? repo.restoreSizeBytes,
        fileCount: newest.fileCount ?? repo.fileCount,
      });
    },
    report(connection: Connection, message: ToServerPayload<"snapshots.report">): AfterCommit {
      const repo = ownedRepo(connection, message.repo_id);
      // By a clock that is ahead nothing was seen later than now: it would outdo all that comes.
      const takenAt = Math.min(message.taken_at, clock.now());
      if (repo.snapshotsTakenAt !== null && takenAt < repo.snapshotsTakenAt) return undefined;
      putReportPart(db, {
        repoId: repo.id,
        reportId: message.report_id,
        part: message.part,
        parts: message.parts,
        takenAt,
        rows: message.snapshots,
      });
      const complete = findCompleteReport(db, repo.id, message.report_id);
      if (!complete) return undefined;
      const unreadable = message.unreadable ?? [];
      upsertSnapshots(db, repo.id, complete, clock.now());
      // One that cannot be read has not gone: its row is all that is known of it.
      deleteSnapshotsExcept(db, repo.id, new Set([...complete.map((row) => row.snapshot_id), ...unreadable]));
      deleteReportParts(db, repo.id, takenAt);
      return refresh(repo, {
        snapshotsTakenAt: takenAt,
        unreadableSnapshots: unreadable.length > 0 ? unreadable : null,
      });
    },
  };
}

/** What backups since the last measurement have added, by their own summaries: measuring after each would cost too much. */
function growthOf(db: Db, repo: RepoRow, rows: readonly SnapshotRow[]): number {
  const { measuredAt } = repo;
  if (measuredAt === null) return 0;
  return rows
    .filter((row) => row.time > measuredAt && !hasSnapshot(db, repo.id, row.snapshot_id))
    .reduce((sum, row) => sum + (row.added_bytes ?? 0), 0);
}

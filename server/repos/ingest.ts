/** Applies agents' reports about repos. What the server knows about a repository's identity has priority over what is reported. */
import type { Db } from "../../db/open.ts";
import { refreshRepoProjections } from "../../db/queries/hosts.ts";
import { findLastJob } from "../../db/queries/jobs.ts";
import {
  findCredential,
  findRepo,
  hasRepoSample,
  listRepoCalls,
  putRepoSample,
  updateRepo,
} from "../../db/queries/repos.ts";
import { sumAddedBytes, sumNewestSizes } from "../../db/queries/snapshots.ts";
import type { RepoRow } from "../../db/schema/repos.ts";
import type { JobKind } from "../../shared/jobs.ts";
import type { Log } from "../../shared/log.ts";
import type { ToServerPayload } from "../../shared/protocol/to-server.ts";
import { type Clock, HOUR_MS, MINUTE_MS } from "../../shared/time/clock.ts";
import type { Connection } from "../agents/hub.ts";
import { type AfterCommit, CannotApply } from "../agents/inbound.ts";
import { dayOfHost } from "../hosts/rules.ts";
import type { FactBus } from "../runtime/facts.ts";
import { createIsolation, type Isolation } from "../runtime/isolated.ts";
import type { Tick } from "../runtime/ticker.ts";
import { breathe } from "../runtime/turns.ts";

/** Repos handled before other work gets its turn. */
const AT_A_STRETCH = 20;
/** A day starts up to 14 h earlier than in UTC. */
const ZONE_SLACK_MS = 14 * HOUR_MS;

export type RepoIngestDeps = {
  db: Db;
  clock: Clock;
  log: Log;
  bus: FactBus;
  /** The repo, if the connection's host may report on it. @throws ForeignObject */
  ownedRepo(connection: Connection, repoId: string): RepoRow;
  /** Like `ownedRepo`, but also allows a repo lent by an open order of one of these kinds. @throws ForeignObject */
  reachOf(connection: Connection, repoId: string, kinds: readonly JobKind[]): { repo: RepoRow };
};

export function createRepoIngest({ db, clock, log, bus, ownedRepo, reachOf }: RepoIngestDeps) {
  const isolation = createIsolation({ task: "store its daily figures", of: "repo", clock, log });
  return {
    ticks: [
      {
        name: "daily samples",
        everyMs: 10 * MINUTE_MS,
        run: () => takeDailySamples(db, isolation, (id) => dayOfHost(db, id, clock.now())),
      },
    ] satisfies Tick[],
    status(connection: Connection, report: ToServerPayload<"repo.status">): AfterCommit {
      const repo = ownedRepo(connection, report.repo_id);
      const now = clock.now();
      if (isOfReplacedCredential(db, repo)) return undefined;
      // A host whose clock is ahead cannot have seen anything later than now, or it would override everything that follows.
      const checkedAt = Math.min(report.checked_at, now);
      if (repo.statusAt !== null && checkedAt < repo.statusAt) return undefined;
      updateRepo(db, repo.id, { ...statusChanges(repo, { ...report, checked_at: checkedAt }, now), updatedAt: now });
      return () => bus.publish("repo.changed", { repoId: repo.id, hostId: repo.hostId });
    },
    stats(connection: Connection, report: ToServerPayload<"repo.stats">): AfterCommit {
      // The host that prunes also measures the result.
      const { repo } = reachOf(connection, report.repo_id, ["prune"]);
      const measuredAt = Math.min(report.measured_at, clock.now());
      if (repo.measuredAt !== null && measuredAt < repo.measuredAt)
        throw new CannotApply("these statistics are older than the stored ones");
      const isWhole = report.restore_size_bytes !== null && report.file_count !== null;
      const newest = isWhole ? null : sumNewestSizes(db, repo.id);
      const restoreSize = report.restore_size_bytes ?? newest?.sizeBytes ?? null;
      updateRepo(db, repo.id, {
        sizeBytes: report.size_bytes ?? repo.sizeBytes,
        restoreSizeBytes: restoreSize,
        fileCount: report.file_count ?? newest?.fileCount ?? null,
        compressionRatio: report.compression_ratio,
        dedupRatio: ratio(restoreSize, report.uncompressed_bytes),
        measuredAt,
        updatedAt: clock.now(),
      });
      refreshRepoProjections(db, repo.hostId);
      takeSample(db, repo.id, dayOfHost(db, repo.hostId, measuredAt));
      return () => bus.publish("repo.changed", { repoId: repo.id, hostId: repo.hostId });
    },
  };
}

/**
 * A repo that was never opened uses a changed credential at once, while an older probe may still be running. Only an
 * order sent after the change is about the new credential.
 */
function isOfReplacedCredential(db: Db, repo: RepoRow): boolean {
  if (repo.resticId !== null) return false;
  const rotatedAt = findCredential(db, repo.id, "everyday")?.rotatedAt ?? 0;
  const probes = [findLastJob(db, repo.id, "probe"), findLastJob(db, repo.id, "init")];
  const sentAt = Math.max(...probes.map((job) => job?.sentAt ?? 0));
  return sentAt > 0 && sentAt < rotatedAt;
}

function statusChanges(repo: RepoRow, report: ToServerPayload<"repo.status">, now: number): Partial<RepoRow> {
  const isOther = repo.resticId !== null && report.restic_id !== null && repo.resticId !== report.restic_id;
  if (isOther) {
    return {
      status: "failed",
      statusCode: "wrong_repo",
      statusMessage:
        "A different repository was found at this address than before. Nothing will be written to it. Check the address, or put the original repository back.",
      statusAt: report.checked_at,
      failedSince: repo.failedSince ?? report.checked_at,
      waitingSince: null,
    };
  }
  const isChecked = report.append_only !== "unknown";
  // There has never been a repository yet. It will be created, so this is not a failure.
  const isNew = repo.resticId === null && report.status === "failed" && report.status_code === "repo_missing";
  return {
    status: isNew ? "unknown" : report.status,
    statusCode: report.status_code,
    statusMessage: report.status_message,
    statusAt: report.checked_at,
    failedSince: !isNew && report.status === "failed" ? (repo.failedSince ?? report.checked_at) : null,
    waitingSince: report.status === "waiting" ? (repo.waitingSince ?? now) : null,
    ...(report.status === "ready" && report.restic_id ? { resticId: report.restic_id } : {}),
    ...(report.format_version !== null ? { formatVersion: report.format_version } : {}),
    ...(isChecked ? { appendOnly: report.append_only, appendOnlyCheckedAt: report.checked_at } : {}),
    ...(report.locks
      ? {
          lockCount: report.lock_files ?? report.locks.length,
          locks: report.locks,
          locksAt: report.checked_at,
          oldestLockAt: report.locks.length > 0 ? Math.min(...report.locks.map((l) => l.time)) : null,
        }
      : {}),
  };
}

/** Writes a row for today for every repo that has been measured, including quiet days. */
async function takeDailySamples(db: Db, isolation: Isolation, dayOf: (hostId: string) => string): Promise<void> {
  for (const [at, { id, hostId }] of listRepoCalls(db).entries()) {
    if (at % AT_A_STRETCH === AT_A_STRETCH - 1) await breathe();
    isolation.attempt(id, () => {
      const day = dayOf(hostId);
      if (!hasRepoSample(db, id, day) && findRepo(db, id)?.sizeBytes != null) takeSample(db, id, day);
    });
  }
  isolation.conclude();
}

/** Writes today's row of the trend from what is known now. */
export function takeSample(db: Db, repoId: string, day: string): void {
  const repo = findRepo(db, repoId);
  if (!repo) return;
  putRepoSample(db, {
    repoId,
    day,
    sizeBytes: repo.sizeBytes,
    snapshotCount: repo.snapshotCount,
    addedBytes: sumAddedBytes(db, repoId, Date.parse(`${day}T00:00:00Z`) - ZONE_SLACK_MS),
  });
}

function ratio(whole: number | null, part: number | null): number | null {
  return whole !== null && part !== null && part > 0 ? whole / part : null;
}

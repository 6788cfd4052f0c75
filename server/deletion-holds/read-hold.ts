/** Finds the hold that protects a repository, or that keeps a job from being sent. */
import type { Db } from "../../db/open.ts";
import { type DeletionHold, listDeletionHolds, listHostsOfRepository } from "../../db/queries/deletion-holds.ts";
import { findHost } from "../../db/queries/hosts.ts";
import { findRepo } from "../../db/queries/repos.ts";
import type { JobRow } from "../../db/schema/jobs.ts";
import type { RepoRow } from "../../db/schema/repos.ts";
import { holdScopeInWords } from "../../shared/maintenance.ts";
import { Refusal } from "../http/errors.ts";
import { coveringHold, isDeletion } from "./coverage.ts";

type HeldRepo = Pick<RepoRow, "hostId" | "resticId" | "maintenanceHostId">;

/**
 * null = nothing protects it. A hold on any host with snapshots in the repository protects all of it, whichever address
 * leads there. A hold on the host that would run the job counts too: it must not be handed the right to delete.
 */
export function readHold(db: Db, repo: HeldRepo): DeletionHold | null {
  return holdFor(db, repo, repo.maintenanceHostId ?? repo.hostId);
}

type HeldJob = Pick<JobRow, "kind" | "hostId" | "repoId">;

/** null = the job may be sent. @param besides a hold that does not count, as if it were released */
export function readHoldOfJob(db: Db, job: HeldJob, besides: string | null = null): DeletionHold | null {
  if (!isDeletion(job.kind)) return null;
  const repo = job.repoId === null ? null : findRepo(db, job.repoId);
  return holdFor(db, repo, job.hostId, besides);
}

function holdFor(
  db: Db,
  repo: HeldRepo | null,
  executorId: string,
  besides: string | null = null,
): DeletionHold | null {
  const holds = listDeletionHolds(db).filter(({ id }) => id !== besides);
  if (holds.length === 0) return null;
  const ids = new Set([executorId, ...(repo ? [repo.hostId] : [])]);
  const own = [...ids].flatMap((id) => findHost(db, id) ?? []);
  const others = repo?.resticId ? listHostsOfRepository(db, repo.resticId) : [];
  return coveringHold(holds, [...own, ...others]);
}

/** 409 `deletion_held`. */
export function deletionHeld(hold: DeletionHold): Refusal {
  const by = hold.heldBy === null ? "" : ` by ${hold.heldBy}`;
  return new Refusal(
    409,
    "deletion_held",
    `Deletion is held for ${holdScopeInWords(hold)}${by}: ${hold.reason}. Release the hold first.`,
  );
}

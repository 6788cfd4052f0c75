/** Chooses the credential that is sent with one job and never stored on the host, and evaluates trials of new credentials. */
import type { Db } from "../../db/open.ts";
import { findCredential, findRepo } from "../../db/queries/repos.ts";
import type { JobRow } from "../../db/schema/jobs.ts";
import type { RepoRow } from "../../db/schema/repos.ts";
import type { Credential } from "../../shared/protocol/fields.ts";
import type { Credentials, TrialOutcome } from "../repos/credentials.ts";

/** null = the job uses the host's own everyday credential. */
export function createJobCredential({ db, credentials }: { db: Db; credentials: Credentials }) {
  return (job: JobRow): Credential | null => {
    const repo = job.repoId === null ? null : findRepo(db, job.repoId);
    if (!repo) return null;
    if (isTrial(job)) return credentials.newest(repo.id, "everyday");
    if (usesAdmin(db, job, repo.id)) return credentials.newest(repo.id, "admin");
    return job.hostId === repo.hostId ? null : credentials.inUse(repo.id, "everyday");
  };
}

/** Jobs that delete use the admin credential, if there is one. */
export function usesAdmin(db: Db, { kind }: Pick<JobRow, "kind">, repoId: string): boolean {
  return (kind === "forget" || kind === "prune") && findCredential(db, repoId, "admin") !== null;
}

export function isTrial(job: Pick<JobRow, "kind" | "args">): boolean {
  return job.kind === "probe" && job.args["trial"] === true;
}

/** When the credential of this trial was saved. null in an order of an older version, which does not say. */
export function triedAt(job: Pick<JobRow, "args">): number | null {
  const at = job.args["credential_at"];
  return typeof at === "number" ? at : null;
}

/** The credential has been replaced since, or none is on trial any more. Such an order must neither be sent nor trusted. */
export function isOutdatedTrial(db: Db, job: Pick<JobRow, "kind" | "args" | "repoId">): boolean {
  if (!isTrial(job) || job.repoId === null) return false;
  const credential = findCredential(db, job.repoId, "everyday");
  return !credential || credential.previousSealed === null || credential.rotatedAt !== triedAt(job);
}

/** Only the same repository as before proves a credential. */
export function outcomeOfTrial(
  job: Pick<JobRow, "status" | "stats" | "errorMessage">,
  repo: Pick<RepoRow, "resticId">,
): TrialOutcome {
  if (job.status !== "succeeded")
    return { works: false, error: job.errorMessage ?? "The repository could not be opened with this credential." };
  const found = job.stats?.["restic_id"];
  if (typeof found !== "string") return { works: false, error: "There is no repository at this address." };
  if (repo.resticId !== null && found !== repo.resticId)
    return { works: false, error: "A different repository was found at this address." };
  return { works: true };
}

/** Which credential a job brings along for itself alone; it is never stored on the host. */
import type { Db } from "../../db/open.ts";
import { findCredential, findRepo } from "../../db/queries/repos.ts";
import type { JobRow } from "../../db/schema/jobs.ts";
import type { Credential } from "../../shared/protocol/fields.ts";
import type { Credentials } from "../repos/credentials.ts";
import { isTrial } from "./trials.ts";

/** null = the host's own everyday credential serves. */
export function createJobCredential({ db, credentials }: { db: Db; credentials: Credentials }) {
  return (job: JobRow): Credential | null => {
    const repo = job.repoId === null ? null : findRepo(db, job.repoId);
    if (!repo) return null;
    if (isTrial(job)) return credentials.newest(repo.id, "everyday");
    if (usesAdmin(db, job, repo.id)) return credentials.newest(repo.id, "admin");
    return job.hostId === repo.hostId ? null : credentials.inUse(repo.id, "everyday");
  };
}

/** What deletes does so with the admin credential, where there is one. */
export function usesAdmin(db: Db, { kind }: Pick<JobRow, "kind">, repoId: string): boolean {
  return (kind === "forget" || kind === "prune") && findCredential(db, repoId, "admin") !== null;
}

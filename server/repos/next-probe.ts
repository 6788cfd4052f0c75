/** When a repo that cannot be opened is probed again automatically: soon at first, then less and less often. */
import type { Db } from "../../db/open.ts";
import { findLastRun, listJobs } from "../../db/queries/jobs.ts";
import type { CredentialRow, RepoRow } from "../../db/schema/repos.ts";
import { HOUR_MS, MINUTE_MS } from "../../shared/time/clock.ts";

/** How long the probe of a new repo retries by itself while the repo server does not know the host. */
export const WAIT_FOR_REPO_SERVER_MS = HOUR_MS;
const SOONEST_MS = 5 * MINUTE_MS;
const RAREST_MS = 6 * HOUR_MS;

/** Errors of the credential itself. Any other failed trial may succeed next time. */
const FINAL_CODES = new Set<string | null>([
  "wrong_password",
  "wrong_repo",
  "repo_missing",
  "permission_denied",
  "refused_by_host",
]);
/** Manual probes may lie between the trials of a credential. */
const PROBES_READ = 20;

export type Unopened = Pick<RepoRow, "status" | "statusAt" | "failedSince" | "waitingSince">;

/** Unix ms, possibly in the past. null when nothing will be probed again. An offline host is asked when it is back. */
export function readNextProbe(db: Db, repo: Unopened & Pick<RepoRow, "id">): number | null {
  return repo.status === "ready" ? null : nextProbeAt(repo, findLastRun(db, repo.id, "probe")?.queuedAt ?? null);
}

/** When a credential that failed its trial is tried again. null when the result is final, or it has not been tried. */
export function readNextTrial(
  db: Db,
  credential: Pick<CredentialRow, "repoId" | "previousSealed" | "trialError" | "rotatedAt">,
): number | null {
  if (credential.previousSealed === null || credential.trialError === null) return null;
  const last = listJobs(db, { repo_id: credential.repoId, kind: "probe" }, PROBES_READ, 0).find(
    ({ args }) => args["trial"] === true && args["credential_at"] === credential.rotatedAt,
  );
  if (last?.status !== "failed" || FINAL_CODES.has(last.errorCode)) return null;
  const triedAt = last.finishedAt ?? last.queuedAt;
  return triedAt + waitAfter(triedAt - credential.rotatedAt);
}

/** As long as the problem has lasted, within limits. */
function waitAfter(lastedMs: number): number {
  return Math.min(Math.max(lastedMs, SOONEST_MS), RAREST_MS);
}

/**
 * Waits as long as the problem had lasted at the last try, so that the wait doubles each time.
 * @param probedAt when the newest probe was ordered; it counts as a try even without a result
 */
export function nextProbeAt(
  { status, statusAt, failedSince, waitingSince }: Unopened,
  probedAt: number | null,
): number | null {
  const since = status === "failed" ? (failedSince ?? statusAt) : status === "waiting" ? waitingSince : null;
  if (since === null) return null;
  const triedAt = Math.max(statusAt ?? since, probedAt ?? since);
  return Math.max(triedAt + waitAfter(triedAt - since), status === "waiting" ? since + WAIT_FOR_REPO_SERVER_MS : 0);
}

/** When a repo that cannot be opened is looked at again without anybody's click: soon at first, then ever rarer. */
import type { Db } from "../../db/open.ts";
import { findLastRun } from "../../db/queries/jobs.ts";
import type { RepoRow } from "../../db/schema/repos.ts";
import { HOUR_MS, MINUTE_MS } from "../../shared/clock.ts";

/** For so long the probe of a new repo itself asks a repo server that does not know the host. */
export const WAIT_FOR_REPO_SERVER_MS = HOUR_MS;
const SOONEST_MS = 5 * MINUTE_MS;
const RAREST_MS = 6 * HOUR_MS;

export type Unopened = Pick<RepoRow, "status" | "statusAt" | "failedSince" | "waitingSince">;

/** Unix ms, may be past; null when nothing is to be looked at again. A host that is offline is asked when it is back. */
export function readNextLook(db: Db, repo: Unopened & Pick<RepoRow, "id">): number | null {
  return repo.status === "ready" ? null : nextLookAt(repo, findLastRun(db, repo.id, "probe")?.queuedAt ?? null);
}

/**
 * The wait is as long as the trouble lasted at the last look, which doubles it each time.
 * @param probedAt when the newest probe was ordered: one that tells nothing of the repo counts as a look, too
 */
export function nextLookAt(
  { status, statusAt, failedSince, waitingSince }: Unopened,
  probedAt: number | null,
): number | null {
  const since = status === "failed" ? (failedSince ?? statusAt) : status === "waiting" ? waitingSince : null;
  if (since === null) return null;
  const lookedAt = Math.max(statusAt ?? since, probedAt ?? since);
  const wait = Math.min(Math.max(lookedAt - since, SOONEST_MS), RAREST_MS);
  return Math.max(lookedAt + wait, status === "waiting" ? since + WAIT_FOR_REPO_SERVER_MS : 0);
}

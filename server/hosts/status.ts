/** A host's status in one word, from what is known of it. */
import type { JobStatus } from "../../shared/jobs.ts";
import type { RepoStatus } from "../../shared/repos.ts";

export const HOST_STATUSES = ["online", "degraded", "offline"] as const;
export type HostStatus = (typeof HOST_STATUSES)[number];

const DRIFT_TOLERATED_MS = 10 * 60_000;

export type StatusView = {
  isOnline: boolean;
  driftSince: number | null;
  repos: readonly { status: RepoStatus }[];
  targets: readonly { lastStatus: JobStatus | null }[];
};

/** `degraded` = online, but its last backup failed, its repo is not ready, or it drifts for over ten minutes. */
export function hostStatus({ isOnline, driftSince, repos, targets }: StatusView, now: number): HostStatus {
  if (!isOnline) return "offline";
  const isDrifting = driftSince !== null && now - driftSince > DRIFT_TOLERATED_MS;
  const hasFailed = targets.some((target) => target.lastStatus === "failed");
  const isNotReady = repos.some((repo) => repo.status !== "ready");
  return isDrifting || hasFailed || isNotReady ? "degraded" : "online";
}

// Finds the newest backup of a group or host, from its targets and open jobs.
import type { LastBackup } from "../../shared/hosts.ts";
import type { JobStatus } from "../../shared/jobs.ts";
import { reasonInWords } from "../../shared/reasons.ts";
import type { CauseCount } from "../../shared/warnings.ts";

/** A target's last ended backup, with details from its job. */
export type TargetFacts = {
  sourceGroupId: string;
  lastStatus: JobStatus | null;
  lastWarnings: number;
  lastAt: number | null;
  lastSuccessAt: number | null;
  causes: readonly CauseCount[];
  startedAt: number | null;
  errorCode: string | null;
};

export type OpenJobFacts = { id: string; kind: string; status: "queued" | "running"; sourceGroupId: string | null };

/** Progress of a running job, 0 to 1. null while unknown. */
export type ShareOf = (jobId: string) => number | null;

export type GroupFacts = { id: string; name: string };

/** Whether the newest run succeeded without saving any files, which does not count as a success. */
export function isLastWithoutFiles(target: Pick<TargetFacts, "lastStatus" | "lastAt" | "lastSuccessAt">): boolean {
  return target.lastStatus === "succeeded" && (target.lastSuccessAt ?? 0) < (target.lastAt ?? 0);
}

/** One group: running before waiting, then the worst of its targets. */
export function lastBackupOfGroup(
  group: GroupFacts,
  targets: readonly TargetFacts[],
  openJobs: readonly OpenJobFacts[],
  shareOf: ShareOf,
): LastBackup {
  const open = openJobs.filter((job) => job.kind === "backup" && job.sourceGroupId === group.id);
  const running = open.find((job) => job.status === "running");
  if (running) return { status: "running", group: group.name, jobId: running.id, share: shareOf(running.id) };
  const [waiting] = open;
  if (waiting) return { status: "waiting", group: group.name, jobId: waiting.id };
  return worst(targets.filter((target) => target.sourceGroupId === group.id).map(endedOf));
}

/** A whole host: running first, then the worst of its groups. Among equals the newest. */
export function lastBackupOfHost(groups: readonly LastBackup[]): LastBackup {
  const running = groups.find((last) => last.status === "running");
  return running ?? worst(groups);
}

function endedOf(target: TargetFacts): LastBackup {
  const { lastAt, lastStatus, lastWarnings, startedAt } = target;
  if (lastAt === null || lastStatus === null) return { status: "never" };
  if (lastStatus === "failed") return { status: "failed", at: lastAt, reason: reasonInWords(target.errorCode) };
  if (lastWarnings > 0)
    return {
      status: "warning",
      at: lastAt,
      warnings: lastWarnings,
      causes: target.causes,
      savedNothing: isLastWithoutFiles(target),
    };
  return { status: "ok", at: lastAt, durationMs: startedAt === null ? null : Math.max(0, lastAt - startedAt) };
}

const RANK: Record<LastBackup["status"], number> = { failed: 0, waiting: 1, running: 1, warning: 2, ok: 3, never: 4 };

function worst(all: readonly LastBackup[]): LastBackup {
  const at = (last: LastBackup) => ("at" in last ? last.at : 0);
  const [first] = [...all].sort((a, b) => RANK[a.status] - RANK[b.status] || at(b) - at(a));
  return first ?? { status: "never" };
}

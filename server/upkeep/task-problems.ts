/** Describes background tasks that fail or hang, for the System page and the heartbeat. */
import type { Db } from "../../db/open.ts";
import { findHost } from "../../db/queries/hosts.ts";
import { findJob } from "../../db/queries/jobs.ts";
import { findRepo } from "../../db/queries/repos.ts";
import { findSchedule } from "../../db/queries/schedules.ts";
import type { Failing } from "../runtime/isolated.ts";
import type { OverdueTick } from "../runtime/ticker.ts";

const MOST_NAMED = 5;

export function taskProblems(db: Db, overdue: readonly OverdueTick[]): string[] {
  return overdue.flatMap(({ tick, since, failing, why }) => {
    if (failing.length === 0) {
      const reason = why === null ? "it is still running" : why;
      return [`The task "${tick}" has not succeeded since ${timeOf(since)}: ${reason}`];
    }
    const named = failing
      .slice(0, MOST_NAMED)
      .map((one) => `The task "${tick}" has failed for ${nameOf(db, one)} since ${timeOf(one.since)}: ${one.why}`);
    const rest = failing.length - named.length;
    return rest > 0 ? [...named, `The task "${tick}" has failed for ${rest} more`] : named;
  });
}

function nameOf(db: Db, { of, id }: Failing): string {
  switch (of) {
    case "host":
      return `host ${hostName(db, id)}`;
    case "repo":
      return `repo ${findRepo(db, id)?.name ?? id}`;
    case "schedule":
      return `a schedule of host ${hostName(db, findSchedule(db, id)?.hostId ?? id)}`;
    case "job": {
      const job = findJob(db, id);
      return job ? `a ${job.kind} job of host ${hostName(db, job.hostId)}` : `job ${id}`;
    }
  }
}

function hostName(db: Db, id: string): string {
  return findHost(db, id)?.name ?? id;
}

function timeOf(at: number): string {
  return `${new Date(at).toISOString().slice(0, 16).replace("T", " ")} UTC`;
}

/** After a host has caught up: what it does not know of is judged, and jobs that nobody will ever end are ended. */

import type { Db } from "../../db/open.ts";
import { findHost } from "../../db/queries/hosts.ts";
import { changeJob, findJob, listExpiredJobs, listHostsWithOpenJobs, listOpenJobs } from "../../db/queries/jobs.ts";
import type { HostRow } from "../../db/schema/hosts.ts";
import type { JobRow } from "../../db/schema/jobs.ts";
import { inTransaction } from "../../db/transaction.ts";
import { type Clock, MINUTE_MS } from "../../shared/clock.ts";
import type { ErrorCode } from "../../shared/jobs.ts";
import type { Log } from "../../shared/log.ts";
import type { JobFields } from "../../shared/protocol/fields.ts";
import type { Connection, Hub } from "../agents/hub.ts";
import { writeAudit } from "../runtime/audit.ts";
import type { FactBus } from "../runtime/facts.ts";
import type { Tick } from "../runtime/ticker.ts";
import { adoptJob } from "./adopt.ts";
import { recordBackupEnd } from "./outcomes.ts";

export type Reconciler = {
  /** Everything that was in the outbox at `hello` is committed: compare. */
  reconcile(connection: Connection): void;
  ticks: readonly Tick[];
};

export type ReconcileDeps = {
  db: Db;
  clock: Clock;
  log: Log;
  hub: Hub;
  bus: FactBus;
  lastSeenAt(host: Pick<HostRow, "id" | "lastSeenAt">): number | null;
  startedAt: number;
  jobLostAfterMs: number;
  /** @throws ForeignObject */
  checkOwned(connection: Connection, job: JobFields): void;
};

export function createReconciler(deps: ReconcileDeps): Reconciler {
  const { db, clock, log, hub, bus, lastSeenAt, startedAt, jobLostAfterMs, checkOwned } = deps;

  const closeByServer = (job: JobRow, code: ErrorCode, message: string): boolean => {
    const now = clock.now();
    const changes = { status: "failed" as const, finishedAt: now, receivedAt: now, closedBy: "server" as const };
    if (!changeJob(db, job.id, ["queued", "running"], { ...changes, errorCode: code, errorMessage: message }))
      return false;
    recordBackupEnd(db, findJob(db, job.id) as JobRow);
    return true;
  };

  const tellEnded = (job: JobRow) => {
    bus.tell("job.changed", { jobId: job.id, hostId: job.hostId });
    bus.tell("job.finished", { jobId: job.id, hostId: job.hostId });
  };

  const adoptUnknown = (connection: Connection) => {
    for (const open of connection.hello?.open_jobs ?? []) {
      if (findJob(db, open.job_id)) continue;
      try {
        adoptJob({ db, clock, checkOwned }, connection, open);
        if (open.status === "running")
          changeJob(db, open.job_id, ["queued"], { status: "running", startedAt: open.queued_at });
      } catch (error) {
        const why = error instanceof Error ? error.message : "";
        log.warn("an unknown open job was refused", { job_id: open.job_id, why });
      }
    }
  };

  /** Waiting jobs past their time, and jobs of hosts that are gone for good. */
  const sweep = () => {
    const now = clock.now();
    const ended = inTransaction(db, () => {
      const expired = listExpiredJobs(db, now).filter((job) => {
        const message =
          "The host did not come online in time, so this job was given up. Run it again when the host is back.";
        if (!closeByServer(job, "expired", message)) return false;
        const target = { kind: "job", id: job.id, name: job.kind };
        writeAudit(db, now, {
          actor: { kind: "system" },
          action: "job.expired",
          target,
          payload: { host_id: job.hostId },
        });
        return true;
      });
      return [...expired, ...closeVanished(now)];
    });
    for (const job of ended) tellEnded(job);
  };

  return {
    reconcile(connection) {
      const known = new Set(connection.hello?.open_jobs.map((job) => job.job_id));
      const lost = inTransaction(db, () => {
        adoptUnknown(connection);
        return listOpenJobs(db, connection.hostId)
          .filter((job) => job.acceptedAt !== null && !known.has(job.id))
          .filter((job) =>
            closeByServer(
              job,
              "agent_lost_job",
              "The agent no longer knows this job; its state was lost. Run it again.",
            ),
          );
      });
      for (const job of lost) tellEnded(job);
    },
    ticks: [{ name: "sweep", everyMs: MINUTE_MS, run: sweep }],
  };

  function closeVanished(now: number): JobRow[] {
    return listHostsWithOpenJobs(db).flatMap((hostId) => {
      const host = findHost(db, hostId);
      if (!host || hub.isOnline(hostId)) return [];
      const silentSince = Math.max(lastSeenAt(host) ?? 0, startedAt);
      if (now - silentSince < jobLostAfterMs) return [];
      const message =
        "The host has not been heard of for a long time; what became of this job is unknown. It corrects itself if the host returns.";
      return listOpenJobs(db, hostId).filter(
        (job) => job.acceptedAt !== null && closeByServer(job, "host_vanished", message),
      );
    });
  }
}

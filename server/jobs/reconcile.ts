/** Ends jobs that no report will end: jobs that their host has lost, expired jobs, and jobs of vanished hosts. */
import type { Db } from "../../db/open.ts";
import { findHost } from "../../db/queries/hosts.ts";
import { listHostsWithOpenJobs, listOpenJobs } from "../../db/queries/jobs.ts";
import type { HostRow } from "../../db/schema/hosts.ts";
import type { JobRow } from "../../db/schema/jobs.ts";
import { inTransaction } from "../../db/transaction.ts";
import type { Log } from "../../shared/log.ts";
import { type Clock, MINUTE_MS } from "../../shared/time/clock.ts";
import type { Connection, Hub } from "../agents/hub.ts";
import { writeAudit } from "../runtime/audit.ts";
import type { FactBus } from "../runtime/facts.ts";
import { createIsolation } from "../runtime/isolated.ts";
import type { Tick } from "../runtime/ticker.ts";
import { type Advanced, advance, hasEnded, publishAdvanced } from "./advance.ts";
import type { HeldJobs } from "./ingest.ts";
import type { JobEvent } from "./life.ts";

export type Reconciler = {
  /** Everything in the outbox at `hello` is committed, so the host will never report on jobs that it does not have now. */
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
  heldJobs: HeldJobs;
};

export function createReconciler(deps: ReconcileDeps): Reconciler {
  const { db, clock, log, hub, bus, lastSeenAt, startedAt, jobLostAfterMs, heldJobs } = deps;
  const isolation = createIsolation({ task: "end its lost jobs", of: "host", clock, log });

  const hasVanished = (host: HostRow, now: number): boolean =>
    !hub.isOnline(host.id) && now - Math.max(lastSeenAt(host) ?? 0, startedAt) >= jobLostAfterMs;

  const sweepHost = (hostId: string) => {
    const now = clock.now();
    const host = findHost(db, hostId);
    const isArchived = host !== null && host.archivedAt !== null;
    const isVanished = host !== null && hasVanished(host, now);
    const ended = inTransaction(db, () =>
      listOpenJobs(db, hostId).flatMap((job) => {
        const events: JobEvent[] = isArchived ? ["archived"] : [];
        if (job.expiresAt !== null && job.expiresAt <= now) events.push("expired");
        if (isVanished) events.push("vanished");
        return endBy(job, events, now);
      }),
    );
    for (const advanced of ended) publishAdvanced(bus, advanced);
  };

  /** The first of these events that ends the job. */
  const endBy = (job: JobRow, events: readonly JobEvent[], now: number): Advanced[] => {
    for (const event of events) {
      const advanced = advance(db, job, event, now);
      if (!hasEnded(advanced.step)) continue;
      if (event === "expired") writeExpiry(advanced.job, now);
      return [advanced];
    }
    return [];
  };

  const writeExpiry = (job: JobRow, now: number) => {
    const target = { kind: "job", id: job.id, name: job.kind };
    writeAudit(db, now, { actor: { kind: "system" }, action: "job.expired", target, payload: { host_id: job.hostId } });
  };

  const sweep = () => {
    for (const hostId of listHostsWithOpenJobs(db)) isolation.attempt(hostId, () => sweepHost(hostId));
    isolation.conclude();
  };

  return {
    reconcile(connection) {
      const now = clock.now();
      const { lost, effects } = inTransaction(db, () => {
        const { ids, effects } = heldJobs(connection);
        const lost = listOpenJobs(db, connection.hostId)
          .filter((job) => !ids.has(job.id))
          .map((job) => advance(db, job, "unknown", now));
        return { lost, effects };
      });
      for (const effect of effects) effect();
      for (const advanced of lost) publishAdvanced(bus, advanced);
    },
    ticks: [{ name: "sweep", everyMs: MINUTE_MS, run: sweep }],
  };
}

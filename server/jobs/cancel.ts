/** Cancelling: at once while the host has heard nothing; else the agent alone ends the job. */
import type { Db } from "../../db/open.ts";
import { changeJob, findJob } from "../../db/queries/jobs.ts";
import type { JobRow } from "../../db/schema/jobs.ts";
import { inTransaction } from "../../db/transaction.ts";
import type { Clock } from "../../shared/clock.ts";
import { isFinal } from "../../shared/jobs.ts";
import { notFound, Refusal } from "../http/errors.ts";
import { type Actor, writeAudit } from "../runtime/audit.ts";
import type { FactBus } from "../runtime/facts.ts";

export type CancelJob = (actor: Actor, jobId: string) => JobRow;

/** @throws Refusal 404, 409 `already_ended` */
export function createCancel({ db, clock, bus }: { db: Db; clock: Clock; bus: FactBus }): CancelJob {
  return (actor, jobId) => {
    const before = findJob(db, jobId);
    if (!before) throw notFound("job");
    if (isFinal(before.status))
      throw new Refusal(409, "already_ended", `This job has ended already: ${before.status}.`);
    const isUnheard = before.sentAt === null && before.acceptedAt === null;
    inTransaction(db, () => {
      const now = clock.now();
      const changes = isUnheard
        ? {
            status: "cancelled" as const,
            cancelRequestedAt: now,
            finishedAt: now,
            receivedAt: now,
            closedBy: "server" as const,
          }
        : { cancelRequestedAt: before.cancelRequestedAt ?? now };
      changeJob(db, jobId, ["queued", "running"], changes);
      writeAudit(db, now, {
        actor,
        action: "job.cancelled",
        target: { kind: "job", id: jobId, name: before.kind },
        payload: { host_id: before.hostId, at_once: isUnheard },
      });
    });
    const fact = { jobId, hostId: before.hostId };
    bus.tell("job.changed", fact);
    if (isUnheard) bus.tell("job.finished", fact);
    return findJob(db, jobId) as JobRow;
  };
}

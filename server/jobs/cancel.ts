/** Cancels a job: at once if the host does not have it yet, otherwise by asking the host to end it. */
import type { Db } from "../../db/open.ts";
import { findJob } from "../../db/queries/jobs.ts";
import type { JobRow } from "../../db/schema/jobs.ts";
import { inTransaction } from "../../db/transaction.ts";
import type { Clock } from "../../shared/time/clock.ts";
import { notFound, Refusal } from "../http/errors.ts";
import { type Actor, writeAudit } from "../runtime/audit.ts";
import type { FactBus } from "../runtime/facts.ts";
import { advance, hasEnded, publishAdvanced } from "./advance.ts";

export type CancelJob = (actor: Actor, jobId: string) => JobRow;

/** @throws Refusal 404, 409 `already_ended` */
export function createCancel({ db, clock, bus }: { db: Db; clock: Clock; bus: FactBus }): CancelJob {
  return (actor, jobId) => {
    const advanced = inTransaction(db, () => {
      const before = findJob(db, jobId);
      if (!before) throw notFound("job");
      const now = clock.now();
      const result = advance(db, before, "cancel", now);
      if (result.step.does === "refuse")
        throw new Refusal(409, "already_ended", `This job has already ended: ${before.status}.`);
      writeAudit(db, now, {
        actor,
        action: "job.cancelled",
        target: { kind: "job", id: jobId, name: before.kind },
        payload: { host_id: before.hostId, at_once: hasEnded(result.step) },
      });
      return result;
    });
    publishAdvanced(bus, advanced);
    return findJob(db, jobId) as JobRow;
  };
}

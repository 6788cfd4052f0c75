/** Creates jobs. Asking twice for the same thing returns the existing job. */
import type { Db } from "../../db/open.ts";
import { findJob, insertJob, isOrdered, listOpenJobsLike } from "../../db/queries/jobs.ts";
import type { JobRow } from "../../db/schema/jobs.ts";
import { inTransaction } from "../../db/transaction.ts";
import { newId } from "../../shared/ids.ts";
import type { JobKind } from "../../shared/jobs.ts";
import { type Clock, HOUR_MS } from "../../shared/time/clock.ts";
import { type Actor, writeAudit } from "../runtime/audit.ts";
import type { FactBus } from "../runtime/facts.ts";
import { servesNewOrder } from "./life.ts";

/** How long a job waits for its host. */
const WAITING_LIFETIME_MS = 72 * HOUR_MS;

export type JobOrder = {
  hostId: string;
  kind: JobKind;
  repoId: string;
  sourceGroupId: string | null;
  args: Record<string, unknown>;
};

export type CreatedJob = { job: JobRow; isNew: boolean };

export type JobMaker = {
  /** Creates all jobs of one request in one transaction, with one audit entry (only for requests of people). */
  create(actor: Actor, orders: readonly JobOrder[], target: { kind: string; id: string; name: string }): CreatedJob[];
};

export function createJobMaker({ db, clock, bus }: { db: Db; clock: Clock; bus: FactBus }): JobMaker {
  const createOne = (actor: Actor, order: JobOrder): CreatedJob => {
    const same = listOpenJobsLike(db, order).find((job) => stillServes(job, order));
    return { job: same ?? insert(db, clock.now(), actor, order), isNew: same === undefined };
  };
  return {
    create(actor, orders, target) {
      const created = inTransaction(db, () => {
        const jobs = orders.map((order) => createOne(actor, order));
        if (actor.kind === "user") {
          const payload = { job_ids: jobs.map(({ job }) => job.id), joined: jobs.filter(({ isNew }) => !isNew).length };
          writeAudit(db, clock.now(), { actor, action: `job.${orders[0]?.kind}_requested`, target, payload });
        }
        return jobs;
      });
      for (const { job, isNew } of created)
        if (isNew) bus.publish("job.created", { jobId: job.id, hostId: job.hostId });
      return created;
    },
  };
}

function stillServes(job: JobRow, order: JobOrder): boolean {
  // A backup that the host started by itself is just as good. For any other kind there is only the host's word.
  if (!isOrdered(job) && job.kind !== "backup") return false;
  if (order.kind === "probe" && whatItTries(job.args) !== whatItTries(order.args)) return false;
  return servesNewOrder(job);
}

/** A trial belongs to one credential: the one saved at that moment. */
function whatItTries(args: Record<string, unknown>): unknown {
  return args["trial"] === true ? (args["credential_at"] ?? "unnamed") : null;
}

function insert(db: Db, now: number, actor: Actor, order: JobOrder): JobRow {
  const id = newId();
  insertJob(db, {
    id,
    ...order,
    status: "queued",
    attempt: 1,
    actorKind: actor.kind === "user" ? "user" : "system",
    actorId: actor.kind === "user" ? actor.userId : null,
    queuedAt: now,
    expiresAt: now + WAITING_LIFETIME_MS,
  });
  return findJob(db, id) as JobRow;
}

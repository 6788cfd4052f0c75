/** Makes the row of a job that only the agent knows: one that it began by itself, or that a restored database has forgotten. */
import type { Db } from "../../db/open.ts";
import { insertJob } from "../../db/queries/jobs.ts";
import type { Clock } from "../../shared/clock.ts";
import type { JobFields } from "../../shared/protocol/fields.ts";
import type { Connection } from "../agents/hub.ts";
import { writeAudit } from "../runtime/audit.ts";

export type AdoptDeps = {
  db: Db;
  clock: Clock;
  /** @throws ForeignObject */
  checkOwned(connection: Connection, job: JobFields): void;
};

/** Scheduled backups are expected; anything else leaves an audit row. @throws ForeignObject */
export function adoptJob({ db, clock, checkOwned }: AdoptDeps, connection: Connection, fields: JobFields): void {
  checkOwned(connection, fields);
  insertJob(db, {
    id: fields.job_id,
    hostId: connection.hostId,
    repoId: fields.repo_id,
    sourceGroupId: fields.source_group_id,
    scheduleId: fields.schedule_id,
    kind: fields.kind,
    status: "queued",
    attempt: fields.attempt,
    actorKind: fields.actor_kind,
    args: {},
    scheduledAt: fields.scheduled_at,
    queuedAt: fields.queued_at,
    acceptedAt: clock.now(),
  });
  if (fields.kind === "backup" && fields.actor_kind === "schedule") return;
  writeAudit(db, clock.now(), {
    actor: { kind: "agent", hostId: connection.hostId, ip: connection.ip },
    action: "job.adopted",
    target: { kind: "job", id: fields.job_id, name: fields.kind },
    payload: { host_id: connection.hostId },
  });
}

/** Makes the row of a job that only the agent knows: one that it began by itself, or that a restored database has forgotten. */
import type { Db } from "../../db/open.ts";
import { insertJob } from "../../db/queries/jobs.ts";
import { type Clock, DAY_MS } from "../../shared/clock.ts";
import type { JobFields } from "../../shared/protocol/fields.ts";
import type { Connection } from "../agents/hub.ts";
import { writeAudit } from "../runtime/audit.ts";
import { adopted } from "./life.ts";

export type AdoptDeps = {
  db: Db;
  clock: Clock;
  /** @throws ForeignObject */
  checkOwned(connection: Connection, job: JobFields): void;
};

/** Scheduled backups are expected; anything else leaves an audit row. @throws ForeignObject */
export function adoptJob({ db, clock, checkOwned }: AdoptDeps, connection: Connection, fields: JobFields): void {
  checkOwned(connection, fields);
  const now = clock.now();
  // Due times are the host's own; one that is further ahead than any clock's little error would stay the last run for good.
  const isFarAhead = fields.scheduled_at !== null && fields.scheduled_at > now + DAY_MS;
  insertJob(db, {
    id: fields.job_id,
    hostId: connection.hostId,
    repoId: fields.repo_id,
    sourceGroupId: fields.source_group_id,
    scheduleId: fields.schedule_id,
    kind: fields.kind,
    attempt: fields.attempt,
    actorKind: fields.actor_kind,
    args: {},
    scheduledAt: isFarAhead ? now : fields.scheduled_at,
    queuedAt: Math.min(fields.queued_at, now),
    ...adopted(now),
  });
  if (fields.kind === "backup" && fields.actor_kind === "schedule") return;
  writeAudit(db, now, {
    actor: { kind: "agent", hostId: connection.hostId, ip: connection.ip },
    action: "job.adopted",
    target: { kind: "job", id: fields.job_id, name: fields.kind },
    payload: { host_id: connection.hostId },
  });
}

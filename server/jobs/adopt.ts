/** Creates the row of a job that only the agent knows: one that it started by itself, or that a restored database has lost. */
import type { Db } from "../../db/open.ts";
import { countOpenJobsOfHost, insertJob } from "../../db/queries/jobs.ts";
import type { JobFields } from "../../shared/protocol/fields.ts";
import { type Clock, DAY_MS } from "../../shared/time/clock.ts";
import type { Connection } from "../agents/hub.ts";
import { CannotApply } from "../agents/inbound.ts";
import { createDailyCap } from "../http/rate-limit.ts";
import { writeAudit } from "../runtime/audit.ts";
import { adopted } from "./life.ts";

/** Every message about a job reads all open jobs of its host. */
const MOST_OPEN_JOBS = 1000;
/** The audit log is kept for years, and a dishonest host can send all day. */
const MAX_ADOPTIONS_AUDITED_PER_DAY = 100;

export type AdoptDeps = {
  db: Db;
  clock: Clock;
  /** @throws ForeignObject */
  checkOwned(connection: Connection, job: JobFields, moment: "open" | "ended"): void;
};

export type AdoptJob = (connection: Connection, job: JobFields, moment: "open" | "ended") => void;

/** Scheduled backups are expected. Any other adoption leaves an audit entry. @throws ForeignObject, CannotApply when too many are open */
export function createAdopt({ db, clock, checkOwned }: AdoptDeps): AdoptJob {
  const mayAudit = createDailyCap(clock, MAX_ADOPTIONS_AUDITED_PER_DAY);
  return (connection, fields, moment) => {
    checkOwned(connection, fields, moment);
    if (moment === "open" && countOpenJobsOfHost(db, connection.hostId, MOST_OPEN_JOBS) >= MOST_OPEN_JOBS)
      throw new CannotApply(`this host already has ${MOST_OPEN_JOBS} open jobs`);
    insertAdopted(db, clock.now(), connection.hostId, fields);
    const isExpected = fields.kind === "backup" && fields.actor_kind === "schedule";
    if (isExpected || !mayAudit(connection.hostId)) return;
    writeAudit(db, clock.now(), {
      actor: { kind: "agent", hostId: connection.hostId, ip: connection.ip },
      action: "job.adopted",
      target: { kind: "job", id: fields.job_id, name: fields.kind },
      payload: { host_id: connection.hostId },
    });
  };
}

/** Sets no expiry, which permanently distinguishes it from jobs that the server ordered. */
function insertAdopted(db: Db, now: number, hostId: string, fields: JobFields): void {
  // Due times are the host's own. One further ahead than a small clock error would stay the last run forever.
  const isFarAhead = fields.scheduled_at !== null && fields.scheduled_at > now + DAY_MS;
  insertJob(db, {
    id: fields.job_id,
    hostId,
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
}

/** What agents report about jobs. Each message may come twice, late, or after either side was restored: the result is the same. */
import type { Db } from "../../db/open.ts";
import { findHost, updateHost } from "../../db/queries/hosts.ts";
import { insertLogLines } from "../../db/queries/job-logs.ts";
import { changeJob, findJob, listOpenJobs, replaceServerVerdict } from "../../db/queries/jobs.ts";
import type { JobRow } from "../../db/schema/jobs.ts";
import type { Clock } from "../../shared/clock.ts";
import type { JobFields } from "../../shared/protocol/fields.ts";
import type { ToServerPayload } from "../../shared/protocol/to-server.ts";
import { countWarnings, withNothingSaved } from "../../shared/warnings.ts";
import type { Connection } from "../agents/hub.ts";
import { type AfterCommit, CannotApply, ForeignObject } from "../agents/inbound.ts";
import { writeAudit } from "../runtime/audit.ts";
import type { FactBus } from "../runtime/facts.ts";
import { adoptJob } from "./adopt.ts";
import { recordBackupEnd, recordInitEnd } from "./outcomes.ts";
import type { LiveJobs } from "./stream.ts";

export type JobIngestDeps = {
  db: Db;
  clock: Clock;
  bus: FactBus;
  live: LiveJobs;
  /** @throws ForeignObject when the repo or group is not the host's */
  checkOwned(connection: Connection, job: JobFields): void;
};

export function createJobIngest({ db, clock, bus, live, checkOwned }: JobIngestDeps) {
  /** The row of a job that this host speaks of; made when the server does not know it. */
  const rowFor = (connection: Connection, fields: JobFields): JobRow => {
    const row = findJob(db, fields.job_id);
    if (!row) {
      adoptJob({ db, clock, checkOwned }, connection, fields);
      return findJob(db, fields.job_id) as JobRow;
    }
    if (row.hostId !== connection.hostId) throw new ForeignObject(`job ${fields.job_id} is another host's`);
    return row;
  };

  const refreshCurrentJob = (hostId: string) => {
    const running = listOpenJobs(db, hostId).find((job) => job.status === "running");
    if (findHost(db, hostId)?.currentJobId !== (running?.id ?? null))
      updateHost(db, hostId, { currentJobId: running?.id ?? null });
  };

  const queued = (connection: Connection, fields: ToServerPayload<"job.queued">): AfterCommit => {
    const row = rowFor(connection, fields);
    if (row.acceptedAt === null) changeJob(db, row.id, ["queued", "running"], { acceptedAt: clock.now() });
    return () => bus.tell("job.changed", { jobId: row.id, hostId: row.hostId });
  };

  const started = (connection: Connection, message: ToServerPayload<"job.started">): AfterCommit => {
    const row = rowFor(connection, message);
    changeJob(db, row.id, ["queued"], {
      status: "running",
      startedAt: Math.min(message.started_at, clock.now()),
      acceptedAt: row.acceptedAt ?? clock.now(),
      resticVersion: message.restic_version,
    });
    refreshCurrentJob(row.hostId);
    return () => {
      live.started(message);
      bus.tell("job.changed", { jobId: row.id, hostId: row.hostId });
    };
  };

  const finished = (connection: Connection, message: ToServerPayload<"job.finished">): AfterCommit => {
    const row = rowFor(connection, message);
    const changes = endOf(message, clock.now());
    if (!changeJob(db, row.id, ["queued", "running"], changes)) {
      if (!replaceServerVerdict(db, row.id, changes)) return undefined;
      writeAudit(db, clock.now(), {
        actor: { kind: "agent", hostId: connection.hostId, ip: connection.ip },
        action: "job.verdict_replaced",
        target: { kind: "job", id: row.id, name: row.kind },
        payload: { before: row.errorCode ?? row.status, after: message.error_code ?? message.status },
      });
    }
    const ended = findJob(db, row.id) as JobRow;
    recordBackupEnd(db, ended);
    recordInitEnd(db, ended);
    refreshCurrentJob(row.hostId);
    return () => {
      live.finished(message);
      bus.tell("job.changed", { jobId: row.id, hostId: row.hostId });
      bus.tell("job.finished", { jobId: row.id, hostId: row.hostId });
    };
  };

  const logged = (connection: Connection, message: ToServerPayload<"log.stream">): AfterCommit => {
    const row = findJob(db, message.job_id);
    if (!row) throw new CannotApply(`no job ${message.job_id} for these log lines`);
    if (row.hostId !== connection.hostId) throw new ForeignObject(`job ${message.job_id} is another host's`);
    const added = insertLogLines(db, row.id, message.lines);
    return added > 0 ? () => live.logged(message) : undefined;
  };

  const progress = (connection: Connection, message: ToServerPayload<"job.progress">): void => {
    if (live.owns(connection.hostId, message.job_id)) live.progressed(message);
  };

  return { queued, started, finished, logged, progress };
}

/** An agent of yesterday counts its warnings without causes, and does not count that nothing was saved. */
function warningsOf(message: ToServerPayload<"job.finished">): Pick<JobRow, "warnings" | "warningCauses"> {
  const told = message.warning_causes ?? [];
  const isBackup = message.kind === "backup" && message.status === "succeeded";
  const causes = isBackup ? withNothingSaved(told, message.stats) : told;
  const added = countWarnings(causes) - countWarnings(told);
  return { warnings: message.warnings + added, warningCauses: causes.length > 0 ? causes : null };
}

/** By a clock that is ahead nothing ends later than now: it would outdo all that comes. How long it took stays true. */
function endOf(message: ToServerPayload<"job.finished">, now: number): Partial<JobRow> {
  const ahead = Math.max(0, message.finished_at - now);
  return {
    status: message.status,
    startedAt: message.started_at === null ? null : message.started_at - ahead,
    finishedAt: message.finished_at - ahead,
    receivedAt: now,
    acceptedAt: now,
    closedBy: "agent",
    exitCode: message.exit_code,
    ...warningsOf(message),
    stats: message.stats,
    errorCode: message.error_code,
    errorMessage: message.error_message,
  };
}

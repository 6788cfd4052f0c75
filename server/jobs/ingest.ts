/** Applies agents' reports about jobs. A message may arrive twice, late, or after either side was restored, with the same result. */
import type { Db } from "../../db/open.ts";
import { insertLogLines } from "../../db/queries/job-logs.ts";
import { findJob } from "../../db/queries/jobs.ts";
import type { JobRow } from "../../db/schema/jobs.ts";
import type { Log } from "../../shared/log.ts";
import type { JobFields } from "../../shared/protocol/fields.ts";
import type { ToServerPayload } from "../../shared/protocol/to-server.ts";
import type { Clock } from "../../shared/time/clock.ts";
import { countWarnings, withNothingSaved } from "../../shared/warnings.ts";
import type { Connection } from "../agents/hub.ts";
import { type AfterCommit, CannotApply, ForeignObject } from "../agents/inbound.ts";
import { writeAudit } from "../runtime/audit.ts";
import type { FactBus } from "../runtime/facts.ts";
import { createAdopt } from "./adopt.ts";
import { advance, hasEnded, publishAdvanced } from "./advance.ts";
import { type JobEvent, nextStep } from "./life.ts";
import { cancelMessage } from "./messages.ts";
import type { LiveJobs } from "./stream.ts";

export type JobIngestDeps = {
  db: Db;
  clock: Clock;
  log: Log;
  bus: FactBus;
  live: LiveJobs;
  /** @throws ForeignObject when the repo or group does not belong to the host */
  checkOwned(connection: Connection, job: JobFields, moment: "open" | "ended"): void;
};

/** Call inside a transaction, and run the effects after it. */
export type HeldJobs = (connection: Connection) => { ids: ReadonlySet<string>; effects: readonly (() => void)[] };

export function createJobIngest({ db, clock, log, bus, live, checkOwned }: JobIngestDeps) {
  const adopt = createAdopt({ db, clock, checkOwned });
  /** The row of a job that this host reports on, created if the server does not know it. */
  const rowFor = (connection: Connection, fields: JobFields, event: JobEvent) => {
    const known = findJob(db, fields.job_id);
    const isAdopted = nextStep(known, event).does === "adopt";
    if (isAdopted) adopt(connection, fields, event === "finished" ? "ended" : "open");
    const row = known ?? (findJob(db, fields.job_id) as JobRow);
    if (row.hostId !== connection.hostId) throw new ForeignObject(`job ${fields.job_id} belongs to another host`);
    return { row, isAdopted };
  };

  /** Jobs that a host reported as its own before it had caught up. */
  const announced = new WeakMap<Connection, Set<string>>();

  /** The host reports that it holds the job, and is told if the job was cancelled in the meantime. */
  const held = (
    connection: Connection,
    fields: JobFields,
    event: "accepted" | "started",
    reported?: Partial<JobRow>,
  ) => {
    const { row, isAdopted } = rowFor(connection, fields, event);
    if (!connection.isCaughtUp) announced.set(connection, (announced.get(connection) ?? new Set()).add(row.id));
    const advanced = advance(db, row, event, clock.now(), reported);
    const effect = () => {
      if (advanced.step.does === "call_off") connection.send("command.cancel", cancelMessage(row));
      if (isAdopted) bus.publish("job.changed", { jobId: row.id, hostId: row.hostId });
      else publishAdvanced(bus, advanced);
    };
    return { advanced, effect };
  };

  const queued = (connection: Connection, fields: ToServerPayload<"job.queued">): AfterCommit =>
    held(connection, fields, "accepted").effect;

  const started = (connection: Connection, message: ToServerPayload<"job.started">): AfterCommit => {
    const { advanced, effect } = held(connection, message, "started", {
      startedAt: Math.min(message.started_at, clock.now()),
      resticVersion: message.restic_version,
    });
    return () => {
      if (advanced.step.does === "move") live.started(message);
      effect();
    };
  };

  const finished = (connection: Connection, message: ToServerPayload<"job.finished">): AfterCommit => {
    const { row } = rowFor(connection, message, "finished");
    const advanced = advance(db, row, "finished", clock.now(), endOf(message, clock.now()));
    if (!hasEnded(advanced.step)) return undefined;
    const [before, after] = [row.errorCode ?? row.status, message.error_code ?? message.status];
    if (row.closedBy === "server" && before !== after) {
      writeAudit(db, clock.now(), {
        actor: { kind: "agent", hostId: connection.hostId, ip: connection.ip },
        action: "job.verdict_replaced",
        target: { kind: "job", id: row.id, name: row.kind },
        payload: { before, after },
      });
    }
    return () => {
      live.finished(message);
      publishAdvanced(bus, advanced);
    };
  };

  /** All jobs that the host holds. Jobs that the server does not know are adopted. */
  const heldJobs: HeldJobs = (connection) => {
    const effects: (() => void)[] = [];
    const ids = new Set(announced.get(connection));
    for (const open of connection.hello?.open_jobs ?? []) {
      ids.add(open.job_id);
      try {
        const isRunning = open.status === "running";
        const { effect } = isRunning
          ? held(connection, open, "started", { startedAt: open.queued_at })
          : held(connection, open, "accepted");
        effects.push(effect);
      } catch (error) {
        if (!(error instanceof ForeignObject || error instanceof CannotApply)) throw error;
        log.warn("a job reported by an agent was refused", { job_id: open.job_id, why: error.message });
      }
    }
    return { ids, effects };
  };

  const logged = (connection: Connection, message: ToServerPayload<"log.stream">): AfterCommit => {
    const row = findJob(db, message.job_id);
    if (!row) throw new CannotApply(`there is no job ${message.job_id} for these log lines`);
    if (row.hostId !== connection.hostId) throw new ForeignObject(`job ${message.job_id} belongs to another host`);
    const added = insertLogLines(db, row.id, message.lines);
    return added > 0 ? () => live.logged(message) : undefined;
  };

  const progress = (connection: Connection, message: ToServerPayload<"job.progress">): void => {
    if (live.owns(connection.hostId, message.job_id)) live.progressed(message);
  };

  return { queued, started, finished, logged, progress, heldJobs };
}

/** Older agents send warnings without causes, and do not report that nothing was saved. */
function warningsOf(message: ToServerPayload<"job.finished">): Pick<JobRow, "warnings" | "warningCauses"> {
  const sent = message.warning_causes ?? [];
  const isBackup = message.kind === "backup" && message.status === "succeeded";
  const causes = isBackup ? withNothingSaved(sent, message.stats) : sent;
  const added = countWarnings(causes) - countWarnings(sent);
  return { warnings: message.warnings + added, warningCauses: causes.length > 0 ? causes : null };
}

/** A host whose clock is ahead cannot end a job later than now, or it would override everything that follows. The duration stays correct. */
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

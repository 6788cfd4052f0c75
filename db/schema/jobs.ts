/** Tables of jobs and their logs. The jobs table is the only queue. */
import { sql } from "drizzle-orm";
import { check, index, integer, primaryKey, sqliteTable, text } from "drizzle-orm/sqlite-core";
import { ACTOR_KINDS, ERROR_CODES, JOB_KINDS, JOB_STATUSES, LOG_STREAMS } from "../../shared/jobs.ts";
import type { JobStats, WarningCause } from "../../shared/protocol/fields.ts";
import { idColumn, jsonColumn, timeColumn } from "./columns.ts";
import { hosts } from "./hosts.ts";

export const jobs = sqliteTable(
  "jobs",
  {
    id: idColumn(),
    /** The host that executes the job. */
    hostId: text("host_id")
      .notNull()
      .references(() => hosts.id, { onDelete: "cascade" }),
    /** Not a foreign key, because a job outlives its repo and group. */
    repoId: text("repo_id"),
    sourceGroupId: text("source_group_id"),
    scheduleId: text("schedule_id"),
    kind: text("kind", { enum: JOB_KINDS }).notNull(),
    status: text("status", { enum: JOB_STATUSES }).notNull(),
    attempt: integer("attempt").notNull(),
    actorKind: text("actor_kind", { enum: ACTOR_KINDS }).notNull(),
    actorId: text("actor_id"),
    /** The arguments of the order. Never a secret. */
    args: jsonColumn<Record<string, unknown>>("args").notNull(),
    scheduledAt: timeColumn("scheduled_at"),
    queuedAt: timeColumn("queued_at").notNull(),
    sentAt: timeColumn("sent_at"),
    acceptedAt: timeColumn("accepted_at"),
    expiresAt: timeColumn("expires_at"),
    cancelRequestedAt: timeColumn("cancel_requested_at"),
    startedAt: timeColumn("started_at"),
    finishedAt: timeColumn("finished_at"),
    /** When the server received the end of the job. */
    receivedAt: timeColumn("received_at"),
    closedBy: text("closed_by", { enum: ["agent", "server"] }),
    exitCode: integer("exit_code"),
    warnings: integer("warnings").notNull().default(0),
    /** Causes of the warnings. null: there are none, or the agent is too old to send them. */
    warningCauses: jsonColumn<WarningCause[]>("warning_causes"),
    stats: jsonColumn<JobStats>("stats"),
    errorCode: text("error_code", { enum: ERROR_CODES }),
    errorMessage: text("error_message"),
    logLines: integer("log_lines").notNull().default(0),
    /** When its log lines were deleted because of their age. */
    logRemovedAt: timeColumn("log_removed_at"),
    resticVersion: text("restic_version"),
  },
  (t) => [
    index("jobs_host_queued").on(t.hostId, t.queuedAt),
    index("jobs_queued").on(t.queuedAt),
    index("jobs_repo").on(t.repoId, t.kind, t.queuedAt),
    index("jobs_group").on(t.sourceGroupId, t.queuedAt),
    index("jobs_kind").on(t.kind, t.queuedAt),
    index("jobs_status").on(t.status, t.queuedAt),
    index("jobs_open").on(t.hostId, t.kind).where(sql`${t.status} in ('queued', 'running')`),
    index("jobs_finished").on(t.finishedAt),
    index("jobs_schedule").on(t.scheduleId, t.scheduledAt).where(sql`${t.scheduleId} is not null`),
    check("jobs_status", sql`${t.status} in ('queued', 'running', 'succeeded', 'failed', 'cancelled')`),
    check("jobs_final", sql`(${t.status} in ('queued', 'running')) = (${t.finishedAt} is null)`),
    check("jobs_actor", sql`${t.actorKind} in ('user', 'schedule', 'system')`),
    check("jobs_closed_by", sql`${t.closedBy} is null or ${t.closedBy} in ('agent', 'server')`),
  ],
);
export type JobRow = typeof jobs.$inferSelect;

/** The agent numbers the lines, possibly with gaps. The key makes a line that arrives twice a single row. */
export const jobLogs = sqliteTable(
  "job_logs",
  {
    jobId: text("job_id")
      .notNull()
      .references(() => jobs.id, { onDelete: "cascade" }),
    seq: integer("seq").notNull(),
    ts: timeColumn("ts").notNull(),
    stream: text("stream", { enum: LOG_STREAMS }).notNull(),
    payload: text("payload").notNull(),
  },
  (t) => [primaryKey({ columns: [t.jobId, t.seq] })],
);
export type JobLogRow = typeof jobLogs.$inferSelect;

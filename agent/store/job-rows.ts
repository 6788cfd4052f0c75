/** Rows of jobs: what was accepted, what is running, and for 30 days how each ended. Never a one-job credential. */
import type { Database } from "bun:sqlite";
import type { FinalStatus, JobStatus } from "../../shared/jobs.ts";
import type { JobFields } from "../../shared/protocol/fields.ts";
import type { CommandRun } from "../../shared/protocol/to-agent.ts";
import type { ToServerPayload } from "../../shared/protocol/to-server.ts";

export type JobFinished = ToServerPayload<"job.finished">;

export type StoredJob = {
  fields: JobFields;
  status: JobStatus;
  /** Without its one-job credential; null when the job needs one. */
  order: CommandRun | null;
  expiresAt: number | null;
  startedAt: number | null;
  finished: JobFinished | null;
  lastLine: number;
  /** The restic process and its start time, to find it again after a crash. */
  child: { pid: number; birth: string } | null;
};

type Row = {
  fields: string;
  status: JobStatus;
  job_order: string | null;
  expires_at: number | null;
  started_at: number | null;
  finished: string | null;
  last_line: number;
  child_pid: number | null;
  child_birth: string | null;
};

export function createJobRows(db: Database) {
  const insert = db.query<null, [string, string, string | null, string, string | null, number | null]>(
    `INSERT INTO jobs (job_id, arrival, status, repo_id, fields, job_order, expires_at)
     VALUES (?1, (SELECT coalesce(max(arrival), 0) + 1 FROM jobs), ?2, ?3, ?4, ?5, ?6)`,
  );
  const find = db.query<Row, [string]>("SELECT * FROM jobs WHERE job_id = ?1");
  const open = db.query<Row, []>("SELECT * FROM jobs WHERE status IN ('queued', 'running') ORDER BY arrival");
  const running = db.query<null, [number, string]>(
    "UPDATE jobs SET status = 'running', started_at = ?1 WHERE job_id = ?2 AND status = 'queued'",
  );
  const finish = db.query<null, [FinalStatus, number, string, string]>(
    `UPDATE jobs SET status = ?1, finished_at = ?2, finished = ?3, job_order = NULL, child_pid = NULL, child_birth = NULL
     WHERE job_id = ?4 AND status IN ('queued', 'running')`,
  );
  const line = db.query<null, [number, string]>("UPDATE jobs SET last_line = ?1 WHERE job_id = ?2 AND last_line < ?1");
  const child = db.query<null, [number | null, string | null, string]>(
    "UPDATE jobs SET child_pid = ?1, child_birth = ?2 WHERE job_id = ?3",
  );
  const since = db.query<{ finished: string }, [number]>(
    "SELECT finished FROM jobs WHERE finished_at >= ?1 AND finished IS NOT NULL ORDER BY finished_at",
  );
  const forget = db.query<null, [number]>("DELETE FROM jobs WHERE finished_at < ?1");
  return {
    insertQueued: (fields: JobFields, order: CommandRun | null, expiresAt: number | null): void =>
      void insert.run(
        fields.job_id,
        "queued",
        fields.repo_id,
        JSON.stringify(fields),
        order && JSON.stringify(withoutCredential(order)),
        expiresAt,
      ),
    find: (jobId: string): StoredJob | null => {
      const row = find.get(jobId);
      return row && storedJob(row);
    },
    /** In order of arrival. */
    listOpen: (): StoredJob[] => open.all().map(storedJob),
    setRunning: (jobId: string, startedAt: number): void => void running.run(startedAt, jobId),
    setFinished: (end: JobFinished): void =>
      void finish.run(end.status, end.finished_at, JSON.stringify(end), end.job_id),
    setLastLine: (jobId: string, lastLine: number): void => void line.run(lastLine, jobId),
    setChild: (jobId: string, process: { pid: number; birth: string } | null): void =>
      void child.run(process?.pid ?? null, process?.birth ?? null, jobId),
    listFinishedSince: (time: number): JobFinished[] =>
      since.all(time).map((row) => JSON.parse(row.finished) as JobFinished),
    forgetFinishedBefore: (time: number): void => void forget.run(time),
  };
}

function withoutCredential(order: CommandRun): CommandRun {
  const { credential: _, ...rest } = order;
  return rest as CommandRun;
}

function storedJob(row: Row): StoredJob {
  return {
    fields: JSON.parse(row.fields) as JobFields,
    status: row.status,
    order: row.job_order === null ? null : (JSON.parse(row.job_order) as CommandRun),
    expiresAt: row.expires_at,
    startedAt: row.started_at,
    finished: row.finished === null ? null : (JSON.parse(row.finished) as JobFinished),
    lastLine: row.last_line,
    child: row.child_pid === null ? null : { pid: row.child_pid, birth: row.child_birth ?? "" },
  };
}

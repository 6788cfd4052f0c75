/** Queries for log lines of jobs. Plain SQL, because this is the busiest table and the builder takes ten times as long per line. */
import type { LogLine } from "../../shared/protocol/fields.ts";
import type { Db } from "../open.ts";

const INSERT = "INSERT OR IGNORE INTO job_logs (job_id, seq, ts, stream, payload) VALUES (?, ?, ?, ?, ?)";
const SELECT = "SELECT seq, ts, stream, payload FROM job_logs WHERE job_id = ? AND seq > ? ORDER BY seq LIMIT ?";

/** Stores lines and leaves existing ones unchanged. @returns how many were new */
export function insertLogLines(db: Db, jobId: string, lines: readonly LogLine[]): number {
  const insert = db.$client.query(INSERT);
  let added = 0;
  for (const line of lines) added += insert.run(jobId, line.seq, line.ts, line.stream, line.payload).changes;
  if (added > 0) db.$client.query("UPDATE jobs SET log_lines = log_lines + ? WHERE id = ?").run(added, jobId);
  return added;
}

/** Lines after number `afterSeq`, in order. */
export function listLogLines(db: Db, jobId: string, afterSeq: number, limit: number): LogLine[] {
  return db.$client.query<LogLine, [string, number, number]>(SELECT).all(jobId, afterSeq, limit);
}

/** The last `limit` lines, in order. */
export function listLastLogLines(db: Db, jobId: string, limit: number): LogLine[] {
  const select = "SELECT seq, ts, stream, payload FROM job_logs WHERE job_id = ? ORDER BY seq DESC LIMIT ?";
  return db.$client.query<LogLine, [string, number]>(select).all(jobId, limit).reverse();
}

/** Rows of the outbox: durable messages in the order in which they must arrive. */
import type { Database } from "bun:sqlite";

export type OutboxRow = {
  seq: number;
  type: string;
  ts: number;
  /** JSON text of the payload */
  payload: string;
  bytes: number;
  job_id: string | null;
  first_line: number | null;
  last_line: number | null;
};

export type NewOutboxRow = Omit<OutboxRow, "seq"> & {
  /** Newer rows replace unsent ones with the same key. */
  replace_key: string | null;
  /** Keeps the parts of one report together. */
  report_id: string | null;
};

export type OutboxRows = ReturnType<typeof createOutboxRows>;

export function createOutboxRows(db: Database) {
  const insert = db.query<{ seq: number }, [NewOutboxRow]>(
    `INSERT INTO outbox (type, ts, payload, bytes, job_id, first_line, last_line, replace_key, report_id)
     VALUES ($type, $ts, $payload, $bytes, $job_id, $first_line, $last_line, $replace_key, $report_id) RETURNING seq`,
  );
  const after = db.query<OutboxRow, [number, number]>("SELECT * FROM outbox WHERE seq > ?1 ORDER BY seq LIMIT ?2");
  const drop = db.query("DELETE FROM outbox WHERE seq <= ?1");
  const dropOne = db.query("DELETE FROM outbox WHERE seq = ?1");
  const totals = db.query<{ rows: number; bytes: number; last: number }, []>(
    "SELECT count(*) AS rows, coalesce(sum(bytes), 0) AS bytes, coalesce(max(seq), 0) AS last FROM outbox",
  );
  const oldestLogs = db.query<OutboxRow, [number, number]>(
    "SELECT * FROM outbox WHERE type = 'log.stream' AND seq > ?1 ORDER BY seq LIMIT ?2",
  );
  const rewrite = db.query<null, [string, number, number, number, number]>(
    "UPDATE outbox SET payload = ?1, bytes = ?2, first_line = ?3, last_line = ?4 WHERE seq = ?5",
  );
  const dropReplaced = db.query<{ bytes: number }, [string, string, number]>(
    `DELETE FROM outbox WHERE replace_key = ?1 AND report_id IS NOT ?2 AND seq > ?3
     AND NOT EXISTS (SELECT 1 FROM outbox AS sent WHERE sent.replace_key = outbox.replace_key
       AND sent.report_id IS outbox.report_id AND sent.seq <= ?3) RETURNING bytes`,
  );
  const waiting = db.query<{ seq: number }, [string, string]>(
    "SELECT seq FROM outbox WHERE job_id = ?1 AND type = ?2 LIMIT 1",
  );
  return {
    insert: (row: NewOutboxRow): number => insert.get(row)!.seq,
    /** The next rows to send, oldest first. */
    listAfter: (seq: number, limit: number): OutboxRow[] => after.all(seq, limit),
    deleteUpTo: (seq: number): void => void drop.run(seq),
    deleteOne: (seq: number): void => void dropOne.run(seq),
    totals: () => totals.get()!,
    listOldestLogs: (afterSeq: number, limit: number): OutboxRow[] => oldestLogs.all(afterSeq, limit),
    rewrite: (row: { seq: number; payload: string; bytes: number; first_line: number; last_line: number }): void =>
      void rewrite.run(row.payload, row.bytes, row.first_line, row.last_line, row.seq),
    /** Deletes older reports with this key that are entirely unsent. Returns the rows and bytes freed. */
    deleteReplaced: (key: string, reportId: string, sentUpTo: number): { rows: number; bytes: number } => {
      const gone = dropReplaced.all(key, reportId, sentUpTo);
      return { rows: gone.length, bytes: gone.reduce((sum, row) => sum + row.bytes, 0) };
    },
    hasJobMessage: (jobId: string, type: string): boolean => waiting.get(jobId, type) !== null,
  };
}

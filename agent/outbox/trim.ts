/** Makes room in a full outbox: drops the oldest log lines that are not in flight, and leaves a line that says which. */
import type { OutboxRow, OutboxRows } from "../store/outbox-rows.ts";

type Gap = { jobId: string; seq: number; from: number; to: number };

const ROWS_AT_ONCE = 64;
/** Frees more than needed, so that a full outbox is not trimmed at every line. */
const SPARE_BYTES = 1024 * 1024;

/**
 * Drops log lines until `tooMany` bytes (and some spare) are free or no lines are left; job states are never dropped.
 * @param sentUpTo rows up to this number are in flight and stay.
 */
export function trimOutbox(rows: OutboxRows, sentUpTo: number, tooMany: number, now: number): void {
  const gaps = new Map<string, Gap>();
  let freed = 0;
  let cursor = sentUpTo;
  while (freed < tooMany + SPARE_BYTES) {
    const oldest = rows.listOldestLogs(cursor, ROWS_AT_ONCE);
    if (oldest.length === 0) break;
    for (const row of oldest) {
      if (freed >= tooMany + SPARE_BYTES) break;
      cursor = row.seq;
      freed += row.bytes;
      extendGap(rows, gaps, row);
    }
  }
  for (const gap of gaps.values()) writeGap(rows, gap, now);
}

/** The line about the gap replaces the last dropped row, which keeps the lines in order. */
function extendGap(rows: OutboxRows, gaps: Map<string, Gap>, row: OutboxRow): void {
  if (row.job_id === null || row.first_line === null || row.last_line === null) return;
  const before = gaps.get(row.job_id);
  if (before) rows.deleteOne(before.seq);
  gaps.set(row.job_id, {
    jobId: row.job_id,
    seq: row.seq,
    from: before?.from ?? row.first_line,
    to: row.last_line,
  });
}

function writeGap(rows: OutboxRows, gap: Gap, now: number): void {
  const text = `Lines ${gap.from} to ${gap.to} were dropped: this machine's outbox was full while the server was unreachable`;
  const payload = JSON.stringify({
    job_id: gap.jobId,
    lines: [{ seq: gap.to, ts: now, stream: "event", payload: text }],
  });
  const bytes = Buffer.byteLength(payload) + 100;
  rows.rewrite({ seq: gap.seq, payload, bytes, first_line: gap.from, last_line: gap.to });
}

/** The log of one job: numbers its lines, redacts and limits them, and writes them in batches. */

import type { LogStream } from "../../shared/jobs.ts";
import type { LogLine } from "../../shared/protocol/fields.ts";
import { MAX_LOG_LINE_BYTES, MAX_LOG_LINES_PER_FRAME } from "../../shared/protocol/version.ts";
import type { Redactor } from "../../shared/redact.ts";
import type { Clock } from "../../shared/time/clock.ts";
import { clip } from "../words.ts";

export type JobLog = {
  /** The agent's own lines about the job. */
  event(text: string): void;
  stdout(text: string): void;
  stderr(text: string): void;
  /** Writes buffered lines; call it before the job's end is written. */
  flush(): void;
};

type Options = {
  /** Number of the last line written before a restart of this job. */
  lastLine: number;
  write(lines: LogLine[]): void;
  redactor: Redactor;
  clock: Clock;
  /** How long lines are buffered, in ms. */
  flushMs: number;
};

/** Lines written at once when a chunk of output exceeds one frame. */
const WRITE_AT_LINES = 10 * MAX_LOG_LINES_PER_FRAME;

export function createJobLog({ lastLine, write, redactor, clock, flushMs }: Options): JobLog {
  let seq = lastLine;
  let held: LogLine[] = [];
  let timer: ReturnType<typeof setTimeout> | null = null;

  function flush(): void {
    if (timer) clearTimeout(timer);
    timer = null;
    if (held.length === 0) return;
    const lines = held;
    held = [];
    write(lines);
  }

  function add(stream: LogStream, text: string): void {
    seq += 1;
    held.push({ seq, ts: clock.now(), stream, payload: clip(redactor.redact(text), MAX_LOG_LINE_BYTES) });
    if (held.length >= WRITE_AT_LINES) {
      flush();
      return;
    }
    const full = held.length === MAX_LOG_LINES_PER_FRAME;
    if (full && timer) clearTimeout(timer);
    // A full frame is written as soon as the current chunk of output has been read.
    if (full) timer = setTimeout(flush, 0);
    else timer ??= setTimeout(flush, flushMs);
  }

  return {
    event: (text) => add("event", text),
    stdout: (text) => add("stdout", text),
    stderr: (text) => add("stderr", text),
    flush,
  };
}

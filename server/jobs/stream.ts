/** Streams jobs to browsers: the stored log from a given number, then live messages, without a gap and without slowing an agent down. */
import type { Db } from "../../db/open.ts";
import { listLogLines } from "../../db/queries/job-logs.ts";
import { findJob } from "../../db/queries/jobs.ts";
import type { JobRow } from "../../db/schema/jobs.ts";
import { isFinal } from "../../shared/jobs.ts";
import type { ToServerPayload } from "../../shared/protocol/to-server.ts";
import type { Clock } from "../../shared/time/clock.ts";
import type { Socket, SocketEnd } from "../http/sockets.ts";
import { jobFields } from "./messages.ts";

/** A browser that is this far behind gets no live messages. It continues from the stored log when its buffer has drained. */
const MAX_BUFFERED_BYTES = 1024 * 1024;
const REPLAY_LINES = 1000;

export type Progress = ToServerPayload<"job.progress">;

export type LiveJobs = {
  started(message: ToServerPayload<"job.started">): void;
  progressed(message: Progress): void;
  logged(message: ToServerPayload<"log.stream">): void;
  finished(message: ToServerPayload<"job.finished">): void;
  /** Whether this is an open job of that host. */
  owns(hostId: string, jobId: string): boolean;
  /** The newest progress of a running job. null when none has arrived since the server started. */
  progressOf(jobId: string): Progress | null;
  /** The server's end of a browser's stream. */
  endFor(jobId: string, afterSeq: number, sessionId: string): SocketEnd;
  closeSessions(sessionIds: readonly string[]): void;
  /** The server ended the job itself, so browsers are updated from the row. */
  endedByServer(jobId: string): void;
};

type Browser = { ws: Socket; jobId: string; sessionId: string; cursor: number; isLive: boolean };

export function createLiveJobs({ db, clock }: { db: Db; clock: Clock }): LiveJobs {
  const browsers = new Map<string, Set<Browser>>();
  const progress = new Map<string, { message: Progress; receivedAt: number }>();

  const frame = (type: string, payload: unknown) => JSON.stringify({ type, ts: clock.now(), payload });
  const watchers = (jobId: string) => browsers.get(jobId) ?? [];

  const sendLive = (browser: Browser, text: string, lastSeq: number) => {
    const sent = browser.ws.send(text);
    if (sent !== 0) browser.cursor = Math.max(browser.cursor, lastSeq);
    if (sent <= 0 || browser.ws.getBufferedAmount() > MAX_BUFFERED_BYTES) browser.isLive = false;
  };

  /** Sends stored lines until the buffer is full (then `drain` continues) or all are sent (then the stream is live). */
  const replay = (browser: Browser) => {
    if (browser.isLive) return;
    while (browser.ws.getBufferedAmount() <= MAX_BUFFERED_BYTES) {
      const lines = listLogLines(db, browser.jobId, browser.cursor, REPLAY_LINES);
      const last = lines.at(-1);
      if (!last) {
        browser.isLive = true;
        sendState(browser);
        return;
      }
      browser.ws.send(frame("log.stream", { job_id: browser.jobId, lines }));
      browser.cursor = last.seq;
    }
  };

  /** With the phase's duration up to now. */
  const progressOf = (jobId: string): Progress | null => {
    const newest = progress.get(jobId);
    if (!newest) return null;
    const { message, receivedAt } = newest;
    if (message.phase_ms === undefined) return message;
    return { ...message, phase_ms: message.phase_ms + Math.max(0, clock.now() - receivedAt) };
  };

  const sendState = (browser: Browser) => {
    const job = findJob(db, browser.jobId);
    if (!job) return;
    const newest = progressOf(job.id);
    if (newest && !isFinal(job.status)) browser.ws.send(frame("job.progress", newest));
    if (!isFinal(job.status)) return;
    browser.ws.send(frame("job.finished", finishedPayload(job)));
    browser.ws.close(1000, "finished");
  };

  const end = (jobId: string, payload: unknown) => {
    progress.delete(jobId);
    for (const browser of watchers(jobId)) {
      if (!browser.isLive) continue;
      browser.ws.send(frame("job.finished", payload));
      browser.ws.close(1000, "finished");
    }
  };

  return {
    started(message) {
      const text = frame("job.started", message);
      for (const browser of watchers(message.job_id)) browser.ws.send(text);
    },
    progressed(message) {
      progress.set(message.job_id, { message, receivedAt: clock.now() });
      const text = frame("job.progress", message);
      for (const browser of watchers(message.job_id)) if (browser.isLive) browser.ws.send(text);
    },
    logged(message) {
      const all = watchers(message.job_id);
      const last = message.lines.at(-1);
      if (!last) return;
      let shared: string | null = null;
      for (const browser of all) {
        if (!browser.isLive || browser.cursor >= last.seq) continue;
        const isWhole = browser.cursor < (message.lines[0]?.seq ?? 0);
        shared ??= frame("log.stream", message);
        const text = isWhole
          ? shared
          : frame("log.stream", { job_id: message.job_id, lines: message.lines.filter((l) => l.seq > browser.cursor) });
        sendLive(browser, text, last.seq);
      }
    },
    finished: (message) => end(message.job_id, message),
    endedByServer(jobId) {
      const job = findJob(db, jobId);
      if (job && isFinal(job.status)) end(jobId, finishedPayload(job));
    },
    owns(hostId, jobId) {
      const job = findJob(db, jobId);
      return job !== null && job.hostId === hostId && !isFinal(job.status);
    },
    progressOf,
    endFor(jobId, afterSeq, sessionId) {
      let browser: Browser;
      return {
        open(ws) {
          browser = { ws, jobId, sessionId, cursor: afterSeq, isLive: false };
          const set = browsers.get(jobId) ?? new Set();
          browsers.set(jobId, set.add(browser));
          replay(browser);
        },
        message() {},
        drain: () => replay(browser),
        close() {
          const set = browsers.get(jobId);
          set?.delete(browser);
          if (set?.size === 0) browsers.delete(jobId);
        },
      };
    },
    closeSessions(sessionIds) {
      for (const set of browsers.values()) {
        for (const browser of set) if (sessionIds.includes(browser.sessionId)) browser.ws.close(4401, "session ended");
      }
    },
  };
}

function finishedPayload(job: JobRow): ToServerPayload<"job.finished"> {
  return {
    ...jobFields(job),
    status: isFinal(job.status) ? job.status : "failed",
    exit_code: job.exitCode,
    warnings: job.warnings,
    warning_causes: job.warningCauses ?? [],
    stats: job.stats,
    error_code: job.errorCode,
    error_message: job.errorMessage,
    started_at: job.startedAt,
    finished_at: job.finishedAt ?? 0,
  };
}

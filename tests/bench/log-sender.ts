// Sends one job's log as fast as the protocol allows: frames of 200 lines, with at most 256 frames or 4 MiB unacknowledged.
import { MAX_IN_FLIGHT_BYTES, MAX_IN_FLIGHT_MESSAGES, MAX_LOG_LINES_PER_FRAME } from "../../shared/protocol/version.ts";
import type { Identity } from "../testbed/hosts.ts";
import { endOf, helloOf, type JobFields } from "../testbed/simulated-agent.ts";

export type LogSender = {
  /** Sends for so long; resolves with the number of lines when all are acknowledged. */
  send(durationMs: number): Promise<{ lines: number; ms: number }>;
  finish(): void;
  close(): void;
};

export async function openLogSender(url: string, identity: Identity, fields: JobFields): Promise<LogSender> {
  const ws = new WebSocket(`${url.replace(/^http/, "ws")}/ws/agent`, {
    headers: { authorization: `Bearer ${identity.token}` },
  } as never);
  let seq = 0;
  let line = 0;
  let inFlight: { seq: number; bytes: number }[] = [];
  let bytes = 0;
  let wake: () => void = () => undefined;
  await new Promise<void>((resolve, reject) => {
    ws.addEventListener("open", () =>
      ws.send(JSON.stringify({ type: "hello", ts: Date.now(), payload: helloOf(identity) })),
    );
    ws.addEventListener("close", ({ code, reason }) => reject(new Error(`the server closed: ${code} ${reason}`)));
    ws.addEventListener("message", (event) => {
      const { type, payload } = JSON.parse(String(event.data)) as { type: string; payload: { seq: number } };
      if (type === "welcome") resolve();
      if (type !== "ack") return;
      inFlight = inFlight.filter((frame) => frame.seq > payload.seq);
      bytes = inFlight.reduce((sum, frame) => sum + frame.bytes, 0);
      wake();
    });
  });
  const keep = (frame: string) => {
    ws.send(frame);
    inFlight.push({ seq, bytes: frame.length });
    bytes += frame.length;
  };
  const envelope = (type: string, payload: unknown) => {
    seq += 1;
    return JSON.stringify({ type, ts: Date.now(), seq, payload });
  };
  keep(envelope("job.queued", fields));
  keep(envelope("job.started", { ...fields, started_at: Date.now(), restic_version: "0.19.1" }));

  const frameOfLines = () => {
    const ts = Date.now();
    const lines = Array.from({ length: MAX_LOG_LINES_PER_FRAME }, () => {
      line += 1;
      const payload = `new       /srv/data/2026/11/folder ${line % 97}/file-${line}.dat, saved in 0.002s (26.118 KiB added)`;
      return { seq: line, ts, stream: "stdout", payload };
    });
    return envelope("log.stream", { job_id: fields.job_id, lines });
  };
  const acknowledged = () =>
    new Promise<void>((resolve) => {
      wake = resolve;
    });

  return {
    async send(durationMs) {
      const startedAt = performance.now();
      const before = line;
      while (performance.now() - startedAt < durationMs) {
        while (inFlight.length < MAX_IN_FLIGHT_MESSAGES && bytes < MAX_IN_FLIGHT_BYTES) keep(frameOfLines());
        await acknowledged();
      }
      while (inFlight.length > 0) await acknowledged();
      return { lines: line - before, ms: performance.now() - startedAt };
    },
    finish: () => keep(envelope("job.finished", endOf(fields))),
    close: () => ws.close(),
  };
}

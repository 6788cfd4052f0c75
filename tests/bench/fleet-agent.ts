// One of thousands of simulated agents: connects, sends heartbeats, backs up at its hour, keeps unacknowledged messages and reconnects as the real agent does.
import { nextDelay, type Retry } from "../../agent/link/reconnect.ts";
import { TIMINGS } from "../../agent/timings.ts";
import { newId } from "../../shared/ids.ts";
import type { JobFields } from "../../shared/protocol/fields.ts";
import type { ToServerPayload, ToServerType } from "../../shared/protocol/to-server.ts";
import { SECOND_MS } from "../../shared/time/clock.ts";
import type { Identity } from "../testbed/hosts.ts";
import { endOf, helloOf, linesOf } from "../testbed/simulated-agent.ts";

/** How long its backups take, with one progress message a second. */
const BACKUP_SECONDS = 30;
const LINES_AT_EACH_END = 5;

export type Pace = { heartbeatEveryMs: number; backupEveryMs: number };

export type FleetAgent = {
  isWelcome(): boolean;
  /** Connections that ended without our wish. */
  drops(): number;
  backups(): number;
  stop(): void;
};

type FromServer = {
  type: string;
  payload: {
    seq?: number;
    state_version?: number;
    digest?: string;
    code?: string;
    job_id?: string;
    job?: JobFields;
  };
};

export function startFleetAgent(url: string, identity: Identity, pace: Pace): FleetAgent {
  const { token, repoId, groupId, machineId, scheduleId } = identity;
  let ws: WebSocket | null = null;
  let welcome = false;
  let serverError: string | null = null;
  let retry: Retry = { failures: 0 };
  let seq = 0;
  let outbox: { seq: number; frame: string }[] = [];
  let applied: { version: number; digest: string } | null = null;
  let running: JobFields | null = null;
  let drops = 0;
  let backups = 0;
  let isStopped = false;
  const timers = new Set<ReturnType<typeof setTimeout>>();

  const after = (ms: number, work: () => void) => {
    const timer = setTimeout(() => {
      timers.delete(timer);
      work();
    }, ms);
    timers.add(timer);
  };

  const pass = <T extends ToServerType>(type: T, payload: ToServerPayload<T>) => {
    if (welcome) ws?.send(JSON.stringify({ type, ts: Date.now(), payload }));
  };
  const keep = <T extends ToServerType>(type: T, payload: ToServerPayload<T>) => {
    seq += 1;
    const frame = JSON.stringify({ type, ts: Date.now(), seq, payload });
    outbox.push({ seq, frame });
    if (welcome) ws?.send(frame);
  };

  const greet = () => {
    const hello = helloOf(identity, {
      applied_state_version: applied?.version ?? null,
      applied_state_digest: applied?.digest ?? null,
      outbox_last_seq: outbox.at(-1)?.seq ?? 0,
      open_jobs: running ? [{ ...running, status: "running" }] : [],
    });
    ws?.send(JSON.stringify({ type: "hello", ts: Date.now(), payload: { ...hello, machine_id: machineId } }));
  };

  const received = ({ type, payload }: FromServer) => {
    if (type === "welcome") {
      welcome = true;
      retry = { failures: 0 };
      for (const { frame } of outbox) ws?.send(frame);
    } else if (type === "ack") outbox = outbox.filter((message) => message.seq > (payload.seq ?? 0));
    else if (type === "command.cancel") cancelled(payload.job_id, payload.job);
    else if (type === "error") serverError = payload.code ?? null;
    else if (type === "state.set") {
      applied = { version: payload.state_version ?? 0, digest: payload.digest ?? "" };
      pass("state.ack", { state_version: applied.version, digest: applied.digest, errors: [] });
    }
  };

  /** As the real one: what runs ends at once, and of an order that never came the end is told. */
  const cancelled = (jobId: string | undefined, job: JobFields | undefined) => {
    const ends = running?.job_id === jobId ? running : job;
    if (!ends) return;
    if (ends === running) running = null;
    keep("job.finished", endOf(ends, { status: "cancelled", exit_code: null, stats: null, started_at: null }));
  };

  const connect = () => {
    serverError = null;
    const socket = new WebSocket(`${url.replace(/^http/, "ws")}/ws/agent`, {
      headers: { authorization: `Bearer ${token}` },
    } as never);
    ws = socket;
    socket.addEventListener("open", greet);
    socket.addEventListener("message", (event) => received(JSON.parse(String(event.data)) as FromServer));
    socket.addEventListener("close", ({ code, reason }) => {
      if (isStopped) return;
      if (welcome) drops += 1;
      const next = nextDelay({ code, reason, serverError, welcomed: welcome }, retry, TIMINGS, Math.random);
      retry = next.retry;
      welcome = false;
      after(next.delayMs, connect);
    });
  };

  const beat = () => {
    const running_job_ids = running ? [running.job_id] : [];
    const vitals = { load: 0.2, uptime_s: 3600, free_bytes_state: 10_000_000_000 };
    pass("heartbeat", { running_job_ids, queued_jobs: 0, outbox_pending: outbox.length, ...vitals });
    after(pace.heartbeatEveryMs, beat);
  };

  const backUp = () => {
    const at = Date.now();
    const fields: JobFields = {
      job_id: newId(),
      kind: "backup",
      repo_id: repoId,
      source_group_id: groupId,
      schedule_id: scheduleId,
      attempt: 1,
      actor_kind: "schedule",
      scheduled_at: at,
      queued_at: at,
    };
    running = fields;
    keep("job.queued", fields);
    keep("job.started", { ...fields, started_at: at, restic_version: "0.19.1" });
    keep("log.stream", { job_id: fields.job_id, lines: linesOf(1, LINES_AT_EACH_END) });
    const whileRunning = (work: () => void) => () => {
      if (running === fields) work();
    };
    const tellProgress = (second: number) => () => pass("job.progress", progressAt(fields.job_id, second));
    for (let second = 0; second < BACKUP_SECONDS; second++)
      after(second * SECOND_MS, whileRunning(tellProgress(second)));
    const end = () => {
      keep("log.stream", { job_id: fields.job_id, lines: linesOf(LINES_AT_EACH_END + 1, LINES_AT_EACH_END) });
      keep("job.finished", endOf(fields, { started_at: at }));
      keep("snapshots.added", { repo_id: repoId, snapshots: [snapshotOf(fields.job_id, at)] });
      running = null;
      backups += 1;
    };
    after(BACKUP_SECONDS * SECOND_MS, whileRunning(end));
    after(pace.backupEveryMs, backUp);
  };

  connect();
  after(Math.random() * pace.heartbeatEveryMs, beat);
  after(Math.random() * pace.backupEveryMs, backUp);
  return {
    isWelcome: () => welcome,
    drops: () => drops,
    backups: () => backups,
    stop() {
      isStopped = true;
      for (const timer of timers) clearTimeout(timer);
      ws?.close();
    },
  };
}

function progressAt(jobId: string, second: number): ToServerPayload<"job.progress"> {
  const share = second / BACKUP_SECONDS;
  return {
    job_id: jobId,
    percent_done: share,
    files_done: Math.round(share * 50_000),
    total_files: 50_000,
    bytes_done: Math.round(share * 80e9),
    total_bytes: 80e9,
    eta_seconds: BACKUP_SECONDS - second,
    throughput_bps: 2.6e9,
    current_files: ["/srv/data/2026/11/some file of the backup.dat"],
    phase: "backup",
  };
}

function snapshotOf(jobId: string, at: number): ToServerPayload<"snapshots.added">["snapshots"][number] {
  return {
    snapshot_id: new Bun.CryptoHasher("sha256").update(jobId).digest("hex"),
    time: at,
    hostname: "simulated",
    username: "root",
    paths: ["/etc", "/home", "/srv"],
    tags: ["default"],
    parent: null,
    program_version: "restic 0.19.1",
    size_bytes: 80_000_000_000,
    file_count: 50_000,
    added_bytes: 1_000_000,
  };
}

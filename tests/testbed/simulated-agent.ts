/** An agent that only speaks the protocol, over a real WebSocket, with frames that a test chooses; for faults and load. */
import { parseToAgent, type ToAgent, type ToAgentPayload, type ToAgentType } from "../../shared/protocol/to-agent.ts";
import type { ToServerPayload, ToServerType } from "../../shared/protocol/to-server.ts";
import { PROTOCOL_VERSION } from "../../shared/protocol/version.ts";
import type { Identity } from "./hosts.ts";

export type SimulatedAgent = {
  identity: Identity;
  /** Everything that came, in order. */
  received: ToAgent[];
  send<T extends ToServerType>(type: T, payload: ToServerPayload<T>, extra?: { seq?: number; id?: string }): void;
  sendText(frame: string): void;
  /** Resolves with the first message of this type that fits, seen or still to come. */
  waitFor<T extends ToAgentType>(type: T, fits?: (payload: ToAgentPayload<T>) => boolean): Promise<ToAgentPayload<T>>;
  closed: Promise<{ code: number; reason: string }>;
  close(): void;
  /** Drops the TCP connection without a goodbye. */
  terminate(): void;
};

const TIME_LIMIT_MS = 15_000;

export type ConnectOptions = {
  hello?: Partial<ToServerPayload<"hello">> | null;
  /** As the real one, it reports the end of a job that is cancelled before it took it. false: as agents did before. */
  answersCancels?: boolean;
};

/** Connects and, unless `hello: null`, greets; resolves when the socket is open. */
export async function connectSimulated(
  url: string,
  identity: Identity,
  { hello = {}, answersCancels = true }: ConnectOptions = {},
): Promise<SimulatedAgent> {
  const headers = { authorization: `Bearer ${identity.token}` };
  const ws = new WebSocket(`${url.replace(/^http/, "ws")}/ws/agent`, { headers } as never);
  const received: ToAgent[] = [];
  const listeners = new Set<(message: ToAgent) => void>();
  const taken = new Set(hello?.open_jobs?.map((job) => job.job_id));
  let lastSeq = 0;
  const answerCancel = ({ job_id, job }: ToAgentPayload<"command.cancel">) => {
    if (job === undefined || taken.has(job_id)) return;
    const changes = { status: "cancelled", exit_code: null, stats: null, started_at: null } as const;
    agent.send("job.finished", endOf(job, changes), { seq: lastSeq + 1 });
  };
  const closed = new Promise<{ code: number; reason: string }>((resolve) => {
    ws.addEventListener("close", (event) => resolve({ code: event.code, reason: event.reason }));
  });
  ws.addEventListener("message", (event) => {
    const parsed = parseToAgent(String(event.data));
    if (!parsed.ok) throw new Error(`the server sent a frame that does not parse: ${event.data}`);
    received.push(parsed.message);
    if (answersCancels && parsed.message.type === "command.cancel") answerCancel(parsed.message.payload);
    for (const listener of [...listeners]) listener(parsed.message);
  });
  const agent: SimulatedAgent = {
    identity,
    received,
    closed,
    send(type, payload, extra = {}) {
      if (type.startsWith("job.") && "job_id" in payload) taken.add(String(payload.job_id));
      lastSeq = Math.max(lastSeq, extra.seq ?? 0);
      ws.send(JSON.stringify({ type, ts: Date.now(), ...extra, payload }));
    },
    sendText: (frame) => ws.send(frame),
    close: () => ws.close(),
    terminate: () => (ws as unknown as { terminate(): void }).terminate(),
    waitFor(type, fits = () => true) {
      type Payload = ToAgentPayload<typeof type>;
      const isIt = (message: ToAgent) => message.type === type && fits(message.payload as Payload);
      const seen = received.find(isIt);
      if (seen) return Promise.resolve(seen.payload as Payload);
      return new Promise<Payload>((resolve, reject) => {
        const give = (work: () => void) => {
          clearTimeout(timer);
          listeners.delete(listener);
          work();
        };
        const timer = setTimeout(() => give(() => reject(new Error(`no ${type} came`))), TIME_LIMIT_MS);
        const listener = (message: ToAgent) => {
          if (isIt(message)) give(() => resolve(message.payload as Payload));
        };
        listeners.add(listener);
        void closed.then(({ code, reason }) =>
          give(() => reject(new Error(`closed ${code} ${reason} before ${type}`))),
        );
      });
    },
  };
  await new Promise<void>((resolve, reject) => {
    ws.addEventListener("open", () => resolve());
    void closed.then(({ code, reason }) => reject(new Error(`not connected: ${code} ${reason}`)));
  });
  if (hello !== null) agent.send("hello", helloOf(identity, hello));
  return agent;
}

export function helloOf(identity: Identity, changes: Partial<ToServerPayload<"hello">> = {}): ToServerPayload<"hello"> {
  return {
    protocol_version: PROTOCOL_VERSION,
    agent_version: "0.1.0",
    restic_version: "0.19.1",
    os: "linux",
    arch: "x64",
    hostname: "simulated",
    timezone: "UTC",
    machine_id: identity.machineId,
    applied_state_version: null,
    applied_state_digest: null,
    capabilities: [],
    outbox_last_seq: 0,
    open_jobs: [],
    ...changes,
  };
}

export type JobFields = ToServerPayload<"job.queued">;

export function fieldsOf(order: ToAgentPayload<"command.run">): JobFields {
  return {
    job_id: order.job_id,
    kind: order.kind,
    repo_id: order.repo_id,
    source_group_id: order.kind === "backup" ? order.args.source_group_id : null,
    schedule_id: null,
    attempt: 1,
    actor_kind: order.actor_kind,
    scheduled_at: null,
    queued_at: order.queued_at,
  };
}

export function endOf(
  fields: JobFields,
  changes: Partial<ToServerPayload<"job.finished">> = {},
): ToServerPayload<"job.finished"> {
  const now = Date.now();
  return {
    ...fields,
    status: "succeeded",
    exit_code: 0,
    warnings: 0,
    stats: { data_added: 10, total_files_processed: 3 },
    error_code: null,
    error_message: null,
    started_at: now - 1000,
    finished_at: now,
    ...changes,
  };
}

export function linesOf(from: number, count: number): ToServerPayload<"log.stream">["lines"] {
  return Array.from({ length: count }, (_, index) => ({
    seq: from + index,
    ts: Date.now(),
    stream: "stdout" as const,
    payload: `line ${from + index}`,
  }));
}

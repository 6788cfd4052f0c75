/** A server's jobs and an agent's lane, both real and on real SQLite, with a connection between them that loses what it carries when it breaks. */

import { type Handler, succeeded, cancelled as wasCancelled } from "../agent/jobs/handlers/handler.ts";
import { createDispatcher as createAgentDispatcher } from "../agent/link/dispatcher.ts";
import type { DesiredStateHolder } from "../agent/state/desired-state.ts";
import { openLane } from "../agent/testing/lane.ts";
import type { Db } from "../db/open.ts";
import { listOpenJobs } from "../db/queries/jobs.ts";
import { createCatchUp } from "../server/agents/catch-up.ts";
import { type Connection, createConnection, createHub } from "../server/agents/hub.ts";
import { createInbound, type DurableHandlers } from "../server/agents/inbound.ts";
import { createIntake } from "../server/agents/intake.ts";
import type { Socket } from "../server/http/sockets.ts";
import { createCancel } from "../server/jobs/cancel.ts";
import { createJobMaker } from "../server/jobs/create.ts";
import { createDispatcher } from "../server/jobs/dispatch.ts";
import { createJobIngest } from "../server/jobs/ingest.ts";
import { createReconciler } from "../server/jobs/reconcile.ts";
import { createLiveJobs } from "../server/jobs/stream.ts";
import { createFactBus } from "../server/runtime/facts.ts";
import { newId } from "../shared/ids.ts";
import { silentLog } from "../shared/log.ts";
import type { Credential, JobFields } from "../shared/protocol/fields.ts";
import { type CommandRun, parseToAgent } from "../shared/protocol/to-agent.ts";
import { type Clock, DAY_MS } from "../shared/time/clock.ts";
import { helloOf } from "./testbed/simulated-agent.ts";

export const CREDENTIAL: Credential = {
  url: "/srv/repo",
  http_username: null,
  http_password: null,
  repo_password: "secret!",
  env: {},
};
export const JOB_LOST_AFTER_MS = 7 * DAY_MS;

/** What is on the wire, in both directions, in order. */
export type Wire = {
  toAgent: string[];
  toServer: string[];
  fromServer: (frame: string) => void;
  connection: Connection;
};

/** The server's side; a restart makes another one on the same database. */
export function serverSide(db: Db, clock: Clock, hostId: string) {
  const log = silentLog;
  const bus = createFactBus(log);
  const hub = createHub();
  const world = { db, clock, log, bus, hub };
  const live = createLiveJobs({ db, clock });
  const ingest = createJobIngest({ ...world, live, checkOwned: () => {} });
  const dispatcher = createDispatcher({
    ...world,
    // What deletes brings a credential of its own.
    credentialFor: (job) => (job.kind === "prune" ? CREDENTIAL : null),
    planForget: () => null,
    limit: { mayStart: () => true, release: () => {} },
  });
  const reconciler = createReconciler({
    ...world,
    lastSeenAt: () => null,
    startedAt: clock.now(),
    jobLostAfterMs: JOB_LOST_AFTER_MS,
    heldJobs: ingest.heldJobs,
  });
  const catchUp = createCatchUp({ ...world, reconcile: reconciler.reconcile, caughtUp: dispatcher.dispatch });
  const ignored = () => undefined;
  const inbound = createInbound({
    ...world,
    intake: createIntake({ clock, mibPerMinute: 120 }),
    durable: {
      "job.queued": ingest.queued,
      "job.started": ingest.started,
      "job.finished": ingest.finished,
      "log.stream": ingest.logged,
      "snapshots.added": ignored,
      "snapshots.report": ignored,
      "repo.stats": ignored,
      "repo.status": ignored,
      "schedule.skipped": ignored,
      "update.status": ignored,
    } satisfies DurableHandlers,
    passing: {
      hello(connection, hello) {
        connection.hello = hello;
        hub.attach(connection);
        connection.send("welcome", {
          protocol_version: 1,
          server_version: "0.1.0",
          server_state_id: newId(),
          host_id: hostId,
          time: clock.now(),
        });
        catchUp.greeted(connection);
      },
      heartbeat: ignored,
      "job.progress": ignored,
      "state.ack": ignored,
      "tree.list.result": ignored,
      error: (connection, { code }, id) => {
        if (code === "busy" && id !== null) dispatcher.busy(connection, id);
      },
    },
    onCommitted: catchUp.committed,
  });
  bus.on("job.created", () => dispatcher.dispatch(hostId));
  bus.on("job.changed", () => dispatcher.dispatch(hostId));
  return {
    maker: createJobMaker(world),
    cancel: createCancel(world),
    inbound,
    hub,
    openJobs: () => listOpenJobs(db, hostId),
    tick: () => [...dispatcher.ticks, ...reconciler.ticks].forEach(({ run }) => void run()),
    open(): Wire {
      const wire: Pick<Wire, "toAgent" | "toServer"> = { toAgent: [], toServer: [] };
      const socket = {
        readyState: WebSocket.OPEN as number,
        send: (frame: string) => wire.toAgent.push(frame),
        close() {},
      };
      const connection = createConnection(socket as unknown as Socket, hostId, "127.0.0.1", clock);
      const fromServer = () => {
        socket.readyState = WebSocket.CLOSED;
      };
      return { ...wire, connection, fromServer };
    },
  };
}
export type ServerSide = ReturnType<typeof serverSide>;

export type AgentWatch = {
  /** A job's work begins; it lasts until the given function is called. */
  began(jobId: string, end: () => void): void;
};

/** One life of the agent on a state folder. `isOld`: it knows no fields of a cancelled job. */
export function agentSide(folder: string, clock: Clock, machineId: string, isOld: boolean, watch: AgentWatch) {
  const access = { access: { repoId: "", name: "vault", kind: "local", credential: CREDENTIAL }, compression: null };
  const state = {
    refusal: () => null,
    findRepo: () => ({ found: "ok", ...access }),
  } as unknown as DesiredStateHolder;
  const work: Handler = async ({ job, signal }) => {
    const how = await new Promise<"ended" | "stopped">((resolve) => {
      watch.began(job.job_id, () => resolve("ended"));
      signal.addEventListener("abort", () => resolve("stopped"));
    });
    return how === "ended" ? succeeded() : wasCancelled();
  };
  let wire: Wire | null = null;
  const sendPassing = (type: string, payload: unknown, id?: string) =>
    wire?.toServer.push(JSON.stringify({ type, ts: clock.now(), ...(id === undefined ? {} : { id }), payload }));
  const lane = openLane({
    stateFolder: folder,
    clock,
    state,
    handlers: { backup: work, unlock: work, prune: work },
    refuseBusy: (jobId) =>
      void sendPassing("error", { code: "busy", message: "Another job is running on this host" }, jobId),
  });
  const { store, outbox, queue, fatal: errors } = lane;
  const dispatcher = createAgentDispatcher({
    outbox,
    queue,
    state,
    readTree: async () => ({ entries: [], total: 0, error: null }),
    send: { stateAck: () => {}, treePage: () => {}, error: (code, message) => void errors.push(`${code} ${message}`) },
    now: clock.now,
    log: silentLog,
  });
  lane.start();
  return {
    folder,
    store,
    queue,
    errors,
    connect(opened: Wire): void {
      wire = opened;
      const hello = helloOf({ machineId } as Parameters<typeof helloOf>[0], {
        outbox_last_seq: outbox.lastSeq(),
        open_jobs: queue.openJobs(),
      });
      sendPassing("hello", hello);
    },
    disconnect(): void {
      wire = null;
      outbox.detach();
    },
    hear(frame: string): void {
      const parsed = parseToAgent(frame);
      if (!parsed.ok) throw new Error(`the server sent what does not parse: ${frame}`);
      const { message } = parsed;
      if (message.type === "welcome") outbox.attach((out) => void wire?.toServer.push(out));
      else if (message.type === "command.cancel" && isOld)
        dispatcher.received({ ...message, payload: { job_id: message.payload.job_id } });
      else dispatcher.received(message);
    },
    /** A scheduled backup, begun by the agent itself. */
    mint(repoId: string, groupId: string): string {
      const identity = { job_id: newId(), repo_id: repoId, actor_kind: "schedule" as const, queued_at: clock.now() };
      const scheduled = { source_group_id: groupId, schedule_id: newId(), attempt: 1, scheduled_at: clock.now() };
      const fields: JobFields = { ...identity, ...scheduled, kind: "backup" };
      const args = { source_group_id: groupId, state_version: 1, bandwidth: null };
      const order: CommandRun = { ...identity, expires_at: clock.now() + 3 * DAY_MS, kind: "backup", args };
      queue.mint([{ fields, order }], [], () => {});
      return fields.job_id;
    },
    /** Dies at its work. */
    crash(): void {
      wire = null;
      lane.crash();
    },
  };
}
export type AgentSide = ReturnType<typeof agentSide>;

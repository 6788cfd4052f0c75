/** Sends waiting jobs to their hosts: when they are created, after reconnects, and again until they are accepted. */
import type { Db } from "../../db/open.ts";
import { findJob, listHostsWithOpenJobs, listJobsToSend } from "../../db/queries/jobs.ts";
import type { JobRow } from "../../db/schema/jobs.ts";
import { inTransaction } from "../../db/transaction.ts";
import type { Log } from "../../shared/log.ts";
import type { Credential } from "../../shared/protocol/fields.ts";
import type { CommandRun } from "../../shared/protocol/to-agent.ts";
import { type Clock, SECOND_MS } from "../../shared/time/clock.ts";
import type { Connection, Hub } from "../agents/hub.ts";
import type { Bandwidth } from "../hosts/bandwidth.ts";
import type { FactBus } from "../runtime/facts.ts";
import { createIsolation } from "../runtime/isolated.ts";
import type { Tick } from "../runtime/ticker.ts";
import { advance, hasEnded, publishAdvanced } from "./advance.ts";
import { messageFor } from "./life.ts";
import { cancelMessage } from "./messages.ts";

const SEND_AGAIN_AFTER_MS = 30_000;

export type Dispatcher = {
  /** Sends the host's waiting jobs. Does nothing while it is offline or catching up. */
  dispatch(hostId: string): void;
  /** Sends the waiting jobs of all hosts. */
  dispatchAll(): void;
  ticks: readonly Tick[];
  /** The agent cannot take this job now (one-job credential, lane busy), so it stays queued. */
  busy(connection: Connection, jobId: string): void;
};

export type DispatchDeps = {
  db: Db;
  clock: Clock;
  log: Log;
  hub: Hub;
  bus: FactBus;
  /** The credential that is sent with this job only: one on trial, an admin one, or another host's. */
  credentialFor(job: JobRow): Credential | null;
  /** Which snapshots a forget should remove, as known now. null when nothing may be removed any more. */
  planForget(job: JobRow): ForgetArgs | null;
  limit: StartLimit;
};

/** When an order was last sent on a connection, and how many copies of it the host may still refuse. */
type Sent = { at: number; unanswered: number };

type StartLimit = {
  /** Called right before a job is sent. A job that may not start yet is tried again later. */
  mayStart(job: JobRow): boolean;
  /** The agent did not take the job. */
  release(jobId: string): void;
};

export function createDispatcher(deps: DispatchDeps): Dispatcher {
  const { db, clock, log, hub, bus, credentialFor, planForget, limit } = deps;
  const isolation = createIsolation({ task: "send the job to its host", of: "job", clock, log });
  /** When each job was last sent, per connection. A new connection gets everything again. */
  const sentOn = new WeakMap<Connection, Map<string, Sent>>();

  const sentBefore = (connection: Connection): Map<string, Sent> => {
    const sent = sentOn.get(connection) ?? new Map<string, Sent>();
    sentOn.set(connection, sent);
    return sent;
  };

  const isDue = (last: Sent | undefined): boolean => last === undefined || clock.now() - last.at >= SEND_AGAIN_AFTER_MS;

  const sendCancel = (connection: Connection, job: JobRow) => {
    const sent = sentBefore(connection);
    const key = `cancel ${job.id}`;
    if (!isDue(sent.get(key))) return;
    sent.set(key, { at: clock.now(), unanswered: 0 });
    connection.send("command.cancel", cancelMessage(job));
  };

  const sendOrder = (connection: Connection, job: JobRow) => {
    const sent = sentBefore(connection);
    const last = sent.get(job.id);
    if (!isDue(last) || !limit.mayStart(job)) return;
    const plan = job.kind === "forget" ? planForget(job) : null;
    if (job.kind === "forget" && plan === null) {
      limit.release(job.id);
      publishAdvanced(
        bus,
        inTransaction(db, () => advance(db, job, "unplanned", clock.now())),
      );
      return;
    }
    sent.set(job.id, { at: clock.now(), unanswered: (last?.unanswered ?? 0) + 1 });
    const order = toOrder(job, credentialFor(job), plan);
    if (!order) {
      log.error("a job could not be sent: its stored order is not valid", { job_id: job.id, kind: job.kind });
      return;
    }
    // A row that has ended since it was read must not be sent.
    if (job.sentAt === null && advance(db, job, "sent", clock.now()).step.does !== "move") return;
    connection.send("command.run", order);
  };

  const dispatch: Dispatcher["dispatch"] = (hostId) => {
    const connection = hub.find(hostId);
    if (!connection?.isCaughtUp) return;
    for (const job of listJobsToSend(db, hostId)) {
      isolation.attempt(job.id, () => {
        const message = messageFor(job);
        if (message === "cancel") sendCancel(connection, job);
        if (message === "order") sendOrder(connection, job);
      });
    }
  };

  const dispatchAll = () => {
    for (const hostId of listHostsWithOpenJobs(db)) dispatch(hostId);
    isolation.conclude();
  };

  return {
    dispatch,
    dispatchAll,
    ticks: [{ name: "dispatch", everyMs: 10 * SECOND_MS, run: dispatchAll }],
    busy(connection, jobId) {
      limit.release(jobId);
      const job = findJob(db, jobId);
      if (job?.hostId !== connection.hostId) return;
      const sent = sentBefore(connection);
      const unanswered = Math.max(0, (sent.get(jobId)?.unanswered ?? 0) - 1);
      log.debug("a job was not started because the host is busy; it will be sent again", { job_id: jobId });
      // Sent again when another job of this host ends, or with the next tick.
      sent.set(jobId, { at: Number.NEGATIVE_INFINITY, unanswered });
      // A later copy of the order may have been accepted, and that answer is still on its way.
      if (unanswered > 0) return;
      const advanced = inTransaction(db, () => advance(db, job, "busy", clock.now()));
      // Publishing a plain change would send it again at once, only to be refused again.
      if (hasEnded(advanced.step)) publishAdvanced(bus, advanced);
    },
  };
}

type ForgetArgs = Args<"forget">;
type Args<K extends CommandRun["kind"]> = Extract<CommandRun, { kind: K }>["args"];

function toOrder(job: JobRow, credential: Credential | null, plan: ForgetArgs | null): CommandRun | null {
  if (job.repoId === null) return null;
  const base = {
    job_id: job.id,
    repo_id: job.repoId,
    actor_kind: job.actorKind,
    queued_at: job.queuedAt,
    expires_at: job.expiresAt ?? job.queuedAt,
    ...(credential ? { credential } : {}),
  };
  switch (job.kind) {
    case "backup":
      if (job.sourceGroupId === null) return null;
      return {
        ...base,
        kind: "backup",
        args: {
          source_group_id: job.sourceGroupId,
          state_version: Number(job.args["state_version"] ?? 0),
          bandwidth: (job.args["bandwidth"] as Bandwidth | null | undefined) ?? null,
        },
      };
    case "probe":
      return {
        ...base,
        kind: "probe",
        args: {
          restic_id: (job.args["restic_id"] as string | null | undefined) ?? null,
          wait_ms: Number(job.args["wait_ms"] ?? 0),
          trial: job.args["trial"] === true,
        },
      };
    case "forget":
      return plan && { ...base, kind: "forget", args: plan };
    case "prune":
      return { ...base, kind: "prune", args: job.args as Args<"prune"> };
    case "check":
      return { ...base, kind: "check", args: job.args as Args<"check"> };
    case "init":
    case "snapshots":
    case "stats":
    case "unlock":
      return { ...base, kind: job.kind, args: {} };
    default:
      return null;
  }
}

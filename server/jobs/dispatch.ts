/** Sends waiting jobs to their hosts: on creation, after reconnects, and again until they are accepted. */
import type { Db } from "../../db/open.ts";
import { changeJob, findJob, listHostsWithOpenJobs, listOpenJobs } from "../../db/queries/jobs.ts";
import type { JobRow } from "../../db/schema/jobs.ts";
import { type Clock, SECOND_MS } from "../../shared/clock.ts";
import type { Log } from "../../shared/log.ts";
import type { Credential } from "../../shared/protocol/fields.ts";
import type { CommandRun } from "../../shared/protocol/to-agent.ts";
import type { Connection, Hub } from "../agents/hub.ts";
import type { Bandwidth } from "../hosts/bandwidth.ts";
import type { FactBus } from "../runtime/facts.ts";
import type { Tick } from "../runtime/ticker.ts";

const SEND_AGAIN_AFTER_MS = 30_000;

export type Dispatcher = {
  /** Sends whatever of the host's waits; nothing while it is offline or still catching up. */
  dispatch(hostId: string): void;
  ticks: readonly Tick[];
  /** The agent cannot take this one now (one-job credential, lane busy): it stays queued. */
  busy(connection: Connection, jobId: string): void;
};

export type DispatchDeps = {
  db: Db;
  clock: Clock;
  log: Log;
  hub: Hub;
  /** What a job brings along for itself alone: a credential on trial, an admin one, another host's. */
  credentialFor(job: JobRow): Credential | null;
  /** Which snapshots a forget is to remove, by what is known now; null when there is nothing that it may remove any more. */
  planForget(job: JobRow): ForgetArgs | null;
  limit: StartLimit;
  bus: FactBus;
};

type StartLimit = {
  /** Asked right before a job is sent; one that may not start yet is asked for again. */
  mayStart(job: JobRow): boolean;
  /** The agent did not take it. */
  release(jobId: string): void;
};

export function createDispatcher(deps: DispatchDeps): Dispatcher {
  const { db, clock, log, hub, bus, credentialFor, planForget, limit } = deps;
  /** When each job was last sent, per connection: a new connection gets everything again. */
  const sentOn = new WeakMap<Connection, Map<string, number>>();

  const isDue = (connection: Connection, key: string): boolean => {
    const sent = sentOn.get(connection) ?? new Map<string, number>();
    sentOn.set(connection, sent);
    const last = sent.get(key);
    if (last !== undefined && clock.now() - last < SEND_AGAIN_AFTER_MS) return false;
    sent.set(key, clock.now());
    return true;
  };

  const sendOne = (connection: Connection, job: JobRow) => {
    if (job.cancelRequestedAt !== null) {
      if (isDue(connection, `cancel ${job.id}`)) connection.send("command.cancel", { job_id: job.id });
      return;
    }
    if (job.status !== "queued" || job.acceptedAt !== null || !isDue(connection, job.id)) return;
    if (!limit.mayStart(job)) {
      sentOn.get(connection)?.delete(job.id);
      return;
    }
    const plan = job.kind === "forget" ? planForget(job) : null;
    if (job.kind === "forget" && plan === null) {
      limit.release(job.id);
      endUnplanned(job);
      return;
    }
    const order = toOrder(job, credentialFor(job), plan);
    if (!order) {
      log.error("a job cannot be put into an order", { job_id: job.id, kind: job.kind });
      return;
    }
    if (job.sentAt === null && !changeJob(db, job.id, ["queued"], { sentAt: clock.now() })) return;
    connection.send("command.run", order);
  };

  /** What it was to carry out waits for a person since it was ordered, or is gone. */
  const endUnplanned = (job: JobRow) => {
    const now = clock.now();
    const message =
      "No source group has a retention that may be carried out now: it waits to be confirmed on the page of the group, or it keeps everything";
    const end = { status: "failed" as const, errorCode: "retention_held" as const, errorMessage: message };
    const changes = { ...end, finishedAt: now, receivedAt: now, closedBy: "server" as const };
    if (!changeJob(db, job.id, ["queued"], changes)) return;
    bus.tell("job.changed", { jobId: job.id, hostId: job.hostId });
    bus.tell("job.finished", { jobId: job.id, hostId: job.hostId });
  };

  const dispatch: Dispatcher["dispatch"] = (hostId) => {
    const connection = hub.find(hostId);
    if (!connection?.isCaughtUp) return;
    for (const job of listOpenJobs(db, hostId)) sendOne(connection, job);
  };

  const dispatchAll = () => {
    for (const hostId of listHostsWithOpenJobs(db)) dispatch(hostId);
  };

  return {
    dispatch,
    ticks: [{ name: "dispatch", everyMs: 10 * SECOND_MS, run: dispatchAll }],
    busy(connection, jobId) {
      limit.release(jobId);
      const job = findJob(db, jobId);
      if (job?.hostId !== connection.hostId) return;
      log.debug("the host is busy; the job is sent again", { job_id: jobId });
      // As soon as something of this host ends, or with the next tick.
      sentOn.get(connection)?.delete(jobId);
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

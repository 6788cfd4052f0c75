/** The life of a job as one table: the phases of its row, the possible events in each, and their effects. Pure. */
import type { JobRow } from "../../db/schema/jobs.ts";
import { type ErrorCode, isFinal, type JobKind } from "../../shared/jobs.ts";

export type Phase =
  /** The server has no row: the host started the job by itself, or the database was restored from an older copy. */
  | "absent"
  /** The host does not have the job: it was never sent, or was refused as busy. */
  | "waiting"
  /** The order was sent, and it is not known whether the host has it. */
  | "sent"
  /** The host has the job but has not started it. */
  | "accepted"
  | "running"
  /** The server has given the job up. A report from the host overrides that. */
  | "given_up"
  /** The server has ended the job as cancelled. If the host has it after all, it must stop it. */
  | "called_off"
  /** The host has reported the end. */
  | "ended";
type OpenPhase = "waiting" | "sent" | "accepted" | "running";

export type JobEvent =
  /** Nothing that the job was ordered for may be done any more. */
  | "unplanned"
  /** The order is sent to the host. */
  | "sent"
  /** The host cannot start the job now and has not stored it. */
  | "busy"
  | "accepted"
  | "started"
  /** The host reports the end. */
  | "finished"
  /** Someone cancels the job. */
  | "cancel"
  /** The host has caught up and does not have the job. */
  | "unknown"
  /** The job's expiry has passed. */
  | "expired"
  /** The host has been silent for too long. */
  | "vanished"
  /** The host was archived and takes no more orders. */
  | "archived";

/** How the server ends a job by itself. */
export type Verdict = { status: "cancelled"; code: null } | { status: "failed"; code: ErrorCode };

export type Step =
  | { does: "nothing" }
  /** Creates a row from the host's report, as an accepted job, then applies the event to it. */
  | { does: "adopt" }
  | { does: "move"; to: OpenPhase }
  /** Records the wish to cancel, and asks the host to end the job. */
  | { does: "ask" }
  | { does: "end"; as: Verdict }
  /** Ends the job with the host's report. */
  | { does: "end_as_reported" }
  /** The host has a job that the server cancelled, so it is told again. */
  | { does: "call_off" }
  /** The event is no longer possible. */
  | { does: "refuse" };

export type LifeFacts = Pick<JobRow, "status" | "sentAt" | "acceptedAt" | "cancelRequestedAt" | "closedBy">;

export function phaseOf(job: LifeFacts | null): Phase {
  if (job === null) return "absent";
  const { status, sentAt, acceptedAt, closedBy } = job;
  if (isFinal(status)) {
    if (closedBy !== "server") return "ended";
    return status === "cancelled" ? "called_off" : "given_up";
  }
  if (status === "running") return "running";
  if (acceptedAt !== null) return "accepted";
  return sentAt === null ? "waiting" : "sent";
}

const nothing: Step = { does: "nothing" };
const adopt: Step = { does: "adopt" };
const ask: Step = { does: "ask" };
const refuse: Step = { does: "refuse" };
const callOff: Step = { does: "call_off" };
const reported: Step = { does: "end_as_reported" };
const move = (to: OpenPhase): Step => ({ does: "move", to });
const failed = (code: ErrorCode): Step => ({ does: "end", as: { status: "failed", code } });
const cancelled: Step = { does: "end", as: { status: "cancelled", code: null } };

/** A job that someone wanted to cancel ends as cancelled instead of waiting or failing. */
const unlessCancelled = (plain: Step) => ({ plain, cancelling: cancelled });

type Rule = Step | { plain: Step; cancelling: Step };

const TABLE: Record<Phase, Record<JobEvent, Rule>> = {
  absent: {
    unplanned: nothing,
    sent: nothing,
    busy: nothing,
    accepted: adopt,
    started: adopt,
    finished: adopt,
    cancel: refuse,
    unknown: nothing,
    expired: nothing,
    vanished: nothing,
    archived: nothing,
  },
  waiting: {
    unplanned: unlessCancelled(failed("retention_held")),
    sent: move("sent"),
    busy: nothing,
    accepted: move("accepted"),
    started: move("running"),
    finished: reported,
    cancel: cancelled,
    unknown: unlessCancelled(nothing),
    expired: unlessCancelled(failed("expired")),
    vanished: unlessCancelled(nothing),
    archived: cancelled,
  },
  sent: {
    unplanned: unlessCancelled(failed("retention_held")),
    sent: nothing,
    busy: unlessCancelled(move("waiting")),
    accepted: move("accepted"),
    started: move("running"),
    finished: reported,
    cancel: ask,
    unknown: unlessCancelled(move("waiting")),
    expired: unlessCancelled(failed("expired")),
    // The host may still have it waiting, so only its expiry ends it.
    vanished: nothing,
    archived: cancelled,
  },
  accepted: {
    unplanned: nothing,
    sent: nothing,
    busy: nothing,
    accepted: nothing,
    started: move("running"),
    finished: reported,
    cancel: ask,
    unknown: unlessCancelled(failed("agent_lost_job")),
    // The host ends it when its turn comes.
    expired: nothing,
    vanished: unlessCancelled(failed("host_vanished")),
    // A running job is given up when the host stays silent.
    archived: nothing,
  },
  running: {
    unplanned: nothing,
    sent: nothing,
    busy: nothing,
    accepted: nothing,
    started: nothing,
    finished: reported,
    cancel: ask,
    unknown: unlessCancelled(failed("agent_lost_job")),
    expired: nothing,
    vanished: unlessCancelled(failed("host_vanished")),
    archived: nothing,
  },
  given_up: {
    unplanned: nothing,
    sent: nothing,
    busy: nothing,
    accepted: nothing,
    started: nothing,
    finished: reported,
    cancel: refuse,
    unknown: nothing,
    expired: nothing,
    vanished: nothing,
    archived: nothing,
  },
  called_off: {
    unplanned: nothing,
    sent: nothing,
    busy: nothing,
    accepted: callOff,
    started: callOff,
    finished: reported,
    cancel: refuse,
    unknown: nothing,
    expired: nothing,
    vanished: nothing,
    archived: nothing,
  },
  ended: {
    unplanned: nothing,
    sent: nothing,
    busy: nothing,
    accepted: nothing,
    started: nothing,
    finished: nothing,
    cancel: refuse,
    unknown: nothing,
    expired: nothing,
    vanished: nothing,
    archived: nothing,
  },
};

export function nextStep(job: LifeFacts | null, event: JobEvent): Step {
  const rule = TABLE[phaseOf(job)][event];
  if ("does" in rule) return rule;
  return job === null || job.cancelRequestedAt === null ? rule.plain : rule.cancelling;
}

/** The message that the host needs about a job that has not ended, sent repeatedly until its answer changes the phase. */
export function messageFor(job: LifeFacts): "order" | "cancel" | null {
  const isCancelling = job.cancelRequestedAt !== null;
  switch (phaseOf(job)) {
    case "waiting":
      return isCancelling ? null : "order";
    case "sent":
      return isCancelling ? "cancel" : "order";
    case "accepted":
    case "running":
      return isCancelling ? "cancel" : null;
    default:
      return null;
  }
}

/** Two of these requested while one is running would give the same result, so its end serves both. */
const SERVES_WHILE_HELD: ReadonlySet<JobKind> = new Set(["backup", "probe"]);

/** Whether this job also serves a new request for the same thing. */
export function servesNewOrder(job: LifeFacts & Pick<JobRow, "kind">): boolean {
  if (job.cancelRequestedAt !== null) return false;
  switch (phaseOf(job)) {
    case "waiting":
    case "sent":
      return true;
    case "accepted":
    case "running":
      return SERVES_WHILE_HELD.has(job.kind);
    default:
      return false;
  }
}

/** The columns that a step changes. @param reported columns that the event provides */
export function changesOf(
  job: LifeFacts,
  step: Step,
  at: number,
  reported: Partial<JobRow> = {},
): Partial<JobRow> | null {
  switch (step.does) {
    case "move":
      return { ...MOVED[step.to](job, at), ...reported };
    case "ask":
      return { cancelRequestedAt: job.cancelRequestedAt ?? at };
    case "end": {
      const { status, code } = step.as;
      const errorMessage = code === null ? null : (WORDS[code] ?? null);
      const end = {
        status,
        finishedAt: at,
        receivedAt: at,
        closedBy: "server" as const,
        errorCode: code,
        errorMessage,
      };
      return status === "cancelled" ? { ...end, cancelRequestedAt: job.cancelRequestedAt ?? at } : end;
    }
    case "end_as_reported":
      return reported;
    default:
      return null;
  }
}

/** The columns of an adopted job. */
export function adopted(at: number): Pick<JobRow, "status" | "acceptedAt"> {
  return { status: "queued", acceptedAt: at };
}

const MOVED: Record<OpenPhase, (job: LifeFacts, at: number) => Partial<JobRow>> = {
  waiting: () => ({ sentAt: null }),
  sent: (_job, at) => ({ sentAt: at }),
  accepted: (_job, at) => ({ acceptedAt: at }),
  running: ({ acceptedAt }, at) => ({ status: "running", startedAt: at, acceptedAt: acceptedAt ?? at }),
};

const WORDS: Partial<Record<ErrorCode, string>> = {
  retention_held:
    "No source group has a retention policy that can be applied now: each one awaits confirmation on its group's page, or keeps everything.",
  expired: "The host did not accept this job in time, so it expired. Run it again when the host is back online.",
  agent_lost_job: "The agent no longer knows this job because its state was lost. Run it again.",
  host_vanished:
    "The host has been offline for too long, so the result of this job is unknown. It will be corrected if the host returns.",
};

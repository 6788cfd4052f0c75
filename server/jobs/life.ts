/** The life of a job as one table: the phases of its row, what may happen in each, and what follows. Pure. */
import type { JobRow } from "../../db/schema/jobs.ts";
import { type ErrorCode, isFinal, type JobKind } from "../../shared/jobs.ts";

export type Phase =
  /** The server has no row: the host began it by itself, or the database was set back. */
  | "absent"
  /** The host holds nothing of it: it was never sent, or was refused as busy. */
  | "waiting"
  /** Its order went out; whether the host holds it is not known. */
  | "sent"
  /** The host holds it, and has not started it. */
  | "accepted"
  | "running"
  /** The server has given it up; a report from the host replaces that. */
  | "judged"
  /** The server has ended it as cancelled; should the host hold it after all, it must stop it. */
  | "called_off"
  /** The host has reported the end. */
  | "ended";
type OpenPhase = "waiting" | "sent" | "accepted" | "running";

export type JobEvent =
  /** Nothing of what it was ordered for may be carried out any more. */
  | "unplanned"
  /** The order goes out to the host. */
  | "sent"
  /** The host cannot start it at once and has stored nothing of it. */
  | "busy"
  | "accepted"
  | "started"
  /** The host reports the end. */
  | "finished"
  /** Somebody wants it to end. */
  | "cancel"
  /** The host has caught up and does not hold it. */
  | "unknown"
  /** Its time is over. */
  | "expired"
  /** The host has not been heard of for too long. */
  | "vanished"
  /** The host was archived: it takes no orders any more. */
  | "archived";

/** How the server ends a job by itself. */
export type Verdict = { status: "cancelled"; code: null } | { status: "failed"; code: ErrorCode };

export type Step =
  | { does: "nothing" }
  /** A row is made from what the host says, as an accepted job; then the event counts for it. */
  | { does: "adopt" }
  | { does: "move"; to: OpenPhase }
  /** Written down; the host is asked to end it. */
  | { does: "ask" }
  | { does: "end"; as: Verdict }
  /** The host's report is the end. */
  | { does: "end_as_reported" }
  /** The host holds what the server has cancelled: it is told again. */
  | { does: "call_off" }
  /** Not possible any more. */
  | { does: "refuse" };

export type LifeFacts = Pick<JobRow, "status" | "sentAt" | "acceptedAt" | "cancelRequestedAt" | "closedBy">;

export function phaseOf(job: LifeFacts | null): Phase {
  if (job === null) return "absent";
  const { status, sentAt, acceptedAt, closedBy } = job;
  if (isFinal(status)) {
    if (closedBy !== "server") return "ended";
    return status === "cancelled" ? "called_off" : "judged";
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

/** What somebody wanted cancelled ends as cancelled where it would otherwise wait or fail. */
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
    // It may lie on the host, waiting to run: only its expiry ends that.
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
    // What runs there is given up with the host's silence.
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
  judged: {
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

/** What the host must hear about a job that has not ended, again and again until its answer changes the phase. */
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

/** Two that are asked for while one runs would find the same: its end serves both. */
const SERVES_WHILE_HELD: ReadonlySet<JobKind> = new Set(["backup", "probe"]);

/** Whether the job serves somebody who asks for the same now, instead of a new one. */
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

/** The columns that a step changes. @param reported what the event brings along */
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

/** The columns of a job that is adopted. */
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
    "No source group has a retention that may be carried out now: it waits to be confirmed on the page of the group, or keeps everything.",
  expired: "The host did not take this job in time, so it expired. Run it again when the host is back.",
  agent_lost_job: "The agent no longer knows this job; its state was lost. Run it again.",
  host_vanished:
    "The host has not been heard of for a long time; what became of this job is unknown. It corrects itself if the host returns.",
};

/** Decides which maintenance a repo needs now, and why other maintenance is not due or blocked. Pure. */

import type { JobStatus } from "../../shared/jobs.ts";
import type { MaintenanceBlock, MaintenanceKind } from "../../shared/maintenance.ts";
import { MINUTE_MS } from "../../shared/time/clock.ts";
import type { DueTimes } from "./due-times.ts";
import type { DeleteRight, ForgetState } from "./rules.ts";

/** A host that has just come back catches up on its backups first. */
export const AFTER_RETURN_MS = 15 * MINUTE_MS;

/** The newest job of a kind, on any host that shares the repository. */
export type LastJob = { queuedAt: number; status: JobStatus };

export type MaintenanceFacts = {
  isReady: boolean;
  isEnabled: boolean;
  /** Of several repos that share a repository, only one maintains it. */
  isMaintainer: boolean;
  /** The host that should do it is archived, and an admin must choose another. */
  isExecutorGone: boolean;
  right: DeleteRight;
  isDeletionHeld: boolean;
  forgets: ForgetState;
  /** Due times before this do not count: when the repo was created, or its settings took effect. */
  since: number;
  /** Since when the executing host has been connected. null = it is offline. */
  onlineSince: number | null;
  /** null = never automatically. */
  dueTimes: Record<MaintenanceKind, DueTimes | null>;
};

export type Decision =
  | { is: "due"; dueAt: number }
  | { is: "later"; nextAt: number }
  /** `dueAt` is null when it is not even due. `until` is set when time alone will end the block. */
  | { is: "blocked"; why: MaintenanceBlock; dueAt: number | null; until?: number };

export type Decisions = Record<MaintenanceKind, Decision>;

/** Queued and running jobs count as done, so that nothing is ordered twice. */
export function decide(now: number, facts: MaintenanceFacts, last: Record<MaintenanceKind, LastJob | null>): Decisions {
  const forget = decideOne(now, "forget", facts, last.forget);
  const prune = decideOne(now, "prune", facts, last.prune);
  return {
    forget,
    prune: prune.is === "due" && isForgetFirst(forget, last.forget, prune.dueAt) ? waits(prune.dueAt) : prune,
    check: decideOne(now, "check", facts, last.check),
  };
}

function decideOne(now: number, kind: MaintenanceKind, facts: MaintenanceFacts, last: LastJob | null): Decision {
  const standing = standingBlock(kind, facts);
  const times = facts.dueTimes[kind];
  if (standing !== null || times === null) return { is: "blocked", why: standing ?? "off", dueAt: null };
  const dueAt = times.lastAt;
  const isOpen = last !== null && (last.status === "queued" || last.status === "running");
  if (isOpen) return { is: "blocked", why: "under_way", dueAt: null };
  if (dueAt <= Math.max(facts.since, last?.queuedAt ?? Number.NEGATIVE_INFINITY))
    return { is: "later", nextAt: times.nextAt };
  if (facts.onlineSince === null) return { is: "blocked", why: "offline", dueAt };
  // A host that was already online at the due time need not wait.
  if (facts.onlineSince > dueAt && now - facts.onlineSince < AFTER_RETURN_MS)
    return { is: "blocked", why: "just_returned", dueAt, until: facts.onlineSince + AFTER_RETURN_MS };
  return { is: "due", dueAt };
}

const FORGET_BLOCKS: Record<ForgetState, MaintenanceBlock | null> = {
  some: null,
  held: "retention_held",
  not_listed: "not_listed",
  keeps_everything: "keeps_everything",
  saved_nothing: "saved_nothing",
  no_groups: "no_groups",
};

/** A block that does not depend on time. */
function standingBlock(kind: MaintenanceKind, facts: MaintenanceFacts): MaintenanceBlock | null {
  if (!facts.isEnabled) return "disabled";
  if (facts.dueTimes[kind] === null) return "off";
  if (facts.isExecutorGone) return "host_archived";
  if (!facts.isReady) return "not_ready";
  if (!facts.isMaintainer) return "other_maintains";
  if (kind === "check") return null;
  if (facts.isDeletionHeld) return "deletion_held";
  if (facts.right === "none") return "no_admin_credential";
  return kind === "forget" ? FORGET_BLOCKS[facts.forgets] : null;
}

/** Prune frees what forget has removed, so it waits for a forget that is due or running. After a failed forget there is nothing to free. */
function isForgetFirst(forget: Decision, last: LastJob | null, pruneDueAt: number): boolean {
  if (forget.is === "due") return true;
  if (forget.is === "blocked" && (forget.why === "under_way" || forget.why === "just_returned")) return true;
  return last !== null && last.status === "failed" && last.queuedAt >= pruneDueAt;
}

function waits(dueAt: number): Decision {
  return { is: "blocked", why: "after_forget", dueAt };
}

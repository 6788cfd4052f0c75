/** Builds the `repo.status` messages that jobs and follow-ups send. */
import type { ErrorCode } from "../../../shared/jobs.ts";
import type { AppendOnly } from "../../../shared/repos.ts";
import type { DurableMessage } from "../../outbox/outbox.ts";
import type { LockList } from "../../restic/locks.ts";
import { clip } from "../../words.ts";

export type ReadyFacts = {
  resticId: string;
  formatVersion: number;
  appendOnly: AppendOnly;
  locks: LockList | null;
};

export function readyMessage(repoId: string, facts: ReadyFacts, now: number): DurableMessage {
  return {
    type: "repo.status",
    payload: {
      repo_id: repoId,
      status: "ready",
      status_code: null,
      status_message: null,
      restic_id: facts.resticId,
      format_version: facts.formatVersion,
      append_only: facts.appendOnly,
      checked_at: now,
      locks: facts.locks?.locks ?? null,
      ...(facts.locks ? { lock_files: facts.locks.files } : {}),
    },
  };
}

/** Facts not known in this state (`append_only`, identity, locks) are sent as unknown, which changes nothing. */
export function statusMessage(
  repoId: string,
  status: "waiting" | "failed",
  error: { code: ErrorCode; message: string },
  now: number,
): DurableMessage {
  return {
    type: "repo.status",
    payload: {
      repo_id: repoId,
      status,
      status_code: error.code,
      status_message: clip(error.message, 1000),
      restic_id: null,
      format_version: null,
      append_only: "unknown",
      checked_at: now,
      locks: null,
    },
  };
}

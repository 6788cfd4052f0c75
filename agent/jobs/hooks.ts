/** Runs the shell scripts around backups: in their own process group or unit, for at most an hour, with output in the job's log. */
import { homedir } from "node:os";
import { basename } from "node:path";
import type { Log } from "../../shared/log.ts";
import type { JobFields } from "../../shared/protocol/fields.ts";
import { isDiskTrouble } from "../../shared/sqlite-errors.ts";
import { HOUR_MS, MINUTE_MS } from "../../shared/time/clock.ts";
import type { Platform } from "../machine/platform.ts";
import type { Outside } from "../restic/outside.ts";
import { runProcess } from "../restic/run.ts";
import type { DesiredStateHolder } from "../state/desired-state.ts";
import type { Store } from "../store/store.ts";
import { countOf } from "../words.ts";
import type { JobLog } from "./log.ts";

export type HookCall = {
  when: "pre" | "post";
  script: string;
  job: Pick<JobFields, "job_id" | "kind" | "source_group_id">;
  groupName: string;
  repoName: string;
  /** post only */
  status: string | null;
  snapshotId: string | null;
};

/** `ok`, or how it ended in words. */
export type HookEnd = { ok: true } | { ok: false; words: string };

export type Hooks = ReturnType<typeof createHooks>;

type Options = {
  store: Store;
  /** Writes to disk at once, or as soon as a full disk has space. */
  writeWhenPossible(work: () => void): void;
  state: DesiredStateHolder;
  /** `allow_hooks` of agent.yaml */
  allowed: boolean;
  outside: Outside;
  os: Platform["os"];
  childBase: Record<string, string>;
  limitMs: number;
  killAfterMs: number;
  log: Log;
};

/** Enough to run the post hook after the agent was killed between the hooks. */
export type Interrupted = { groupId: string; groupName: string; repoName: string };

export function createHooks(options: Options) {
  const { store, state } = options;
  /** Cleared, although a full disk still keeps the note: a write can fail even after its statements ran. */
  const cleared = new Set<string>();

  async function run(call: HookCall, log: Pick<JobLog, "stdout" | "stderr">, signal: AbortSignal): Promise<HookEnd> {
    const limit = AbortSignal.timeout(options.limitMs);
    const name = `hook(${call.when})`;
    const end = await runProcess({
      command: [...shellArgv(state.hookShell(), options.os), call.script],
      env: { ...options.childBase, HOME: options.childBase.HOME ?? homedir(), ...environmentOf(call) },
      signal: AbortSignal.any([signal, limit]),
      killAfterMs: options.killAfterMs,
      lowPriority: false,
      // A post hook must undo what the pre hook did, even while the agent's unit is being stopped.
      outside: options.outside.unit(`${call.job.job_id}-${call.when}`, call.when === "pre"),
      onStdout: (line) => log.stdout(`${name}: ${line}`),
      onStderr: (line) => log.stderr(`${name}: ${line}`),
    });
    if (!end.started) return { ok: false, words: `it could not be started (${end.problem})` };
    if (limit.aborted && !signal.aborted)
      return { ok: false, words: `it was stopped after ${limitInWords(options.limitMs)}` };
    if (end.code === 0) return { ok: true };
    return { ok: false, words: end.code === null ? "it was killed by a signal" : `it exited with code ${end.code}` };
  }

  return {
    allowed: options.allowed && options.outside.possible,
    run,
    /** From now on the post hook will run, whatever happens to this process. False when the disk is too full to record it. */
    markPending(jobId: string, interrupted: Interrupted): boolean {
      try {
        store.notes.set(`post_hook_due:${jobId}`, JSON.stringify(interrupted));
        return true;
      } catch (error) {
        if (!isDiskTrouble(error)) throw error;
        return false;
      }
    },
    /** Never fails a finished job: what a full disk refuses now is written later. */
    clearPending(jobId: string): void {
      cleared.add(jobId);
      options.writeWhenPossible(() => store.notes.delete(`post_hook_due:${jobId}`));
    },
    /** Jobs whose post hook is still pending. */
    listPending(): { jobId: string; note: string }[] {
      const noted = store.notes.listByPrefix("post_hook_due:");
      for (const jobId of cleared) if (!noted.some(({ id }) => id === jobId)) cleared.delete(jobId);
      return noted.filter(({ id }) => !cleared.has(id)).map(({ id, value }) => ({ jobId: id, note: value }));
    },
  };
}

/** A shell and the option before the script text. @param chosen the host's `hook_shell`, with or without arguments */
export function shellArgv(chosen: string | null, os: Platform["os"]): string[] {
  const words = chosen?.trim().split(/\s+/).filter(Boolean) ?? [];
  if (words.length === 0) return os === "windows" ? ["cmd.exe", "/C"] : ["/bin/sh", "-c"];
  if (words.length > 1) return words;
  const name = basename(words[0]!.replaceAll("\\", "/"))
    .toLowerCase()
    .replace(/\.exe$/, "");
  if (name === "cmd") return [...words, "/C"];
  return [...words, ...(name === "powershell" || name === "pwsh" ? ["-NoProfile", "-Command"] : ["-c"])];
}

function environmentOf({ job, groupName, repoName, status, snapshotId }: HookCall): Record<string, string> {
  return {
    RM_JOB_ID: job.job_id,
    RM_JOB_KIND: job.kind,
    RM_SOURCE_GROUP: groupName,
    RM_REPO: repoName,
    ...(status === null ? {} : { RM_JOB_STATUS: status }),
    ...(snapshotId === null ? {} : { RM_SNAPSHOT_ID: snapshotId }),
  };
}

function limitInWords(ms: number): string {
  return ms >= HOUR_MS ? countOf(Math.round(ms / HOUR_MS), "hour") : `${Math.ceil(ms / MINUTE_MS)} min`;
}

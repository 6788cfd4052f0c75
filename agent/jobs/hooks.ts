/** Runs the shell text around backups: own process group or unit, its output in the job's log, at most an hour. */
import { homedir } from "node:os";
import { basename } from "node:path";
import { HOUR_MS, MINUTE_MS } from "../../shared/clock.ts";
import type { Log } from "../../shared/log.ts";
import type { JobFields } from "../../shared/protocol/fields.ts";
import type { Platform } from "../machine/platform.ts";
import type { Outside } from "../restic/outside.ts";
import { runProcess } from "../restic/run.ts";
import type { DesiredStateHolder } from "../state/desired-state.ts";
import { isDiskTrouble } from "../store/open.ts";
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

/** `ok`, or in words how it ended. */
export type HookEnd = { ok: true } | { ok: false; words: string };

export type Hooks = ReturnType<typeof createHooks>;

type Options = {
  store: Store;
  /** Writes to the disk at once, or as soon as a full disk has room. */
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

/** Enough to run the post hook after the agent was killed in between. */
export type Interrupted = { groupId: string; groupName: string; repoName: string };

export function createHooks(options: Options) {
  const { store, state } = options;
  /** Settled, though a full disk still holds the note. */
  const settled = new Set<string>();

  async function run(call: HookCall, log: Pick<JobLog, "stdout" | "stderr">, signal: AbortSignal): Promise<HookEnd> {
    const limit = AbortSignal.timeout(options.limitMs);
    const name = `hook(${call.when})`;
    const end = await runProcess({
      command: [...shellArgv(state.hookShell(), options.os), call.script],
      env: { ...options.childBase, HOME: options.childBase.HOME ?? homedir(), ...environmentOf(call) },
      signal: AbortSignal.any([signal, limit]),
      killAfterMs: options.killAfterMs,
      lowPriority: false,
      // A post hook sets right what the pre hook did, also while the agent's unit is being stopped.
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
    /** From now on the post hook is owed, whatever happens to this process. False when a full disk does not take the note. */
    owe(jobId: string, interrupted: Interrupted): boolean {
      try {
        store.notes.set(`post_hook_due:${jobId}`, JSON.stringify(interrupted));
        return true;
      } catch (error) {
        if (!isDiskTrouble(error)) throw error;
        return false;
      }
    },
    /** Never fails a job that is done: what a full disk does not take now it takes later. */
    settle(jobId: string): void {
      settled.add(jobId);
      options.writeWhenPossible(() => {
        store.notes.delete(`post_hook_due:${jobId}`);
        settled.delete(jobId);
      });
    },
    /** Jobs whose post hook is still owed. */
    listOwed: (): { jobId: string; note: string }[] =>
      store.notes
        .listByPrefix("post_hook_due:")
        .filter(({ id }) => !settled.has(id))
        .map(({ id, value }) => ({ jobId: id, note: value })),
  };
}

/** A shell and the switch before the text that it is to run. @param chosen the host's `hook_shell`, with arguments or without */
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

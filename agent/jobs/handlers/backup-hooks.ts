/** Runs the hooks around a backup. A failed pre hook stops it; a post hook always follows a pre hook that was started. */
import type { DesiredSourceGroup } from "../../../shared/protocol/to-agent.ts";
import { causeOf } from "../../../shared/warnings.ts";
import type { HookCall } from "../hooks.ts";
import { cancelled, failed, type HandlerDeps, type JobContext, type Verdict } from "./handler.ts";

/** Runs `work` between the group's hooks, if it has any. */
export async function betweenHooks(
  context: JobContext,
  { state, hooks }: Pick<HandlerDeps, "state" | "hooks">,
  group: DesiredSourceGroup,
  work: () => Promise<Verdict>,
): Promise<Verdict> {
  const { pre, post } = state.hooksOf(group.id);
  if (pre === null && post === null) return await work();
  if (!hooks.allowed) {
    return failed(
      "refused_by_host",
      "This source group has a hook, but this host does not allow hooks: set allow_hooks in agent.yaml, or remove the hook",
    );
  }
  const { job, access, log, signal, progress } = context;
  const call = { job, groupName: group.name, repoName: access.name };
  const isRecorded = hooks.markPending(job.job_id, { groupId: group.id, groupName: group.name, repoName: access.name });
  // A post hook restarts what the pre hook stopped, even if this process is killed in between, so it must be recorded first.
  if (!isRecorded && pre !== null && post !== null) {
    return failed(
      "pre_hook_failed",
      "The pre hook was not run: the disk with the agent's state folder is full, so the post hook could not be recorded. Free up space, then run the backup again",
    );
  }
  let verdict: Verdict | null = null;
  if (pre !== null) {
    progress.phase("pre hook");
    verdict = await runPre({ ...call, when: "pre", script: pre, status: null, snapshotId: null });
  }
  let thrown: { error: unknown } | null = null;
  try {
    verdict ??= await work();
  } catch (error) {
    // The post hook must restart what the pre hook stopped, even after an error in the agent.
    thrown = { error };
    verdict = failed("internal", String(error));
  }
  if (post !== null) {
    progress.phase("post hook");
    const snapshotId = typeof verdict.stats?.snapshot_id === "string" ? verdict.stats.snapshot_id : null;
    verdict = await runPost({ ...call, when: "post", script: post, status: verdict.end, snapshotId }, verdict);
  }
  hooks.clearPending(job.job_id);
  if (thrown) throw thrown.error;
  return verdict;

  async function runPre(hook: HookCall): Promise<Verdict | null> {
    log.event("Running the pre hook");
    const end = await hooks.run(hook, log, signal);
    if (signal.aborted) return cancelled();
    if (end.ok) return null;
    return failed(
      "pre_hook_failed",
      `The pre hook failed: ${end.words}. Nothing was backed up. Its output is in the log`,
    );
  }

  /** Ignores the job's signal: a cancelled backup must leave the machine as it was, too. */
  async function runPost(hook: HookCall, before: Verdict): Promise<Verdict> {
    log.event("Running the post hook");
    const end = await hooks.run(hook, log, new AbortController().signal);
    if (end.ok) return before;
    log.stderr(`The post hook failed: ${end.words}`);
    return { ...before, causes: [...before.causes, ...causeOf("post_hook_failed", [], 1)] };
  }
}

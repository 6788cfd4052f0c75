/** probe: does the repository exist, is it the expected one, does its password work, and is it really append-only? */
import { askLocks } from "../../restic/locks.ts";
import { askConfig } from "../../restic/survey.ts";
import { countOf } from "../../words.ts";
import { approach } from "./approach.ts";
import {
  cancelled,
  failed,
  type Handler,
  type HandlerDeps,
  type JobContext,
  type Later,
  succeeded,
  type Verdict,
} from "./handler.ts";
import { readyMessage, statusMessage } from "./repo-status.ts";
import { otherRepoInWords } from "./same-repo.ts";

export const probe: Handler = async (context, deps) => {
  if (context.order.kind !== "probe") throw new Error("not a probe");
  const { args } = context.order;
  const verdict = await examineRepo(context, deps, args.restic_id);
  if (args.trial) return { ...verdict, messages: [], due: [] };
  if (verdict.error?.code === "repo_missing" && args.restic_id === null) return nothingYet(context, verdict);
  // Only on a REST server may the user still have to be added; cloud keys are either right or wrong.
  if (verdict.error?.code === "unauthorised" && context.access.kind === "rest")
    return waitOrEnd(context, deps, args.wait_ms, verdict);
  return verdict;
};

/** Everything that a probe finds out, with the `repo.status` that reports it. @param expectedId null accepts any. */
export async function examineRepo(context: JobContext, deps: HandlerDeps, expectedId: string | null): Promise<Verdict> {
  const refused = await approach(context, deps);
  if (refused) return withStatus(context, deps, refused);
  const found = await askConfig((order) => context.restic(order, { capture: true }));
  if (found.is === "stopped") return cancelled(found.exitCode);
  if (found.is === "failed") {
    return withStatus(context, deps, failed(found.code, found.message, { exitCode: found.exitCode }));
  }
  const { resticId, formatVersion } = found.value;
  context.log.event(`Repository ${resticId.slice(0, 10)} opened (format ${formatVersion})`);
  if (expectedId !== null && expectedId !== resticId) {
    return withStatus(context, deps, failed("wrong_repo", otherRepoInWords(resticId, expectedId)));
  }
  const appendOnly = await deps.proveAppendOnly(context.access, context.signal);
  context.log.event(PROOF_IN_WORDS[appendOnly]);
  const locks = await askLocks((order) => context.restic(order, { capture: true }));
  if (context.signal.aborted) return cancelled();
  if (locks && locks.files > 0) context.log.event(`${countOf(locks.files, "lock file")} in the repository`);
  const message = readyMessage(context.access.repoId, { resticId, formatVersion, appendOnly, locks }, deps.clock.now());
  const stats = { restic_id: resticId, append_only: appendOnly, format_version: formatVersion };
  return succeeded({ stats, messages: [message], due: ["snapshots", "stats"] });
}

const PROOF_IN_WORDS = {
  proven: "Append-only: the repo server does not let this credential delete",
  violated: "Not append-only: anyone who steals this credential could delete backups",
  unknown: "Could not find out whether this credential may delete",
  not_applicable: "Only a REST server can be append-only: anyone who steals this credential could delete backups",
} as const;

function withStatus(context: JobContext, deps: HandlerDeps, verdict: Verdict): Verdict {
  if (verdict.error === null) return verdict;
  return { ...verdict, messages: [statusMessage(context.access.repoId, "failed", verdict.error, deps.clock.now())] };
}

/** For a repo that was never ready this is an answer, not a failure: the server decides whether to create it. */
function nothingYet(context: JobContext, { messages, exitCode }: Verdict): Verdict {
  context.log.event("There is no repository at this address yet");
  return { ...succeeded({ stats: { is_missing: true }, messages, due: [] }), exitCode };
}

/** A new repo's user may not exist on the repo server yet: tries again later without blocking other jobs. */
function waitOrEnd(context: JobContext, deps: HandlerDeps, waitMs: number, verdict: Verdict): Verdict | Later {
  const now = deps.clock.now();
  if (now + deps.probeAgainMs > context.startedAt + waitMs) return verdict;
  if (context.tries === 0) {
    const message =
      "The repo server does not know this host's user yet: add the htpasswd line there. The agent retries by itself";
    context.emit([statusMessage(context.access.repoId, "waiting", { code: "unauthorised", message }, now)]);
    context.log.event(message);
  }
  return { end: "later", afterMs: deps.probeAgainMs };
}

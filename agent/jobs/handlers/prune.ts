/** prune: deletes data that no snapshot uses, then reports the snapshots and sizes again. */

import type { DurableMessage } from "../../outbox/outbox.ts";
import { createPruneReport } from "../../restic/prune-output.ts";
import { reportMessages } from "../../restic/snapshot-row.ts";
import { askSnapshots, askStats } from "../../restic/survey.ts";
import { bytesInWords } from "../../words.ts";
import { type Handler, type HandlerDeps, type JobContext, succeeded, verdictOfEnd } from "./handler.ts";
import { rateLimits } from "./rate-limits.ts";
import { openSameRepo } from "./same-repo.ts";

export const prune: Handler = async (context, deps) => {
  if (context.order.kind !== "prune") throw new Error("not a prune");
  const refused = await openSameRepo(context, deps, context.order.args.restic_id);
  if (refused) return refused;
  const report = createPruneReport();
  context.progress.phase("pruning");
  const result = await context.restic(
    { do: "prune", ...rateLimits(deps, null) },
    {
      onLine(line, stream) {
        if (line.is === "exit_error") return context.log.stderr(line.exitError.message.trim());
        if (!("text" in line) || line.text.trim() === "") return;
        if (stream === "stderr") return context.log.stderr(line.text);
        const read = report.line(line.text);
        if (read.is === "phase") context.progress.phase(read.phase);
        if (read.is !== "progress") context.log.stdout(line.text);
      },
    },
  );
  const failure = verdictOfEnd(result);
  if (failure) return { ...failure, stats: report.stats() };
  const freed = report.stats().freed_bytes;
  if (typeof freed === "number") context.log.event(`${bytesInWords(freed)} freed`);
  return succeeded({ stats: report.stats(), messages: await measured(context, deps) });
};

/** A failure here does not fail the prune: the next job reports them. */
async function measured(context: JobContext, deps: HandlerDeps): Promise<DurableMessage[]> {
  context.progress.phase("measuring");
  const ask = (order: Parameters<typeof context.restic>[0]) => context.restic(order, { capture: true });
  const takenAt = deps.clock.now();
  const listed = await askSnapshots(ask, null);
  if (listed.is !== "ok") return [];
  const report = reportMessages(context.access.repoId, listed.value, takenAt);
  const sizes = await askStats(ask, context.access.repoId, listed.value.rows, takenAt);
  return sizes.is === "ok" ? [...report, { type: "repo.stats", payload: sizes.value }] : report;
}

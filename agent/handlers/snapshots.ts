/** snapshots: the complete list of a repository's snapshots. */
import { reportMessages } from "../restic/snapshot-row.ts";
import { askSnapshots } from "../restic/survey.ts";
import { countOf } from "../words.ts";
import { approach } from "./approach.ts";
import { cancelled, failed, type Handler, succeeded } from "./handler.ts";

export const snapshots: Handler = async (context, deps) => {
  const refused = await approach(context, deps);
  if (refused) return refused;
  const takenAt = deps.clock.now();
  const found = await askSnapshots((order) => context.restic(order, { capture: true }), null);
  if (found.is === "stopped") return cancelled(found.exitCode);
  if (found.is === "failed") return failed(found.code, found.message, { exitCode: found.exitCode });
  context.log.event(`${countOf(found.value.length, "snapshot")} in the repository`);
  return succeeded({
    stats: { snapshot_count: found.value.length },
    messages: reportMessages(context.access.repoId, found.value, takenAt),
  });
};

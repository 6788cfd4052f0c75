/** snapshots: lists all snapshots of a repository. */

import type { WarningCause } from "../../../shared/protocol/fields.ts";
import { causeOf } from "../../../shared/warnings.ts";
import { DAMAGED_SNAPSHOT } from "../../restic/damage.ts";
import { reportMessages } from "../../restic/snapshot-row.ts";
import { askSnapshots, type SnapshotList } from "../../restic/survey.ts";
import { countOf } from "../../words.ts";
import { approach } from "./approach.ts";
import { cancelled, failed, type Handler, type JobContext, succeeded, type Verdict } from "./handler.ts";

export const snapshots: Handler = async (context, deps) => {
  const refused = await approach(context, deps);
  if (refused) return refused;
  const takenAt = deps.clock.now();
  const list = await listSnapshots(context);
  if ("end" in list) return list;
  context.log.event(`${countOf(list.rows.length, "snapshot")} in the repository`);
  return succeeded({
    stats: { snapshot_count: list.rows.length },
    messages: reportMessages(context.access.repoId, list, takenAt),
    ...unreadWarning(list),
  });
};

/** The complete list, logging what could not be read; or how the job ends. */
export async function listSnapshots(context: JobContext): Promise<SnapshotList | Verdict> {
  const found = await askSnapshots((order) => context.restic(order, { capture: true }), null);
  if (found.is === "stopped") return cancelled(found.exitCode);
  if (found.is === "failed") return failed(found.code, found.message, { exitCode: found.exitCode });
  const { unreadable } = found.value;
  for (const id of unreadable) context.log.stderr(`Snapshot ${id} cannot be read`);
  if (unreadable.length > 0) context.log.event(DAMAGED_SNAPSHOT);
  return found.value;
}

export function unreadWarning({ unreadable }: SnapshotList): { causes: WarningCause[] } {
  return { causes: causeOf("snapshot_unreadable", unreadable) };
}

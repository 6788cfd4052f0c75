/** stats: how much data a repository stores, and how much a restore would write. */
import { reportMessages } from "../../restic/snapshot-row.ts";
import { askStats } from "../../restic/survey.ts";
import { bytesInWords, countOf } from "../../words.ts";
import { approach } from "./approach.ts";
import { cancelled, failed, type Handler, succeeded } from "./handler.ts";
import { listSnapshots, unreadWarning } from "./snapshots.ts";

export const stats: Handler = async (context, deps) => {
  const refused = await approach(context, deps);
  if (refused) return refused;
  const ask = (order: Parameters<typeof context.restic>[0]) => context.restic(order, { capture: true });
  const takenAt = deps.clock.now();
  const list = await listSnapshots(context);
  if ("end" in list) return list;
  context.progress.phase("measuring");
  const measured = await askStats(ask, context.access.repoId, list.rows, takenAt);
  if (measured.is === "stopped") return cancelled(measured.exitCode);
  if (measured.is === "failed") return failed(measured.code, measured.message, { exitCode: measured.exitCode });
  const size = measured.value.size_bytes;
  context.log.event(
    `${countOf(list.rows.length, "snapshot")}, ${size === null ? "size unknown" : bytesInWords(size)} stored`,
  );
  return succeeded({
    stats: { size_bytes: size, snapshot_count: list.rows.length },
    messages: [
      ...reportMessages(context.access.repoId, list, takenAt),
      { type: "repo.stats", payload: measured.value },
    ],
    ...unreadWarning(list),
  });
};

/** The statistics of a forget job: how many snapshots were removed and kept, and which. Pure. */
import type { JobStats, StatsRow } from "../../../shared/protocol/fields.ts";
import type { ForgetGroup } from "../../../shared/protocol/to-agent.ts";
import type { JudgedSnapshot } from "./forget-preview.ts";

export type GroupEnd = {
  group: ForgetGroup;
  kept: JudgedSnapshot[];
  removed: JudgedSnapshot[];
  /** Should have been removed, but is still there. */
  refused: JudgedSnapshot[];
  /** restic would have removed these as well, but nobody has confirmed that. */
  disputed: JudgedSnapshot[];
};

/** Snapshots listed in the job's statistics; the rest are only counted. */
const MAX_NAMED = 300;
/** A person has to review these, so more of them are listed. */
const MAX_DISPUTED = 2000;

export function forgetStats(ends: readonly GroupEnd[], after: number): JobStats {
  const count = (fate: "kept" | "removed" | "disputed") => ends.flatMap((end) => end[fate]).length;
  const rows = (["removed", "refused", "disputed", "kept"] as const).flatMap((fate) =>
    ends.flatMap((end) => end[fate].map((one) => rowOf(end.group, one, fate))),
  );
  return {
    snapshots_before: after + count("removed"),
    snapshots_after: after,
    snapshots_removed: count("removed"),
    snapshots_kept: count("kept"),
    groups: ends.map((end) => ({
      source_group_id: end.group.source_group_id,
      tag: end.group.tag,
      host: end.group.host,
      kept: end.kept.length,
      removed: end.removed.length,
      disputed: end.disputed.length,
      is_partial: end.group.is_partial,
    })),
    snapshots: rows.slice(0, MAX_NAMED),
    disputed: ends
      .flatMap(({ group, disputed }) =>
        disputed.map(({ id }) => ({ source_group_id: group.source_group_id, snapshot_id: id })),
      )
      .slice(0, MAX_DISPUTED),
  };
}

function rowOf(group: ForgetGroup, one: JudgedSnapshot, fate: string): StatsRow {
  return {
    id: one.id.slice(0, 8),
    time: one.time,
    tag: group.tag,
    host: group.host,
    reasons: one.reasons,
    fate,
  };
}

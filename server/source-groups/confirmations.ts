/** Holds a group back from forget until a person has confirmed what its retention policy would remove. */
import type { Db } from "../../db/open.ts";
import {
  agreeToRemovals,
  deleteDisputedRemovals,
  listDisputedRemovals,
  putDisputedRemoval,
} from "../../db/queries/disputed-removals.ts";
import { findHost } from "../../db/queries/hosts.ts";
import { findRepo } from "../../db/queries/repos.ts";
import type { GroupSnapshot } from "../../db/queries/snapshots.ts";
import {
  findSourceGroup,
  listSourceGroups,
  listTargetRepoIds,
  updateSourceGroup,
} from "../../db/queries/source-groups.ts";
import type { SourceGroupRow } from "../../db/schema/source-groups.ts";
import { inTransaction } from "../../db/transaction.ts";
import { isEmptyRetention } from "../../shared/retention.ts";
import type { Clock } from "../../shared/time/clock.ts";
import { notFound } from "../http/errors.ts";
import { type Actor, writeAudit } from "../runtime/audit.ts";
import type { FactBus } from "../runtime/facts.ts";
import { isUnconfirmed, type Removal, removalOf } from "./removals.ts";

export type PendingConfirmations = {
  /**
   * The groups of a host that forget must consider, without those that keep everything. A group whose forget would remove
   * snapshots that nobody has confirmed is held from now on. A group also counts as held while one of its repos has never
   * had its snapshots listed. Call before each forget.
   */
  forgettable(hostId: string): { group: SourceGroupRow; held: boolean }[];
  /** Holds the group if one of these snapshots, which would be removed, was never confirmed. @returns whether it is held */
  holdIfUnconfirmed(group: SourceGroupRow, going: readonly GroupSnapshot[]): boolean;
  /** What the group's policy would remove now. */
  removal(group: SourceGroupRow): Removal;
  /** A person confirms the removal. @throws Refusal 404 */
  confirm(actor: Actor, hostId: string, groupId: string): SourceGroupRow;
  /** A forget has used the group's policy. `disputed` are snapshots that restic alone would have removed. */
  carriedOut(groupId: string, disputed: readonly { repoId: string; snapshotId: string }[]): void;
};

export type PendingConfirmationDeps = { db: Db; clock: Clock; bus: FactBus };

export function createPendingConfirmations({ db, clock, bus }: PendingConfirmationDeps): PendingConfirmations {
  const removal: PendingConfirmations["removal"] = (group) => {
    const host = findHost(db, group.hostId);
    return host ? removalOf(db, host, group, group.retention, clock.now()) : { existing: 0, going: [], times: [] };
  };
  const hold = (group: SourceGroupRow) => {
    if (group.retentionHeldSince !== null) return;
    updateSourceGroup(db, group.id, { retentionHeldSince: clock.now() });
    bus.publish("host.changed", { hostId: group.hostId });
  };
  const holdIfUnconfirmed: PendingConfirmations["holdIfUnconfirmed"] = (group, going) => {
    const agreed = new Set(
      listDisputedRemovals(db, group.id).flatMap((row) => (row.agreedAt === null ? [] : [row.snapshotId])),
    );
    if (!going.some((row) => isUnconfirmed(row, group) && !agreed.has(row.snapshotId))) return false;
    hold(group);
    return true;
  };
  const isHeld = (group: SourceGroupRow): boolean => {
    if (group.retentionHeldSince !== null) return true;
    // Once confirmed, the agent finds out what the list lacks, and the forget is planned again.
    if (
      group.retentionSettledAt === null &&
      listTargetRepoIds(db, group).some((id) => findRepo(db, id)?.snapshotsTakenAt == null)
    )
      return true;
    return holdIfUnconfirmed(group, removal(group).going);
  };
  return {
    removal,
    holdIfUnconfirmed,
    forgettable: (hostId) =>
      listSourceGroups(db, hostId)
        .filter((group) => !isEmptyRetention(group.retention))
        .map((group) => ({ group, held: isHeld(group) })),
    confirm(actor, hostId, groupId) {
      const group = findSourceGroup(db, groupId);
      if (!group || group.hostId !== hostId) throw notFound("source group");
      const confirmed = inTransaction(db, () => {
        const now = clock.now();
        updateSourceGroup(db, groupId, { retentionHeldSince: null, retentionSettledAt: now });
        agreeToRemovals(db, groupId, now);
        writeAudit(db, now, {
          actor,
          action: "source_group.retention_confirmed",
          target: { kind: "source_group", id: group.id, name: group.name },
          payload: { removes: removal(group).times.length },
        });
        return findSourceGroup(db, groupId) as SourceGroupRow;
      });
      bus.publish("host.changed", { hostId });
      return confirmed;
    },
    carriedOut(groupId, disputed) {
      const group = findSourceGroup(db, groupId);
      if (!group) return;
      if (disputed.length === 0) {
        deleteDisputedRemovals(db, groupId);
        if (group.retentionSettledAt === null) updateSourceGroup(db, groupId, { retentionSettledAt: clock.now() });
        return;
      }
      for (const one of disputed) putDisputedRemoval(db, { sourceGroupId: groupId, ...one });
      hold(group);
    },
  };
}

/** Nothing that exists is removed unasked: a group whose policy a person must look at first is held back from forget. */
import type { Db } from "../../db/open.ts";
import { findHost } from "../../db/queries/hosts.ts";
import { findRepo } from "../../db/queries/repos.ts";
import {
  findSourceGroup,
  listSourceGroups,
  listTargetRepoIds,
  updateSourceGroup,
} from "../../db/queries/source-groups.ts";
import type { SourceGroupRow } from "../../db/schema/source-groups.ts";
import { inTransaction } from "../../db/transaction.ts";
import type { Clock } from "../../shared/clock.ts";
import { isEmptyRetention } from "../../shared/retention.ts";
import { notFound } from "../http/errors.ts";
import { type Actor, writeAudit } from "../runtime/audit.ts";
import type { FactBus } from "../runtime/facts.ts";
import { type Removal, removalOf } from "./removals.ts";

export type RetentionHolds = {
  /**
   * The groups of a host that forget is to look at, without those that keep everything. A group whose first forget would
   * remove snapshots that exist is held from now on; one that nothing is held against is settled. Held as well, for so long:
   * one of whose repos the snapshots were never listed. Call before each forget.
   */
  forgettable(hostId: string): { group: SourceGroupRow; held: boolean }[];
  /** What the group's policy would remove now. */
  removal(group: SourceGroupRow): Removal;
  /** A person agrees. @throws Refusal 404 */
  confirm(actor: Actor, hostId: string, groupId: string): SourceGroupRow;
};

export type RetentionHoldDeps = { db: Db; clock: Clock; bus: FactBus };

export function createRetentionHolds({ db, clock, bus }: RetentionHoldDeps): RetentionHolds {
  const removal: RetentionHolds["removal"] = (group) => {
    const host = findHost(db, group.hostId);
    return host ? removalOf(db, host, group, group.retention, clock.now()) : { existing: 0, times: [] };
  };
  const isHeld = (group: SourceGroupRow): boolean => {
    if (group.retentionHeldSince !== null) return true;
    if (group.retentionSettledAt !== null) return false;
    if (listTargetRepoIds(db, group).some((id) => findRepo(db, id)?.snapshotsTakenAt == null)) return true;
    const isHarmless = removal(group).times.length === 0;
    const now = clock.now();
    updateSourceGroup(db, group.id, isHarmless ? { retentionSettledAt: now } : { retentionHeldSince: now });
    if (!isHarmless) bus.tell("host.changed", { hostId: group.hostId });
    return !isHarmless;
  };
  return {
    removal,
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
        writeAudit(db, now, {
          actor,
          action: "source_group.retention_confirmed",
          target: { kind: "source_group", id: group.id, name: group.name },
          payload: { removes: removal(group).times.length },
        });
        return findSourceGroup(db, groupId) as SourceGroupRow;
      });
      bus.tell("host.changed", { hostId });
      return confirmed;
    },
  };
}

/** Rules for shared repositories: who may delete, who maintains, and whether forget has anything to do. Pure. */
import type { SourceGroupRow } from "../../db/schema/source-groups.ts";
import type { AppendOnly } from "../../shared/repos.ts";
import { isEmptyRetention } from "../../shared/retention.ts";

export type DeleteRight = "admin" | "everyday" | "none";

/** The everyday credential may be used only when it is known to be able to delete. Without a test nothing is assumed. */
export function deleteRight(appendOnly: AppendOnly, hasAdminCredential: boolean): DeleteRight {
  if (hasAdminCredential) return "admin";
  return appendOnly === "violated" || appendOnly === "not_applicable" ? "everyday" : "none";
}

export type Sharer = {
  id: string;
  isEnabled: boolean;
  isReady: boolean;
  /** The executing host has been seen recently. An absent host is not waited for while another can do the work. */
  wasSeenLately: boolean;
  right: DeleteRight;
};

/** The repo that maintains: ready, enabled, most recently seen, with the right to delete. Among equals the oldest. null = none can. */
export function maintainerOf(sharers: readonly Sharer[]): string | null {
  const able = sharers.filter(({ isEnabled, isReady }) => isEnabled && isReady);
  const seen = best(able, ({ wasSeenLately }) => wasSeenLately);
  const ids = best(seen, ({ right }) => right !== "none").map(({ id }) => id);
  return ids.sort()[0] ?? null;
}

/** The repos with the property, or all of them when none has it. */
function best(sharers: readonly Sharer[], has: (sharer: Sharer) => boolean): readonly Sharer[] {
  const those = sharers.filter(has);
  return those.length > 0 ? those : sharers;
}

export type ForgetState =
  /** At least one group's policy may be applied. */
  | "some"
  /** Policies would remove existing snapshots, so a person must confirm first. */
  | "held"
  /** The snapshots have never been listed, so it is not known what would be removed. */
  | "not_listed"
  | "keeps_everything"
  /** The newest backup of each group with a policy saved no files. Empty snapshots must not push out full ones. */
  | "saved_nothing"
  | "no_groups";

export type ForgetGroupFacts = Pick<SourceGroupRow, "retention" | "retentionHeldSince" | "retentionSettledAt"> & {
  /** The snapshots in all of its repos have been listed at least once. */
  isListed: boolean;
  /** Its newest backup into the repository saved no files. */
  isEmptied: boolean;
};

/** @param groups all groups that use the repository, on every host that shares it */
export function forgetsOf(groups: readonly ForgetGroupFacts[]): ForgetState {
  if (groups.length === 0) return "no_groups";
  const wanted = groups.filter(({ retention }) => !isEmptyRetention(retention));
  if (wanted.length === 0) return "keeps_everything";
  const agreed = wanted.filter(({ retentionHeldSince }) => retentionHeldSince === null);
  const listed = agreed.filter((group) => group.retentionSettledAt !== null || group.isListed);
  if (listed.some(({ isEmptied }) => !isEmptied)) return "some";
  if (listed.length > 0 && agreed.length === wanted.length) return "saved_nothing";
  return agreed.length < wanted.length ? "held" : "not_listed";
}

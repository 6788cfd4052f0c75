/** Who may delete in a repo, who maintains one that several share, and whether forget has anything to do there. Pure. */
import type { SourceGroupRow } from "../../db/schema/source-groups.ts";
import type { AppendOnly } from "../../shared/repos.ts";
import { isEmptyRetention } from "../../shared/retention.ts";

export type DeleteRight = "admin" | "everyday" | "none";

/** Where the everyday credential is known to be able to delete it serves; where it is not known, nothing is assumed. */
export function deleteRight(appendOnly: AppendOnly, hasAdminCredential: boolean): DeleteRight {
  if (hasAdminCredential) return "admin";
  return appendOnly === "violated" || appendOnly === "not_applicable" ? "everyday" : "none";
}

export type Sharer = {
  id: string;
  isEnabled: boolean;
  isReady: boolean;
  /** The host that would do it has been heard of lately: nobody waits for one that is gone while another can. */
  isHeard: boolean;
  right: DeleteRight;
};

/** The one that maintains: ready, switched on, best heard of and with the right to delete; of equals the oldest. null = nobody can. */
export function maintainerOf(sharers: readonly Sharer[]): string | null {
  const able = sharers.filter(({ isEnabled, isReady }) => isEnabled && isReady);
  const heard = best(able, ({ isHeard }) => isHeard);
  const ids = best(heard, ({ right }) => right !== "none").map(({ id }) => id);
  return ids.sort()[0] ?? null;
}

/** Those that have it; all, when none has. */
function best(sharers: readonly Sharer[], has: (sharer: Sharer) => boolean): readonly Sharer[] {
  const those = sharers.filter(has);
  return those.length > 0 ? those : sharers;
}

export type ForgetState =
  /** At least one group's policy may be carried out. */
  | "some"
  /** Policies would remove snapshots that exist; a person has to agree first. */
  | "held"
  /** The snapshots were never listed, so nobody knows yet what would go. */
  | "not_listed"
  | "keeps_everything"
  /** The newest backup of each that has a policy saved no file; empty snapshots must not push out full ones. */
  | "saved_nothing"
  | "no_groups";

export type ForgetGroupFacts = Pick<SourceGroupRow, "retention" | "retentionHeldSince" | "retentionSettledAt"> & {
  /** The snapshots in all of its repos have been listed once. */
  isListed: boolean;
  /** Its newest backup into the repository saved no file. */
  isEmptied: boolean;
};

/** @param groups all that go into the repository, of every host that shares it */
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

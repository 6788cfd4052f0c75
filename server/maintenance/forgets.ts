/** Whether forget has anything to carry out in a repository, and if not, why. Pure. */
import type { SourceGroupRow } from "../../db/schema/source-groups.ts";
import { isEmptyRetention } from "../../shared/retention.ts";

export type ForgetState =
  /** At least one group's policy may be carried out. */
  | "some"
  /** Policies would remove snapshots that exist; a person has to agree first. */
  | "held"
  /** The snapshots were never listed, so nobody knows yet what would go. */
  | "not_listed"
  | "keeps_everything"
  | "no_groups";

export type ForgetGroupFacts = Pick<SourceGroupRow, "retention" | "retentionHeldSince" | "retentionSettledAt"> & {
  /** The snapshots in all of its repos have been listed once. */
  isListed: boolean;
};

/** @param groups all that go into the repository, of every host that shares it */
export function forgetsOf(groups: readonly ForgetGroupFacts[]): ForgetState {
  if (groups.length === 0) return "no_groups";
  const wanted = groups.filter(({ retention }) => !isEmptyRetention(retention));
  if (wanted.length === 0) return "keeps_everything";
  const agreed = wanted.filter(({ retentionHeldSince }) => retentionHeldSince === null);
  if (agreed.some((group) => group.retentionSettledAt !== null || group.isListed)) return "some";
  return agreed.length < wanted.length ? "held" : "not_listed";
}

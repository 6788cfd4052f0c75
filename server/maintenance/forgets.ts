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

/** How much data each check reads, so that a round of checks reads all of a repository. Pure. */
import type { RepoRow } from "../../db/schema/repos.ts";
import { DAY_MS } from "../../shared/time/clock.ts";

/** restic allows at most 256 parts. */
const MOST_PARTS = 256;

export type CheckSubset = { part: number; parts: number };

export type CheckPlanColumns = Pick<RepoRow, "sizeBytes" | "checkBudgetBytes" | "checkNextPart" | "checkParts">;

/** Number of parts to divide the data into. null = no data is read. */
export function partsFor({
  sizeBytes,
  checkBudgetBytes,
}: Pick<RepoRow, "sizeBytes" | "checkBudgetBytes">): number | null {
  if (checkBudgetBytes <= 0) return null;
  return Math.min(MOST_PARTS, Math.max(1, Math.ceil((sizeBytes ?? 0) / checkBudgetBytes)));
}

/** What the next check reads. A round in progress keeps its division, or parts would be missed. */
export function nextSubset(repo: CheckPlanColumns): CheckSubset | null {
  const fresh = partsFor(repo);
  if (fresh === null) return null;
  const parts = repo.checkNextPart > 1 && repo.checkParts !== null ? repo.checkParts : fresh;
  return { part: Math.min(repo.checkNextPart, parts), parts };
}

export type RoundColumns = Pick<RepoRow, "checkNextPart" | "checkParts" | "checkRoundSince" | "fullyReadSince">;

/** The state of the round after a check without errors. @param startedAt of that check, Unix ms */
export function afterCheck(repo: RoundColumns, { part, parts }: CheckSubset, startedAt: number): RoundColumns {
  const isExpected = part === 1 || (part === repo.checkNextPart && parts === repo.checkParts);
  // A manual check with another division, or a late report of an old one, proves nothing about this round.
  if (!isExpected) return repo;
  const since = part === 1 ? startedAt : (repo.checkRoundSince ?? startedAt);
  if (part < parts) return { ...repo, checkNextPart: part + 1, checkParts: parts, checkRoundSince: since };
  return { checkNextPart: 1, checkParts: null, checkRoundSince: null, fullyReadSince: since };
}

/** Damage should be found while snapshots from before it still exist. */
export const WISHED_ROUND_DAYS = 90;
/** A longer round leads to advice. */
const LONGEST_ROUND_MS = 365 * DAY_MS;
const GIB = 2 ** 30;

export type BudgetAdvice =
  /** Whole GiB with which a round takes at most `WISHED_ROUND_DAYS`. */
  | { is: "larger_budget"; budgetBytes: number; parts: number }
  /** The checks are too rare for any budget. */
  | { is: "more_often" };

/** What to change when a round would take more than a year at the present size. null when nothing needs changing. */
export function budgetAdvice(
  { sizeBytes, checkBudgetBytes }: Pick<RepoRow, "sizeBytes" | "checkBudgetBytes">,
  { parts, periodMs }: { parts: number; periodMs: number },
): BudgetAdvice | null {
  if (sizeBytes === null || checkBudgetBytes <= 0 || parts * periodMs <= LONGEST_ROUND_MS) return null;
  const checks = Math.floor((WISHED_ROUND_DAYS * DAY_MS) / periodMs);
  if (checks < 1) return { is: "more_often" };
  const budgetBytes = Math.ceil(sizeBytes / checks / GIB) * GIB;
  return { is: "larger_budget", budgetBytes, parts: partsFor({ sizeBytes, checkBudgetBytes: budgetBytes }) ?? 1 };
}

/** Recognises damage to a repository in restic's messages, and says how to repair it, step by step after restic's own guide. Pure. */
import type { CheckSummary } from "../../shared/restic/maintenance.ts";

/** Facts from the summary of `check`; other commands have none. */
export type DamageFacts = Pick<CheckSummary, "broken_packs" | "suggest_repair_index">;

const CAREFUL = "Run these with the admin credential on a trusted machine, and keep a copy of the repository first";

export const DAMAGED_SNAPSHOT =
  "A snapshot file is damaged: remove the file named in the log from the snapshots folder on the repo server, then run check again";

type Rule = { fits(words: string, facts: DamageFacts): boolean; say(facts: DamageFacts): string };

/** The first match counts: the most serious damage comes first. */
const RULES: readonly Rule[] = [
  {
    fits: (words) => /fail(?:ed to load|ed loading) snapshot|snapshot.*invalid data/i.test(words),
    say: () => DAMAGED_SNAPSHOT,
  },
  {
    fits: (_, facts) => (facts.broken_packs ?? []).length > 0,
    say: (facts) =>
      `Stored data is damaged: run restic repair packs ${namedPacks(facts)}, then restic repair snapshots --forget, then a backup and another check. ${CAREFUL}`,
  },
  {
    fits: (words) => /ciphertext verification failed|decrypting blob/i.test(words),
    say: () =>
      `Stored data is damaged: run restic check --read-data to find the damaged packs, then restic repair packs with their ids, then restic repair snapshots --forget, then a backup. ${CAREFUL}`,
  },
  {
    fits: (words) => /<index\/[0-9a-f]+>\S* invalid data/i.test(words),
    say: () => `An index file is damaged: run restic repair index, then check again. ${CAREFUL}`,
  },
  {
    fits: (words) => MISSING_DATA.test(words),
    say: () =>
      `Stored data is missing: run restic repair index, then a backup (it brings back what is still on the host), then restic repair snapshots --forget. ${CAREFUL}`,
  },
  {
    fits: (_, facts) => facts.suggest_repair_index,
    say: () => `The index does not match the data: run restic repair index, then check again. ${CAREFUL}`,
  },
];

const MISSING_DATA = new RegExp(
  [
    "packs? from index missing in repo",
    "needed pack files which are missing",
    "(?:Load|ReadFull|ReadAt)\\(<data/[0-9a-f]+>.*(?:no such file|does not exist|not found)",
    "\\b(?:id|tree|blob) [0-9a-f]{8,64} (?:is )?not (?:found in repository|known)",
    "the repository could be damaged",
    "error for tree [0-9a-f]+",
    "pack [0-9a-f]+:? does not exist",
  ].join("|"),
  "i",
);

const NO_FACTS: DamageFacts = { broken_packs: [], suggest_repair_index: false };

/** How to repair the damage in this message; null when it reports none. */
export function damageAdvice(words: string, facts: DamageFacts = NO_FACTS): string | null {
  return RULES.find((rule) => rule.fits(words, facts))?.say(facts) ?? null;
}

/** For findings of `check` that match no rule. */
export const UNKNOWN_DAMAGE = `The log names them. Most are repaired by restic repair index, then restic repair snapshots --forget. ${CAREFUL}`;

function namedPacks(facts: DamageFacts): string {
  const [first, ...more] = facts.broken_packs ?? [];
  return more.length > 0 ? `with the ${more.length + 1} ids from the log` : (first ?? "");
}

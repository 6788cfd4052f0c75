/** What to do about what `restic check` found, as one or two sentences. Pure; the order of steps is restic's own guide. */
import type { CheckSummary } from "../../shared/restic/maintenance.ts";

type Rule = { fits(summary: CheckSummary, findings: string): boolean; say(summary: CheckSummary): string };

const CAREFUL = "Run these with the admin credential on a trusted machine, and keep a copy of the repository first";

/** The first one that fits: the gravest damage decides what comes first. */
const RULES: readonly Rule[] = [
  {
    fits: (_, findings) => /failed to load snapshot|snapshot.*invalid data/i.test(findings),
    say: () =>
      "A snapshot file is damaged: take the file named in the log out of the folder snapshots on the repo server, then check again",
  },
  {
    fits: (summary) => (summary.broken_packs ?? []).length > 0,
    say: (summary) =>
      `Stored data is damaged: restic repair packs ${namedPacks(summary)}, then restic repair snapshots --forget, then a backup and another check. ${CAREFUL}`,
  },
  {
    fits: (_, findings) => /ciphertext verification failed|decrypting blob/i.test(findings),
    say: () =>
      `Stored data is damaged: restic check --read-data names the damaged packs, then restic repair packs with their ids, then restic repair snapshots --forget, then a backup. ${CAREFUL}`,
  },
  {
    fits: (_, findings) => /does not exist|not found in repository|error for tree/i.test(findings),
    say: () =>
      `Stored data is missing: restic repair index, then a backup (it brings back what is still on the host), then restic repair snapshots --forget. ${CAREFUL}`,
  },
  {
    fits: (summary) => summary.suggest_repair_index,
    say: () => `The index does not fit the data: restic repair index, then check again. ${CAREFUL}`,
  },
];

export function adviceFor(summary: CheckSummary, findings: readonly string[]): string {
  const words = findings.join("\n");
  const rule = RULES.find(({ fits }) => fits(summary, words));
  return (
    rule?.say(summary) ??
    `The log names them. Most are mended by restic repair index, then restic repair snapshots --forget. ${CAREFUL}`
  );
}

function namedPacks(summary: CheckSummary): string {
  const [first, ...more] = summary.broken_packs ?? [];
  return more.length > 0 ? `with the ${more.length + 1} ids from the log` : (first ?? "");
}

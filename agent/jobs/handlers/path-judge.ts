/** Decides which paths of a backup saved nothing, and why. Pure. */
import type { WarningCode } from "../../../shared/jobs.ts";
import type { WarningCause } from "../../../shared/protocol/fields.ts";
import { causeOf } from "../../../shared/warnings.ts";
import { isAtOrBelow } from "../../restic/source-files.ts";
import { grouped } from "../../words.ts";
import type { InspectedPath } from "./inspect-paths.ts";

/** Paths that contained files in an earlier backup, with the number where it is known. */
export type HeldBefore = Record<string, number | null>;

export type PathJudgement = {
  causes: WarningCause[];
  /** For the log: one sentence per path that saved nothing. */
  words: string[];
  held: HeldBefore;
};

/** @param files number of files that restic saved in total. */
export function judgePaths(inspected: readonly InspectedPath[], files: number, before: HeldBefore): PathJudgement {
  const there = inspected.filter((one) => one.is !== "missing");
  const isAlone = there.length === 1;
  const paths = new Map<WarningCode, string[]>();
  const words: string[] = [];
  const held: HeldBefore = {};
  const warn = (code: WarningCode, path: string, sentence: string) => {
    paths.set(code, [...(paths.get(code) ?? []), path]);
    words.push(sentence);
  };

  for (const one of inspected) {
    const { path } = one;
    const known = before[path];
    if (known !== undefined) held[path] = known;
    if (one.is === "link" && !isNamedToo(one.target, inspected)) {
      const leads = one.target === null ? "to nothing" : `to ${one.target}`;
      warn(
        "only_link_saved",
        path,
        `${path} is a symbolic link ${leads}: only the link was saved. Add its target to the paths`,
      );
    }
    if (one.is !== "there") continue;
    // With a single path, restic's own count is more reliable than ours.
    const holds = isAlone && files > 0 ? "files" : one.holds;
    if (holds === "files" && files > 0) held[path] = isAlone ? files : (known ?? null);
    else if (holds === "excluded")
      warn("all_excluded", path, `Everything under ${path} is excluded: nothing was saved`);
    else if (holds === "nothing" && known !== undefined) warn("emptied", path, emptiedInWords(path, known));
    else if (holds === "nothing" && files === 0)
      warn("nothing_saved", path, `${path} contains no files: nothing was saved`);
  }
  return { causes: [...paths].flatMap(([code, named]) => causeOf(code, named)), words, held };
}

function emptiedInWords(path: string, known: number | null): string {
  if (known === null) return `${path} contains no files now, but did last time: is it mounted?`;
  return `${path}: 0 files, ${grouped(known)} last time: is it mounted?`;
}

/** Whether another path of the group includes the link's target. */
function isNamedToo(target: string | null, inspected: readonly InspectedPath[]): boolean {
  return target !== null && inspected.some((one) => one.is === "there" && isAtOrBelow(target, one.path));
}

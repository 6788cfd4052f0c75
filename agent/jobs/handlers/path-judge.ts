/** What the paths of a backup came to, one by one: which of them saved nothing, and why. Pure. */
import type { WarningCode } from "../../../shared/jobs.ts";
import type { WarningCause } from "../../../shared/protocol/fields.ts";
import { causeOf } from "../../../shared/warnings.ts";
import { isAtOrBelow } from "../../restic/source-files.ts";
import { grouped } from "../../words.ts";
import type { PathLook } from "./path-look.ts";

/** Paths that held files at an earlier backup, with how many where that is known. */
export type HeldBefore = Record<string, number | null>;

export type PathJudgement = {
  causes: WarningCause[];
  /** For the log: a sentence for each path that saved nothing. */
  words: string[];
  held: HeldBefore;
};

/** @param files how many files restic saved in all. */
export function judgePaths(looks: readonly PathLook[], files: number, before: HeldBefore): PathJudgement {
  const there = looks.filter((look) => look.is !== "missing");
  const isAlone = there.length === 1;
  const paths = new Map<WarningCode, string[]>();
  const words: string[] = [];
  const held: HeldBefore = {};
  const warn = (code: WarningCode, path: string, sentence: string) => {
    paths.set(code, [...(paths.get(code) ?? []), path]);
    words.push(sentence);
  };

  for (const look of looks) {
    const { path } = look;
    const known = before[path];
    if (known !== undefined) held[path] = known;
    if (look.is === "link" && !isNamedToo(look.target, looks)) {
      const leads = look.target === null ? "to nothing" : `to ${look.target}`;
      warn(
        "only_link_saved",
        path,
        `${path} is a symbolic link ${leads}: only the link was saved. Add its target to the paths`,
      );
    }
    if (look.is !== "there") continue;
    // restic knows better than we do what became of its only path.
    const holds = isAlone && files > 0 ? "files" : look.holds;
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

/** Another path of the group brings the target of a link. */
function isNamedToo(target: string | null, looks: readonly PathLook[]): boolean {
  return target !== null && looks.some((look) => look.is === "there" && isAtOrBelow(target, look.path));
}

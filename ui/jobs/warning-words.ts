// The words for what makes a job amber: short ones for lists, whole sentences with what to do for its page.
import type { WarningCode } from "../../shared/jobs.ts";
import { type CauseCount, countWarnings } from "../../shared/warnings.ts";
import { formatPlural } from "../format.ts";

type Words = {
  /** Without a count, for tooltips: "files unreadable". */
  topic: string;
  /** With its count, for lists: "3 files unreadable". */
  short(count: number): string;
  /** What happened, as a sentence. */
  reason(count: number): string;
  /** What to do about it. */
  remedy: string;
};

const WORDS: Record<WarningCode, Words> = {
  unreadable: {
    topic: "files unreadable",
    short: (n) => `${formatPlural(n, "file")} unreadable`,
    reason: (n) => `${formatPlural(n, "file")} could not be read and ${n === 1 ? "is" : "are"} not in the snapshot.`,
    remedy: "Give the agent the right to read them, or exclude them in the source group.",
  },
  path_missing: {
    topic: "path missing",
    short: (n) => `${formatPlural(n, "path")} missing`,
    reason: (n) =>
      n === 1 ? "A path of the source group does not exist." : `${n} paths of the source group do not exist.`,
    remedy: "Mount what is missing, or correct the paths of the source group.",
  },
  path_refused: {
    topic: "path not valid",
    short: (n) => `${formatPlural(n, "path")} not valid`,
    reason: (n) => (n === 1 ? "A path is not valid on this host." : `${n} paths are not valid on this host.`),
    remedy: "Correct the paths of the source group; the log says what is wrong with them.",
  },
  exclude_refused: {
    topic: "exclude not used",
    short: (n) => `${formatPlural(n, "exclude")} not used`,
    reason: (n) => (n === 1 ? "An exclude could not be used." : `${n} excludes could not be used.`),
    remedy: "Correct the excludes of the source group; the log says what is wrong with them.",
  },
  mount_left_out: {
    topic: "mount left out",
    short: (n) => `${formatPlural(n, "mount")} left out`,
    reason: (n) =>
      n === 1
        ? "A file system mounted below a path is not in the snapshot."
        : `${n} file systems mounted below a path are not in the snapshot.`,
    remedy:
      "A backup of / stays on the disk of /. Add these places to the paths of the source group, or to its excludes.",
  },
  only_link_saved: {
    topic: "only a link saved",
    short: (n) => (n === 1 ? "only a link saved" : `only ${n} links saved`),
    reason: (n) =>
      n === 1
        ? "A path is a symbolic link: only the link was saved, not what it leads to."
        : `${n} paths are symbolic links: only the links were saved, not what they lead to.`,
    remedy: "Name its target in the source group instead.",
  },
  emptied: {
    topic: "path is empty now",
    short: (n) => `${formatPlural(n, "path")} empty now`,
    reason: (n) =>
      n === 1 ? "A path holds no files now, but did last time." : `${n} paths hold no files now, but did last time.`,
    remedy: "Is it mounted? If it is meant to be empty, take it out of the source group.",
  },
  all_excluded: {
    topic: "path excluded as a whole",
    short: (n) => `${formatPlural(n, "path")} all excluded`,
    reason: (n) => (n === 1 ? "Everything below a path is excluded." : `Everything below ${n} paths is excluded.`),
    remedy: "Correct the excludes of the source group, or take the path out of it.",
  },
  nothing_saved: {
    topic: "no files saved",
    short: () => "no files saved",
    reason: () => "No files were saved.",
    remedy: "Look at the paths of the source group: are they the right ones, and do they hold files?",
  },
  shadow_copy_failed: {
    topic: "no shadow copy",
    short: () => "no shadow copy",
    reason: (n) =>
      n === 1 ? "No shadow copy could be made of a volume." : `No shadow copy could be made of ${n} volumes.`,
    remedy: "Files in use may be missing or inconsistent. Check the Volume Shadow Copy service on the host.",
  },
  post_hook_failed: {
    topic: "post hook failed",
    short: () => "post hook failed",
    reason: () => "The post hook failed.",
    remedy:
      "The snapshot is complete. Check that what the pre hook stopped runs again; the hook's output is in the log.",
  },
  snapshot_unreadable: {
    topic: "snapshots unreadable",
    short: (n) => `${formatPlural(n, "snapshot")} unreadable`,
    reason: (n) => `${formatPlural(n, "snapshot")} in the repository cannot be read.`,
    remedy: "Run a check of the repository; it says what is damaged and how to repair it.",
  },
  repo_damaged: {
    topic: "repository damaged",
    short: () => "repository damaged",
    reason: () => "The repository is damaged: earlier data could not be found, so everything was read and saved again.",
    remedy: "The log says how to repair it. Run a check of the repository, too.",
  },
};

export function topicOf(code: WarningCode): string {
  return WORDS[code].topic;
}

/** "3 files unreadable, post hook failed"; what an older agent counted without a cause stays a number. */
export function causesInWords(causes: readonly CauseCount[], warnings: number): string {
  const rest = warnings - countWarnings(causes);
  const words = causes.map(({ code, count }) => WORDS[code].short(count));
  if (rest > 0 || words.length === 0)
    words.push(
      words.length === 0 ? formatPlural(rest, "warning") : `${rest} more ${rest === 1 ? "warning" : "warnings"}`,
    );
  return words.join(", ");
}

/** What happened and what to do. */
export function causeInFull({ code, count }: CauseCount): { reason: string; remedy: string } {
  const { reason, remedy } = WORDS[code];
  return { reason: reason(count), remedy };
}

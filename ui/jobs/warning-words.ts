// Texts for each cause of warnings: short ones for lists, full sentences with the remedy for the job's page.
import type { WarningCode } from "../../shared/jobs.ts";
import { type CauseCount, countWarnings } from "../../shared/warnings.ts";
import { formatPlural } from "../format.ts";

type Words = {
  /** Without a count, for tooltips: "files unreadable". */
  topic: string;
  /** With its count, for lists: "3 files unreadable". */
  short(count: number): string;
  /** What happened, as a full sentence. */
  reason(count: number): string;
  /** What to do about it. */
  remedy: string;
};

const WORDS: Record<WarningCode, Words> = {
  unreadable: {
    topic: "files unreadable",
    short: (n) => `${formatPlural(n, "file")} unreadable`,
    reason: (n) => `${formatPlural(n, "file")} could not be read and ${n === 1 ? "is" : "are"} not in the snapshot.`,
    remedy: "Give the agent permission to read them, or exclude them in the source group.",
  },
  path_missing: {
    topic: "path missing",
    short: (n) => `${formatPlural(n, "path")} missing`,
    reason: (n) =>
      n === 1 ? "A path of the source group does not exist." : `${n} paths of the source group do not exist.`,
    remedy: "Mount the missing file system, or correct the source group’s paths.",
  },
  path_refused: {
    topic: "path not valid",
    short: (n) => `${formatPlural(n, "path")} not valid`,
    reason: (n) => (n === 1 ? "A path is not valid on this host." : `${n} paths are not valid on this host.`),
    remedy: "Correct the source group’s paths. The log says what is wrong with them.",
  },
  exclude_refused: {
    topic: "exclude not used",
    short: (n) => `${formatPlural(n, "exclude")} not used`,
    reason: (n) => (n === 1 ? "An exclude could not be used." : `${n} excludes could not be used.`),
    remedy: "Correct the source group’s excludes. The log says what is wrong with them.",
  },
  mount_left_out: {
    topic: "mount skipped",
    short: (n) => `${formatPlural(n, "mount")} skipped`,
    reason: (n) =>
      n === 1
        ? "A file system mounted below a path is not in the snapshot."
        : `${n} file systems mounted below a path are not in the snapshot.`,
    remedy: "A backup of / covers only the file system of /. Add these mounts to the source group’s paths or excludes.",
  },
  only_link_saved: {
    topic: "only a symbolic link saved",
    short: (n) => (n === 1 ? "only a link saved" : `only ${n} links saved`),
    reason: (n) =>
      n === 1
        ? "A path is a symbolic link. Only the link was saved, not its target."
        : `${n} paths are symbolic links. Only the links were saved, not their targets.`,
    remedy: "Add the target to the source group’s paths instead.",
  },
  emptied: {
    topic: "path now empty",
    short: (n) => `${formatPlural(n, "path")} now empty`,
    reason: (n) =>
      n === 1
        ? "A path is empty but had files in the last backup."
        : `${n} paths are empty but had files in the last backup.`,
    remedy: "Check that its file system is mounted. If it is meant to be empty, remove it from the source group.",
  },
  all_excluded: {
    topic: "path fully excluded",
    short: (n) => `${formatPlural(n, "path")} fully excluded`,
    reason: (n) => (n === 1 ? "A path is excluded completely." : `${n} paths are excluded completely.`),
    remedy: "Correct the source group’s excludes, or remove the path.",
  },
  nothing_saved: {
    topic: "no files saved",
    short: () => "no files saved",
    reason: () => "No files were saved.",
    remedy: "Check the source group’s paths: are they correct, and do they contain files?",
  },
  shadow_copy_failed: {
    topic: "no shadow copy",
    short: () => "no shadow copy",
    reason: (n) => (n === 1 ? "A volume could not be shadow-copied." : `${n} volumes could not be shadow-copied.`),
    remedy: "Files in use may be missing or inconsistent. Check the Volume Shadow Copy service on the host.",
  },
  post_hook_failed: {
    topic: "post-hook failed",
    short: () => "post-hook failed",
    reason: () => "The post-hook failed.",
    remedy:
      "The snapshot is complete. Check that everything stopped by the pre-hook is running again. The hook’s output is in the log.",
  },
  snapshot_unreadable: {
    topic: "snapshots unreadable",
    short: (n) => `${formatPlural(n, "snapshot")} unreadable`,
    reason: (n) => `${formatPlural(n, "snapshot")} in the repository cannot be read.`,
    remedy: "Run a check of the repository. It reports what is damaged and how to repair it.",
  },
  repo_damaged: {
    topic: "repository damaged",
    short: () => "repository damaged",
    reason: () => "The repository is damaged. Earlier data could not be found, so everything was read and saved again.",
    remedy: "Run a check of the repository. The log says how to repair it.",
  },
};

export function topicOf(code: WarningCode): string {
  return WORDS[code].topic;
}

/** "3 files unreadable, post-hook failed". Warnings that an older agent reports without a cause are only counted. */
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

/** The two files that tell restic what to back up and what to exclude. Pure. */
import { type ExcludeFault, excludeFault, type IncludeFault, includeFault } from "../../shared/patterns.ts";
import type { Platform } from "../machine/platform.ts";

const WORDS: Record<ExcludeFault | IncludeFault, string> = {
  empty: "it is empty",
  line_break: "it contains a line break",
  outer_space: "it begins or ends with a space",
  comment: "it begins with #, which restic reads as a comment",
  brings_back: "it begins with !, which would include again what another line excludes",
  not_absolute: "it is not an absolute path",
};

/** Why restic cannot read this include or exclude as written; null when it can. */
export function problemOfPattern(pattern: string): string | null {
  const fault = excludeFault(pattern);
  return fault && WORDS[fault];
}

/** Why a path cannot be in the list of includes; null when it can. */
export function problemOfInclude(path: string, os: Platform["os"]): string | null {
  const fault = includeFault(path, os);
  return fault && WORDS[fault];
}

/** For `--files-from-verbatim`: one path per line, no special characters. */
export function includesFile(paths: string[]): string {
  return paths.map((path) => `${path}\n`).join("");
}

/**
 * For `--exclude-file`, whose reader expands `$NAME`.
 * @param own folders of the agent itself, which are always excluded, taken literally.
 */
export function excludesFile(patterns: string[], own: string[], os: Platform["os"]): string {
  const lines = [...patterns, ...own.map((path) => literal(path, os))];
  return lines.map((line) => `${line.replaceAll("$", "$$$$")}\n`).join("");
}

/** On Windows the backslash separates folders, and the characters below cannot appear in names. */
function literal(path: string, os: Platform["os"]): string {
  return os === "windows" ? path : path.replace(/[\\*?[\]]/g, "\\$&");
}

/** Whether `path` is `folder` or inside it; `/srv-old` is not inside `/srv`. */
export function isAtOrBelow(path: string, folder: string): boolean {
  if (path === folder) return true;
  const separators = folder.startsWith("/") ? ["/"] : ["\\", "/"];
  return separators.some((one) => path.startsWith(folder.endsWith(one) ? folder : folder + one));
}

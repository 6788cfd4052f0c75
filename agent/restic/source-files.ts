/** The two files that tell restic what to back up and what to leave out. Pure. */
import type { Platform } from "../machine/platform.ts";

/** Why restic's readers would not take this include or exclude as it is written; null when they would. */
export function problemOfPattern(pattern: string): string | null {
  if (pattern.trim() === "") return "it is empty";
  if (/[\r\n\0]/.test(pattern)) return "it contains a line break";
  if (pattern !== pattern.trim()) return "it begins or ends with a space";
  if (pattern.startsWith("#")) return "it begins with #, which restic reads as a comment";
  if (pattern.startsWith("!")) return "it begins with !, which would include again what another line excludes";
  return null;
}

/** Why a path cannot stand in the list of includes; null when it can. */
export function problemOfInclude(path: string, os: Platform["os"]): string | null {
  if (/[\r\n\0]/.test(path)) return "it contains a line break";
  const absolute = os === "windows" ? /^([A-Za-z]:[\\/]|\\\\)/.test(path) : path.startsWith("/");
  return absolute ? null : "it is not an absolute path";
}

/** For `--files-from-verbatim`: one path per line, nothing is special. */
export function includesFile(paths: string[]): string {
  return paths.map((path) => `${path}\n`).join("");
}

/**
 * For `--exclude-file`, whose reader expands `$NAME`.
 * @param own folders of the agent itself, which are always left out, taken literally.
 */
export function excludesFile(patterns: string[], own: string[], os: Platform["os"]): string {
  const lines = [...patterns, ...own.map((path) => literal(path, os))];
  return lines.map((line) => `${line.replaceAll("$", "$$$$")}\n`).join("");
}

/** On Windows the backslash parts folders, and the characters below cannot stand in names anyway. */
function literal(path: string, os: Platform["os"]): string {
  return os === "windows" ? path : path.replace(/[\\*?[\]]/g, "\\$&");
}

/** Whether `path` is `folder` or lies in it; `/srv-old` does not lie in `/srv`. */
export function isAtOrBelow(path: string, folder: string): boolean {
  if (path === folder) return true;
  const separators = folder.startsWith("/") ? ["/"] : ["\\", "/"];
  return separators.some((one) => path.startsWith(folder.endsWith(one) ? folder : folder + one));
}

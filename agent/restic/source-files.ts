/** The two files that tell restic what to back up and what to exclude. Pure. */
import type { Platform } from "../machine/platform.ts";

/** Why restic cannot read this include or exclude as written; null when it can. */
export function problemOfPattern(pattern: string): string | null {
  if (pattern.trim() === "") return "it is empty";
  if (/[\r\n\0]/.test(pattern)) return "it contains a line break";
  if (pattern !== pattern.trim()) return "it begins or ends with a space";
  if (pattern.startsWith("#")) return "it begins with #, which restic reads as a comment";
  if (pattern.startsWith("!")) return "it begins with !, which would include again what another line excludes";
  return null;
}

/** Why a path cannot be in the list of includes; null when it can. */
export function problemOfInclude(path: string, os: Platform["os"]): string | null {
  if (/[\r\n\0]/.test(path)) return "it contains a line break";
  const absolute = os === "windows" ? /^([A-Za-z]:[\\/]|\\\\)/.test(path) : path.startsWith("/");
  return absolute ? null : "it is not an absolute path";
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

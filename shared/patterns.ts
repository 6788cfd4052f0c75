/** Which includes and excludes restic's readers would misread: one set of rules, said in words where they are refused. Pure. */

export type Os = "linux" | "windows";

export type ExcludeFault = "empty" | "line_break" | "outer_space" | "comment" | "brings_back";
export type IncludeFault = "line_break" | "not_absolute";

/** null when restic takes the pattern as it is written. */
export function excludeFault(pattern: string): ExcludeFault | null {
  if (pattern.trim() === "") return "empty";
  if (hasLineBreak(pattern)) return "line_break";
  if (pattern !== pattern.trim()) return "outer_space";
  if (pattern.startsWith("#")) return "comment";
  if (pattern.startsWith("!")) return "brings_back";
  return null;
}

/** null when the path can stand in the list of includes. @param os null: not known yet, paths of either will do */
export function includeFault(path: string, os: Os | null): IncludeFault | null {
  if (hasLineBreak(path)) return "line_break";
  const isOfWindows = /^([A-Za-z]:[\\/]|\\\\)/.test(path);
  const isAbsolute = os === "windows" ? isOfWindows : path.startsWith("/") || (os === null && isOfWindows);
  return isAbsolute ? null : "not_absolute";
}

function hasLineBreak(text: string): boolean {
  return /[\r\n\0]/.test(text);
}

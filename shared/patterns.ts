/** Finds includes and excludes that restic would misread. Pure. */

export type Os = "linux" | "windows";

export type ExcludeFault = "empty" | "line_break" | "outer_space" | "comment" | "brings_back";
export type IncludeFault = "line_break" | "not_absolute";

/** null when restic can use the pattern as it is. */
export function excludeFault(pattern: string): ExcludeFault | null {
  if (pattern.trim() === "") return "empty";
  if (hasLineBreak(pattern)) return "line_break";
  if (pattern !== pattern.trim()) return "outer_space";
  if (pattern.startsWith("#")) return "comment";
  if (pattern.startsWith("!")) return "brings_back";
  return null;
}

/** null when the path can be an include. @param os null: not known yet, so paths of either system are accepted */
export function includeFault(path: string, os: Os | null): IncludeFault | null {
  if (hasLineBreak(path)) return "line_break";
  const isOfWindows = /^([A-Za-z]:[\\/]|\\\\)/.test(path);
  const isAbsolute = os === "windows" ? isOfWindows : path.startsWith("/") || (os === null && isOfWindows);
  return isAbsolute ? null : "not_absolute";
}

function hasLineBreak(text: string): boolean {
  return /[\r\n\0]/.test(text);
}

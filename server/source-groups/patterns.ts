/** Refuses includes and excludes that restic would misread, naming the line and the reason. */
import { excludeFault, includeFault, type Os } from "../../shared/patterns.ts";

/** One sentence about the first invalid line. null when all are valid. @param os null: not known yet, so paths of either system are accepted */
export function includesProblem(paths: readonly string[], os: Os | null): string | null {
  return firstProblem(paths, (typed) => {
    const path = typed.trim();
    if (path === "") return null;
    if (hasControls(path) || includeFault(path, os) !== null)
      return `${quote(path)} is not an absolute path, such as ${EXAMPLES[os ?? "any"]}.`;
    // Names cannot end with a space on Windows. On Linux they can, and restic takes the space literally.
    if (path.startsWith("/") && / $/.test(typed))
      return `${quote(typed.trimStart())} ends with a space. Remove it, or add a slash after it if the folder’s name really ends with a space.`;
    return null;
  });
}

const EXAMPLES = { linux: "/home", windows: "C:\\Users", any: "/home or C:\\Users" };

/** Like {@link includesProblem}, for excludes. */
export function excludesProblem(patterns: readonly string[], os: Os): string | null {
  return firstProblem(patterns, (pattern) => {
    const fault = excludeFault(pattern);
    if (fault === "comment")
      return `restic treats a line that begins with # as a comment.${os === "windows" ? "" : ` Write [#]${pattern.slice(1, 40)} for the name itself.`}`;
    if (fault === "brings_back")
      return "A line that begins with ! would bring back what another line excludes. Remove the !.";
    if (hasControls(pattern)) return "This line contains control characters. Remove them.";
    return os === "windows" ? null : bracketProblem(pattern);
  });
}

/** Trims, and drops empty lines and duplicates, because restic trims lines too. */
export function cleanLines(list: readonly string[]): string[] {
  return [...new Set(list.map((line) => line.trim()).filter((line) => line !== ""))];
}

function firstProblem(lines: readonly string[], problemOf: (line: string) => string | null): string | null {
  for (const [at, line] of lines.entries()) {
    const problem = problemOf(line);
    if (problem !== null) return `Line ${at + 1}: ${problem}`;
  }
  return null;
}

/** Go's `filepath.Match` rejects a set that is never closed, and a backslash at the end. */
function bracketProblem(pattern: string): string | null {
  let open = -1;
  for (let at = 0; at < pattern.length; at++) {
    const character = pattern[at];
    if (character === "\\") {
      if (at === pattern.length - 1)
        return "The backslash at the end escapes nothing. Write \\\\ for the character itself.";
      at++;
    } else if (open < 0 && character === "[") {
      open = at;
      if (pattern[at + 1] === "^") at++;
      if (pattern[at + 1] === "]") return "The set [] is empty. Write \\[ for the character itself.";
    } else if (open >= 0 && character === "]") open = -1;
    else if (character === "/" && open >= 0) break;
  }
  if (open < 0) return null;
  return `“[” is never closed. Write ${pattern.slice(open).replace("[", "\\[").split("/")[0]?.slice(0, 40)} for the name itself.`;
}

function hasControls(text: string): boolean {
  return /[\u0000-\u001f\u007f]/.test(text);
}

function quote(text: string): string {
  return `“${text.slice(0, 80)}”`;
}

/** Tells whether restic's exclude patterns match a path, by the rules of restic's own filter. Pure. */
import { posix } from "node:path";
import type { Platform } from "../machine/platform.ts";

/** Whether this absolute path, or a folder above it, is excluded. */
export type Excludes = (path: string) => boolean;

type Part = { any: true } | { any: false; fits: RegExp };

/** @param literal absolute paths without wildcards, whatever characters they contain. */
export function createExcludes(patterns: readonly string[], literal: readonly string[], os: Platform["os"]): Excludes {
  const compiled = [
    ...patterns.map((pattern) => partsOf(pattern, os).map((part) => compile(part, os))),
    ...literal.map((path) => partsOf(path, os).map((part) => exactly(part, os))),
  ];
  return (path) => {
    const parts = partsOf(path, os);
    return compiled.some((pattern) => matches(pattern, parts));
  };
}

/** An absolute path begins with the part "/", or with its drive. */
function partsOf(path: string, os: Platform["os"]): string[] {
  const clean = posix.normalize(os === "windows" ? path.replaceAll("\\", "/") : path);
  const parts = (clean.length > 1 ? clean.replace(/\/+$/, "") : clean).split("/");
  return parts[0] === "" ? ["/", ...parts.slice(1).filter((part) => part !== "")] : parts;
}

/** Unless it is rooted, a pattern may match anywhere, and everything below a match is matched too. */
function matches(pattern: readonly Part[], path: readonly string[]): boolean {
  const wild = pattern.findIndex((part) => part.any);
  if (wild >= 0) {
    for (let length = 0; length <= path.length - wild; length++) {
      const stars = Array.from({ length }, (): Part => ({ any: false, fits: ANYTHING }));
      if (matches([...pattern.slice(0, wild), ...stars, ...pattern.slice(wild + 1)], path)) return true;
    }
    return false;
  }
  if (pattern.length === 0) return path.length === 0;
  const isRooted = !pattern[0]!.any && pattern[0]!.fits === ROOT;
  const last = isRooted ? Math.min(0, path.length - pattern.length) : path.length - pattern.length;
  const first = !isRooted && path[0] === "/" ? 1 : 0;
  for (let offset = first; offset <= last; offset++)
    if (pattern.every((part, at) => !part.any && part.fits.test(path[offset + at] ?? ""))) return true;
  return false;
}

const ANYTHING = /^[^/]*$/s;
const ROOT = /^\/$/;
const NEVER = /(?!)/;

function exactly(part: string, os: Platform["os"]): Part {
  if (part === "/") return { any: false, fits: ROOT };
  return { any: false, fits: new RegExp(`^${literally(part)}$`, flags(os)) };
}

/** One part, by the rules of Go's `filepath.Match`; on Windows there is no escaping, and case does not matter. */
function compile(part: string, os: Platform["os"]): Part {
  if (part === "/") return { any: false, fits: ROOT };
  if (part === "**") return { any: true };
  let source = "";
  for (let at = 0; at < part.length; at++) {
    const character = part[at]!;
    if (character === "*") source += "[^/]*";
    else if (character === "?") source += "[^/]";
    else if (character === "\\" && os !== "windows") source += literally(part[++at] ?? "");
    else if (character === "[") {
      const set = readSet(part, at, os);
      if (set === null) return { any: false, fits: NEVER };
      source += set.source;
      at = set.end;
    } else source += literally(character);
  }
  return { any: false, fits: new RegExp(`^${source}$`, flags(os)) };
}

/** The set that begins at `start`; null when it is never closed. */
function readSet(part: string, start: number, os: Platform["os"]): { source: string; end: number } | null {
  let at = start + 1;
  const isNegated = part[at] === "^";
  if (isNegated) at++;
  let source = "";
  for (let n = 0; at < part.length; at++, n++) {
    const character = part[at]!;
    if (character === "]" && n > 0) return { source: `[${isNegated ? "^" : ""}${source}]`, end: at };
    if (character === "-" && n > 0 && part[at + 1] !== "]") source += "-";
    else source += literally(character === "\\" && os !== "windows" ? (part[++at] ?? "") : character);
  }
  return null;
}

function literally(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/-]/g, (one) => (one === "-" ? "\\x2d" : `\\${one}`));
}

const flags = (os: Platform["os"]) => (os === "windows" ? "si" : "s");

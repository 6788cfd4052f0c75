/** Checks the fields of a source group, in the same way for REST and forms. */
import * as v from "valibot";
import type { Os } from "../../shared/patterns.ts";
import { type Retention, retentionSchema } from "../../shared/retention.ts";
import { cleanLines, excludesProblem, includesProblem } from "./patterns.ts";

const MAX_RETRIES = 10;
/** One day. Longer delays need a schedule of their own. */
const MAX_BACKOFF_SECONDS = 86_400;

/** Control characters, and characters that change the text direction. */
const INVISIBLE = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/;
const TAG = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
const lines = (most: number, what: string) =>
  v.pipe(
    v.array(v.pipe(v.string(), v.maxLength(4096, "Use at most 4096 characters per line."))),
    v.maxLength(most, `Enter at most ${most} ${what}.`),
  );

/** The body of a group in REST. Omitted fields keep their value, or get the default in a new group. */
export const sourceGroupBody = v.strictObject({
  name: v.optional(v.string()),
  tag: v.optional(v.string()),
  includes: v.optional(lines(1000, "paths")),
  excludes: v.optional(lines(5000, "patterns")),
  exclude_caches: v.optional(v.boolean()),
  one_file_system: v.optional(v.boolean()),
  log_files: v.optional(v.boolean()),
  retention: v.optional(retentionSchema),
  retry_max: v.optional(v.number("Enter a number.")),
  retry_backoff_seconds: v.optional(v.number("Enter a number of seconds.")),
  /** Empty: the primary repo. */
  repo_ids: v.optional(v.pipe(v.array(v.string()), v.maxLength(50))),
  /** Whether the new retention policy may remove existing snapshots. Without an answer such a change is refused. */
  confirm_removal: v.optional(v.boolean()),
});
export type SourceGroupInput = v.InferOutput<typeof sourceGroupBody>;

export type GroupFields = {
  name: string;
  tag: string;
  includes: string[];
  excludes: string[];
  excludeCaches: boolean;
  oneFileSystem: boolean;
  logFiles: boolean;
  retention: Retention;
  retryMax: number;
  retryBackoffSeconds: number;
};

/** All invalid fields. Trims, and drops empty lines and duplicates. */
export function checkGroupFields(
  input: GroupFields,
  os: Os,
): { ok: true; fields: GroupFields } | { ok: false; errors: Record<string, string> } {
  const errors: Record<string, string> = {};
  const name = input.name.trim();
  const tag = input.tag.trim() || tagOf(name);
  const includes = cleanLines(input.includes);
  const excludes = cleanLines(input.excludes);
  if (name === "") errors["name"] = "Enter a name for the group, such as documents.";
  else if (name.length > 64) errors["name"] = "Use at most 64 characters.";
  else if (INVISIBLE.test(name)) errors["name"] = "A name cannot contain control characters.";
  if (!TAG.test(tag)) errors["tag"] = "Use at most 64 letters, digits, dots, dashes and underscores.";
  const badInclude =
    includes.length === 0 ? "Enter at least one path to back up." : includesProblem(input.includes, os);
  if (badInclude) errors["includes"] = badInclude;
  const badExclude = excludesProblem(linesAsTyped(input.excludes), os);
  if (badExclude) errors["excludes"] = badExclude;
  if (os === "windows" && input.oneFileSystem)
    errors["one_file_system"] = "restic on Windows cannot stay on one file system.";
  if (!isWhole(input.retryMax, MAX_RETRIES)) errors["retry_max"] = `Enter a whole number from 0 to ${MAX_RETRIES}.`;
  if (!isWhole(input.retryBackoffSeconds, MAX_BACKOFF_SECONDS))
    errors["retry_backoff_seconds"] = `Enter a whole number of seconds from 0 to ${MAX_BACKOFF_SECONDS}.`;
  if (Object.keys(errors).length > 0) return { ok: false, errors };
  return { ok: true, fields: { ...input, name, tag, includes, excludes } };
}

/** `My Documents` → `my-documents`. */
function tagOf(name: string): string {
  return name
    .normalize("NFKD")
    .toLowerCase()
    .replace(/[^a-z0-9._-]+/g, "-")
    .replace(/^[^a-z0-9]+|-+$/g, "")
    .slice(0, 64);
}

/** Empty lines count for the line numbers in messages. Spaces around a line do not matter. */
function linesAsTyped(list: readonly string[]): string[] {
  return list.map((line) => line.trim());
}

function isWhole(value: number, most: number): boolean {
  return Number.isInteger(value) && value >= 0 && value <= most;
}

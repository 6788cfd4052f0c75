/** What a source group may hold, checked the same for REST and forms. */
import * as v from "valibot";

const TAG = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
const lines = (most: number, what: string) =>
  v.pipe(
    v.array(v.pipe(v.string(), v.maxLength(4096, "At most 4096 characters a line."))),
    v.maxLength(most, `At most ${most} ${what}.`),
  );

/** REST's body of a group; what is left out keeps its value, or the default for a new one. */
export const sourceGroupBody = v.strictObject({
  name: v.optional(v.string()),
  tag: v.optional(v.string()),
  includes: v.optional(lines(1000, "paths")),
  excludes: v.optional(lines(5000, "patterns")),
  exclude_caches: v.optional(v.boolean()),
  one_file_system: v.optional(v.boolean()),
  log_files: v.optional(v.boolean()),
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
};

/** All wrong fields at once; trims, drops empty lines and doubles. */
export function checkGroupFields(
  input: GroupFields,
  os: "linux" | "windows",
): { ok: true; fields: GroupFields } | { ok: false; errors: Record<string, string> } {
  const errors: Record<string, string> = {};
  const name = input.name.trim();
  const tag = input.tag.trim() || tagOf(name);
  const includes = clean(input.includes);
  const excludes = clean(input.excludes);
  if (name === "") errors["name"] = "Give the group a name, such as documents.";
  else if (name.length > 64) errors["name"] = "At most 64 characters.";
  if (!TAG.test(tag)) errors["tag"] = "A tag has letters, digits, dots, dashes and underscores, 64 at most.";
  if (includes.length === 0) errors["includes"] = "Name at least one path to back up.";
  const badPath = includes.find((path) => !isAbsolute(path, os));
  if (badPath !== undefined)
    errors["includes"] =
      `${quote(badPath)} is not an absolute path${os === "windows" ? ", such as C:\\Users" : ", such as /home"}.`;
  const badPattern = excludes.find((pattern) => pattern.startsWith("#") || hasControls(pattern));
  if (badPattern !== undefined) {
    errors["excludes"] =
      `${quote(badPattern)}: restic's exclude file takes no line that starts with # or holds control characters.`;
  }
  if (Object.keys(errors).length > 0) return { ok: false, errors };
  return { ok: true, fields: { ...input, name, tag, includes, excludes } };
}

/** `My Documents` → `my-documents`. */
export function tagOf(name: string): string {
  return name
    .normalize("NFKD")
    .toLowerCase()
    .replace(/[^a-z0-9._-]+/g, "-")
    .replace(/^[^a-z0-9]+|-+$/g, "")
    .slice(0, 64);
}

/** An absolute path of the host's system, without control characters. */
export function isAbsolute(path: string, os: "linux" | "windows"): boolean {
  return !hasControls(path) && (os === "windows" ? /^([A-Za-z]:[\\/]|\\\\)/.test(path) : path.startsWith("/"));
}

function clean(list: readonly string[]): string[] {
  return [...new Set(list.map((line) => line.trim()).filter((line) => line !== ""))];
}

function hasControls(text: string): boolean {
  return /[\u0000-\u001f\u007f]/.test(text);
}

function quote(text: string): string {
  return `“${text.slice(0, 80)}”`;
}

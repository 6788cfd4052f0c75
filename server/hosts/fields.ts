/** What names and tags of hosts may look like. */

export const MAX_TAGS = 20;
const NAME = /^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/;
const TAG = /^[a-z0-9][a-z0-9._-]{0,31}$/;

export function hostNameProblem(name: string): string | null {
  if (name === "") return "Give the host a name, such as web-01.";
  return NAME.test(name)
    ? null
    : "Letters, digits, dots, dashes and underscores; 63 at most; begins and ends with a letter or digit.";
}

/** Lower-cased, without doubles, sorted. */
export function checkTags(tags: readonly string[]): { ok: true; tags: string[] } | { ok: false; message: string } {
  const clean = [...new Set(tags.map((tag) => tag.trim().toLowerCase()).filter((tag) => tag !== ""))].sort();
  if (clean.length > MAX_TAGS) return { ok: false, message: `At most ${MAX_TAGS} tags.` };
  const bad = clean.find((tag) => !TAG.test(tag));
  if (bad !== undefined)
    return { ok: false, message: `“${bad.slice(0, 40)}”: a tag has letters, digits, dots, dashes and underscores.` };
  return { ok: true, tags: clean };
}

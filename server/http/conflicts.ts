/** Handles two people or tabs editing the same form: changes that only the other made are taken over, and a person decides about fields that both changed. */
import type { Db } from "../../db/open.ts";
import { listAudit } from "../../db/queries/audit.ts";
import type { Collision, FormState } from "../../shared/pages.ts";
import { textOf } from "./forms.ts";
import type { FormBody } from "./routes.ts";

export type FormField = {
  name: string;
  label: string;
  /** `checkbox`: present or not. `lines`: one entry per line. `names`: ids separated by spaces. */
  as: "text" | "lines" | "checkbox" | "names";
  /** The text for a value that is not shown as typed, such as a checkbox or an id. */
  words?: (value: string) => string;
};

/** The stored values, as the form would send them. */
export type StoredForm = {
  fields: readonly FormField[];
  values: FormState["values"];
  updatedAt: number;
};

type Comparison = { values: FormState["values"]; both: FormField[]; taken: FormField[] };

/** A short mark of each field. Forms carry the marks, so that the server can tell later who changed what. */
export function marksOf({ fields, values }: StoredForm): string {
  return fields.map((field) => `${field.name}:${markOf(field, values[field.name])}`).join(".");
}

/**
 * The form to show again when the stored values have changed since it was loaded. null when they have not, or when saving
 * the form would lose nothing that was saved since (for example the same form sent twice, or a hook).
 * @param typed all values of the form, lists included
 * @param saved who stored it and when, in words
 */
export function collisionOf(
  body: FormBody,
  stored: StoredForm,
  typed: FormState["values"],
  saved: { words: string; href: string },
): FormState | null {
  if (!("seen" in body) || textOf(body, "seen") === String(stored.updatedAt)) return null;
  const { values, both, taken } = compare(stored, typed);
  if (both.length === 0 && taken.length === 0) return null;
  return {
    values: { ...values, seen: String(stored.updatedAt), marks: marksOf(stored) },
    errors: {},
    conflict: { ...saved, taken: taken.map(({ label }) => label), both: both.map(collision(stored, values)) },
  };
}

/** Puts the stored value into one of the fields that both changed. The others stay open. Nothing is saved. */
export function takeTheirs(
  stored: StoredForm,
  typed: FormState["values"],
  name: string,
  saved: { words: string; href: string },
): FormState {
  const values = { ...typed, [name]: stored.values[name] };
  const asked = (typed["asked"] ?? "").split(" ");
  const both = stored.fields.filter(
    (field) => field.name !== name && asked.includes(field.name) && isOther(field, stored.values, values),
  );
  return {
    values,
    errors: {},
    conflict: { ...saved, taken: [], both: both.map(collision(stored, values)) },
  };
}

function compare(stored: StoredForm, typed: FormState["values"]): Comparison {
  const opened = new Map((typed["marks"] ?? "").split(".").map((entry) => entry.split(":", 2) as [string, string]));
  const isKnown = stored.fields.some(({ name }) => opened.has(name));
  const values = { ...typed };
  const both: FormField[] = [];
  const taken: FormField[] = [];
  for (const field of stored.fields) {
    if (!isOther(field, stored.values, typed)) continue;
    const before = opened.get(field.name);
    if (isKnown && before === undefined) {
      // The form did not have this field, so nobody chose its value.
      values[field.name] = stored.values[field.name];
      continue;
    }
    const isMine = markOf(field, typed[field.name]) !== before;
    const isTheirs = markOf(field, stored.values[field.name]) !== before;
    if (isMine && isTheirs) both.push(field);
    else if (isTheirs) {
      taken.push(field);
      values[field.name] = stored.values[field.name];
    }
  }
  return { values, both, taken };
}

const collision =
  (stored: StoredForm, typed: FormState["values"]) =>
  (field: FormField): Collision => {
    const theirs = entriesOf(field, stored.values[field.name]);
    const yours = entriesOf(field, typed[field.name]);
    return {
      name: field.name,
      label: field.label,
      theirs: theirs.filter((entry) => field.as !== "lines" || !yours.includes(entry)).map(worded(field)),
      yours: yours.filter((entry) => field.as !== "lines" || !theirs.includes(entry)).map(worded(field)),
      same: field.as === "lines" ? theirs.filter((entry) => yours.includes(entry)).length : 0,
    };
  };

const worded = (field: FormField) => (entry: string) => field.words?.(entry) ?? entry;

/** The significant parts of a value. A checkbox is `on` or `off`. */
function entriesOf({ as }: FormField, value: string | undefined): string[] {
  switch (as) {
    case "checkbox":
      return [value === undefined ? "off" : "on"];
    case "names":
      return (value ?? "").split(" ").filter(Boolean).sort();
    case "lines":
      return (value ?? "")
        .split(/\r?\n/)
        .map((line) => line.trim())
        .filter(Boolean);
    case "text":
      return [(value ?? "").trim().replace(/\s+/g, " ")].filter(Boolean);
  }
}

function isOther(field: FormField, a: FormState["values"], b: FormState["values"]): boolean {
  return entriesOf(field, a[field.name]).join("\n") !== entriesOf(field, b[field.name]).join("\n");
}

function markOf(field: FormField, value: string | undefined): string {
  return Bun.hash.crc32(entriesOf(field, value).join("\n")).toString(36);
}

/** The audit action that saves the record, which differs from just running it. */
export type Saving = { action: string; targetId: string };

/** "anna saved this today 12:40", "You saved this in another tab today 12:40". @param at when it was stored, Unix ms, in case the audit log has no entry */
export function lastChangeInWords(
  db: Db,
  { action, targetId }: Saving,
  at: number,
  view: { viewer: { id: string }; now: number; dates: { near(at: number, now: number): string } },
): string {
  const [last] = listAudit(db, { action, target_id: targetId }, 1, 0).items;
  const when = view.dates.near(last?.ts ?? at, view.now);
  if (last?.userId != null && last.userId === view.viewer.id) return `You saved this in another tab ${when}`;
  return `${last?.username ?? "Somebody"} saved this ${when}`;
}

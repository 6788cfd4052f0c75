/** Two people, or two tabs, at one form: what each changed since it was opened. What only the other changed is taken over; what both did is asked. */
import type { Db } from "../../db/open.ts";
import { listAudit } from "../../db/queries/audit.ts";
import type { Collision, FormState } from "../../shared/pages.ts";
import { textOf } from "./forms.ts";
import type { FormBody } from "./routes.ts";

export type FormField = {
  name: string;
  label: string;
  /** `checkbox`: there or not; `lines`: one entry per line; `names`: ids parted by spaces. */
  as: "text" | "lines" | "checkbox" | "names";
  /** What a value is called, where it is not shown as it is typed: a checkbox, an id. */
  words?: (value: string) => string;
};

/** What is stored, as the form would send it. */
export type StoredForm = {
  fields: readonly FormField[];
  values: FormState["values"];
  updatedAt: number;
};

type Comparison = { values: FormState["values"]; both: FormField[]; taken: FormField[] };

/** A short mark of each field: a form carries them along, so that one can tell later who changed what. */
export function marksOf({ fields, values }: StoredForm): string {
  return fields.map((field) => `${field.name}:${markOf(field, values[field.name])}`).join(".");
}

/**
 * The form that comes back when what it was filled from is no longer what is stored; null when it still is, or when
 * nothing that was saved meanwhile (the same form sent twice, a hook) is lost by saving it.
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

/** One of the fields that both changed takes the stored value; the others stay asked. Nothing is saved. */
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
      // The form had no such field, so nobody chose anything.
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

/** The parts of a value, without what makes no difference. A tick is `on` or `off`. */
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

/** What the audit log calls it when the thing is saved: who only ran it did not. */
export type Saving = { action: string; targetId: string };

/** "anna saved this today 12:40", "You saved this in another tab today 12:40". @param at when it was stored, Unix ms; for a log that knows nothing of it */
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

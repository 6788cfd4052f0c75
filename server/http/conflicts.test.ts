// Two tabs with the same form: changes of the other tab are taken over, a person decides about fields that both changed, and typed values stay.
import { expect, test } from "bun:test";
import { collisionOf, marksOf, type StoredForm, takeTheirs } from "./conflicts.ts";

const fields: StoredForm["fields"] = [
  { name: "name", label: "Name", as: "text" },
  { name: "includes", label: "Includes", as: "lines" },
  { name: "caches", label: "Exclude caches", as: "checkbox", words: (value) => (value === "on" ? "yes" : "no") },
  { name: "repo_ids", label: "Where to", as: "names", words: (id) => `repo ${id}` },
];
const opened: StoredForm = {
  fields,
  values: { name: "docs", includes: "/home\n/etc", caches: "on", repo_ids: "b a" },
  updatedAt: 10,
};
const saved = { words: "Anna saved this today 12:40", href: "/x" };
const sent = (changes: Record<string, string | undefined> = {}) => ({
  ...opened.values,
  seen: "10",
  marks: marksOf(opened),
  ...changes,
});
const bodyOf = (typed: Record<string, string | undefined>) =>
  Object.fromEntries(Object.entries(typed).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])));
const stored = (changes: Record<string, string | undefined>): StoredForm => ({
  fields,
  values: { ...opened.values, ...changes },
  updatedAt: 20,
});
const collide = (theirs: Record<string, string | undefined>, mine: Record<string, string | undefined>) => {
  const typed = sent(mine);
  return collisionOf(bodyOf(typed), stored(theirs), typed, saved);
};

test("nothing was changed, or the form carries no marks: no question", () => {
  expect(collisionOf(bodyOf(sent()), opened, sent(), saved)).toBeNull();
  expect(collisionOf({ name: "x" }, opened, { name: "x" }, saved)).toBeNull();
});

test("changes of the other tab are taken over, and my own stay without a question", () => {
  const form = collide({ includes: "/home\n/srv" }, { name: "papers" });
  expect(form?.values).toMatchObject({ name: "papers", includes: "/home\n/srv", seen: "20" });
  expect(form?.conflict).toMatchObject({ both: [], taken: ["Includes"] });
});

test("fields that both changed keep my value and show the other: for lists only the difference", () => {
  const form = collide({ includes: "/home\n/srv", caches: undefined }, { includes: "/home\n/opt\n", name: "docs " });
  expect(form?.values["includes"]).toBe("/home\n/opt\n");
  expect(form?.values["caches"]).toBeUndefined();
  expect(form?.conflict).toMatchObject({
    taken: ["Exclude caches"],
    both: [{ name: "includes", label: "Includes", theirs: ["/srv"], yours: ["/opt"], same: 1 }],
  });
});

test("both made the same change, or the saved change is not a field of the form: no question", () => {
  expect(collide({ name: "b", repo_ids: "a b c" }, { name: "b", repo_ids: "c b a" })).toBeNull();
  expect(collide({}, { name: "papers" })).toBeNull();
});

test("without marks every difference is a question, with ids and checkboxes in words", () => {
  const form = collide({ caches: undefined, repo_ids: "a" }, { marks: "" });
  expect(form?.conflict?.both).toEqual([
    { name: "caches", label: "Exclude caches", theirs: ["no"], yours: ["yes"], same: 0 },
    { name: "repo_ids", label: "Where to", theirs: ["repo a"], yours: ["repo a", "repo b"], same: 0 },
  ]);
});

test("stored values can be taken field by field, and a second save succeeds", () => {
  const theirs = { name: "theirs", includes: "/theirs" };
  const first = collide(theirs, { name: "mine", includes: "/mine" });
  const typed = { ...first?.values, asked: "name includes" };
  const second = takeTheirs(stored(theirs), typed, "name", saved);
  expect(second.values).toMatchObject({ name: "theirs", includes: "/mine", seen: "20" });
  expect(second.conflict?.both.map(({ name }) => name)).toEqual(["includes"]);
  expect(collisionOf(bodyOf(second.values), stored(theirs), second.values, saved)).toBeNull();
});

test("a later save by somebody else is reported too, compared with what was shown then", () => {
  const first = collide({ name: "one" }, { name: "mine" });
  const later: StoredForm = { ...stored({ name: "one", includes: "/later" }), updatedAt: 30 };
  const again = collisionOf(bodyOf(first?.values ?? {}), later, first?.values ?? {}, saved);
  expect(again?.conflict).toMatchObject({ both: [], taken: ["Includes"] });
  expect(again?.values).toMatchObject({ name: "mine", includes: "/later", seen: "30" });
});

test("a field that has become fixed or was added since does not affect the others", () => {
  const typed = sent({ name: "mine" });
  const theirs = { ...opened.values, includes: "/home\n/srv", more: "x" };
  const now: StoredForm = {
    fields: [...fields.filter(({ name }) => name !== "caches"), { name: "more", label: "More", as: "text" }],
    values: theirs,
    updatedAt: 20,
  };
  const form = collisionOf(bodyOf(typed), now, typed, saved);
  expect(form?.conflict).toMatchObject({ both: [], taken: ["Includes"] });
  expect(form?.values).toMatchObject({ name: "mine", more: "x" });
});

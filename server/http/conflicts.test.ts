// Two tabs at one form: what only the other changed is taken over, what both changed is asked, typed values stay.
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

test("nothing happened meanwhile, or the form tells of no state: nothing is asked", () => {
  expect(collisionOf(bodyOf(sent()), opened, sent(), saved)).toBeNull();
  expect(collisionOf({ name: "x" }, opened, { name: "x" }, saved)).toBeNull();
});

test("what only the other changed is taken over; what only I changed stays, unasked", () => {
  const form = collide({ includes: "/home\n/srv" }, { name: "papers" });
  expect(form?.values).toMatchObject({ name: "papers", includes: "/home\n/srv", seen: "20" });
  expect(form?.conflict).toMatchObject({ both: [], taken: ["Includes"] });
});

test("what both changed keeps mine and shows theirs: of lists only what differs", () => {
  const form = collide({ includes: "/home\n/srv", caches: undefined }, { includes: "/home\n/opt\n", name: "docs " });
  expect(form?.values["includes"]).toBe("/home\n/opt\n");
  expect(form?.values["caches"]).toBeUndefined();
  expect(form?.conflict).toMatchObject({
    taken: ["Exclude caches"],
    both: [{ name: "includes", label: "Includes", theirs: ["/srv"], yours: ["/opt"], same: 1 }],
  });
});

test("both changed it to the same, or what was saved is no field of the form: nothing to ask", () => {
  expect(collide({ name: "b", repo_ids: "a b c" }, { name: "b", repo_ids: "c b a" })).toBeNull();
  expect(collide({}, { name: "papers" })).toBeNull();
});

test("without marks every difference is asked; ids and ticks are put into words", () => {
  const form = collide({ caches: undefined, repo_ids: "a" }, { marks: "" });
  expect(form?.conflict?.both).toEqual([
    { name: "caches", label: "Exclude caches", theirs: ["no"], yours: ["yes"], same: 0 },
    { name: "repo_ids", label: "Where to", theirs: ["repo a"], yours: ["repo a", "repo b"], same: 0 },
  ]);
});

test("theirs can be taken field by field, and a second save goes through", () => {
  const theirs = { name: "theirs", includes: "/theirs" };
  const first = collide(theirs, { name: "mine", includes: "/mine" });
  const typed = { ...first?.values, asked: "name includes" };
  const second = takeTheirs(stored(theirs), typed, "name", saved);
  expect(second.values).toMatchObject({ name: "theirs", includes: "/mine", seen: "20" });
  expect(second.conflict?.both.map(({ name }) => name)).toEqual(["includes"]);
  expect(collisionOf(bodyOf(second.values), stored(theirs), second.values, saved)).toBeNull();
});

test("somebody who saves once more after that is told of as well, against what was shown then", () => {
  const first = collide({ name: "one" }, { name: "mine" });
  const later: StoredForm = { ...stored({ name: "one", includes: "/later" }), updatedAt: 30 };
  const again = collisionOf(bodyOf(first?.values ?? {}), later, first?.values ?? {}, saved);
  expect(again?.conflict).toMatchObject({ both: [], taken: ["Includes"] });
  expect(again?.values).toMatchObject({ name: "mine", includes: "/later", seen: "30" });
});

test("a field that the form had and is fixed now, or that came since, makes no difference to the others", () => {
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

// Why forget has nothing to do: held, never listed, keeps everything, or no group at all.
import { expect, test } from "bun:test";
import { type ForgetGroupFacts, forgetsOf } from "./forgets.ts";

const group = (changes: Partial<ForgetGroupFacts> = {}): ForgetGroupFacts => ({
  retention: { keep_daily: 7 },
  retentionHeldSince: null,
  retentionSettledAt: null,
  isListed: true,
  isEmptied: false,
  ...changes,
});
const held = group({ retentionHeldSince: 5 });
const keepsAll = group({ retention: {} });
const unlisted = group({ isListed: false });

test("one group that may be thinned out is enough", () => {
  expect(forgetsOf([held, keepsAll, group()])).toBe("some");
  expect(forgetsOf([{ ...unlisted, retentionSettledAt: 3 }])).toBe("some");
});

test("a question that waits comes before what was never listed, that before policies that keep everything", () => {
  expect(forgetsOf([unlisted, held, keepsAll])).toBe("held");
  expect(forgetsOf([unlisted, keepsAll])).toBe("not_listed");
  expect(forgetsOf([keepsAll, keepsAll])).toBe("keeps_everything");
  expect(forgetsOf([])).toBe("no_groups");
});

test("an empty policy holds nothing back, whatever was asked before", () => {
  expect(forgetsOf([{ ...keepsAll, retentionHeldSince: 5 }])).toBe("keeps_everything");
});

test("while the newest backup saved no file, older snapshots stay; a group that is well goes on", () => {
  const emptied = group({ isEmptied: true });
  expect(forgetsOf([emptied])).toBe("saved_nothing");
  expect(forgetsOf([emptied, group()])).toBe("some");
  expect(forgetsOf([emptied, held])).toBe("held");
});

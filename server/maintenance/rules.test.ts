/** Who may delete, who maintains a shared repository, which repos share a server, and why forget has nothing to do. */
import { expect, test } from "bun:test";
import { repoServerOf } from "./heavy-limit.ts";
import { deleteRight, type ForgetGroupFacts, forgetsOf, maintainerOf } from "./rules.ts";

test("a credential is used for deleting only when it is known to be able to", () => {
  expect(deleteRight("proven", false)).toBe("none");
  expect(deleteRight("unknown", false)).toBe("none");
  expect(deleteRight("violated", false)).toBe("everyday");
  expect(deleteRight("not_applicable", false)).toBe("everyday");
  expect(deleteRight("proven", true)).toBe("admin");
});

test("one of several that share a repository maintains it", () => {
  const one = (id: string, changes = {}) => ({
    id,
    isEnabled: true,
    isReady: true,
    wasSeenLately: true,
    right: "none" as const,
    ...changes,
  });
  expect(maintainerOf([one("b"), one("a"), one("c")])).toBe("a");
  expect(maintainerOf([one("b", { right: "admin" }), one("a")])).toBe("b");
  expect(maintainerOf([one("a", { isEnabled: false }), one("b", { isReady: false }), one("c")])).toBe("c");
  expect(maintainerOf([one("a", { isEnabled: false })])).toBeNull();
  expect(maintainerOf([one("a", { wasSeenLately: false, right: "admin" }), one("b")])).toBe("b");
  expect(maintainerOf([one("b", { wasSeenLately: false }), one("a", { wasSeenLately: false })])).toBe("a");
});

test("repos on the same machine share a repo server", () => {
  const server = (url: string, kind: "rest" | "sftp" | "s3" | "b2" | "local" = "rest", hostId = "h") =>
    repoServerOf({ url, kind, hostId });
  expect(server("rest:https://vault.example:8000/web-01/")).toBe(server("rest:https://VAULT.example:8000/db-01/"));
  expect(server("rest:https://vault.example:8001/a/")).not.toBe(server("rest:https://vault.example:8000/a/"));
  expect(server("sftp:backup@vault:/a", "sftp")).toBe(server("sftp:other@vault:/b", "sftp"));
  expect(server("s3:https://s3.example/a", "s3")).toBe(server("s3:https://s3.example/b/c", "s3"));
  expect(server("b2:bucket:a", "b2")).toBe(server("b2:bucket:b", "b2"));
  expect(server("/srv/a", "local", "x")).not.toBe(server("/srv/a", "local", "y"));
});

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

test("one group with a policy that may be applied is enough", () => {
  expect(forgetsOf([held, keepsAll, group()])).toBe("some");
  expect(forgetsOf([{ ...unlisted, retentionSettledAt: 3 }])).toBe("some");
});

test("awaiting confirmation comes before never listed, and that before policies that keep everything", () => {
  expect(forgetsOf([unlisted, held, keepsAll])).toBe("held");
  expect(forgetsOf([unlisted, keepsAll])).toBe("not_listed");
  expect(forgetsOf([keepsAll, keepsAll])).toBe("keeps_everything");
  expect(forgetsOf([])).toBe("no_groups");
});

test("an empty policy is never held, whatever was confirmed before", () => {
  expect(forgetsOf([{ ...keepsAll, retentionHeldSince: 5 }])).toBe("keeps_everything");
});

test("older snapshots are kept while the newest backup saved no files, and other groups continue", () => {
  const emptied = group({ isEmptied: true });
  expect(forgetsOf([emptied])).toBe("saved_nothing");
  expect(forgetsOf([emptied, group()])).toBe("some");
  expect(forgetsOf([emptied, held])).toBe("held");
});

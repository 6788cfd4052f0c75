// Addresses carry what is set, and nothing else.
import { expect, test } from "bun:test";
import { hrefOf } from "./links.ts";

test("empty values are left out, lists repeat, text is escaped", () => {
  expect(hrefOf("/", { q: "", tag: [], offset: null })).toBe("/");
  expect(hrefOf("/jobs", { q: "a b&c", tag: ["x", "y"], offset: 50 })).toBe("/jobs?q=a+b%26c&tag=x&tag=y&offset=50");
});

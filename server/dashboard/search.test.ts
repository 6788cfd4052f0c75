// The palette matches every word, shows the best match first, and offers only what the person may do.
import { expect, test } from "bun:test";
import type { FleetHost } from "./fleet.ts";
import { findHits } from "./search.ts";

const fleet = [
  {
    host: { id: "1", name: "nas-01", tags: ["storage"] },
    status: "online",
    groups: [{ id: "g", name: "photos" }],
    repos: [{ id: "r", name: "vault" }],
  },
] as unknown as FleetHost[];
const admin = { mayRun: true, isAdmin: true };
const viewer = { mayRun: false, isAdmin: false };

test("an empty query offers pages and hosts", () => {
  const kinds = findHits(fleet, "", viewer).map((hit) => hit.kind);
  expect(kinds).toContain("page");
  expect(kinds).toContain("host");
  expect(kinds).not.toContain("run");
});

test("a group can be opened and, with the right role, run", () => {
  expect(findHits(fleet, "pho", admin).map((hit) => hit.kind)).toEqual(["group", "run"]);
  expect(findHits(fleet, "pho", viewer)).toEqual([]);
  expect(findHits(fleet, "run photos nas", admin).map((hit) => hit.kind)).toEqual(["run"]);
});

test("admin pages are offered to admins only", () => {
  expect(findHits(fleet, "audit", admin)).toHaveLength(1);
  expect(findHits(fleet, "audit", viewer)).toHaveLength(0);
});

test("tags find their hosts", () => {
  expect(findHits(fleet, "storage", viewer)).toEqual([{ kind: "host", id: "1", name: "nas-01", note: "online" }]);
});

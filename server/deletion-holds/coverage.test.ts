/** Which hold covers a repository. */
import { expect, test } from "bun:test";
import { holdScopeInWords } from "../../shared/maintenance.ts";
import { coveringHold, type HoldScope } from "./coverage.ts";

const fleet: HoldScope = { hostId: null, tag: null };
const web = { id: "web-01", tags: ["prod", "web"] };
const nas = { id: "nas-01", tags: [] };
const on = (hostId: string): HoldScope => ({ hostId, tag: null });
const tagged = (tag: string): HoldScope => ({ hostId: null, tag });

test("a hold covers its own host, hosts with its tag, or all of them", () => {
  expect(coveringHold([on("web-01")], [web])).toEqual(on("web-01"));
  expect(coveringHold([on("web-01")], [nas])).toBeNull();
  expect(coveringHold([tagged("prod")], [web])).toEqual(tagged("prod"));
  expect(coveringHold([tagged("prod")], [nas])).toBeNull();
  expect(coveringHold([tagged("pro")], [web])).toBeNull();
  expect(coveringHold([fleet], [nas])).toEqual(fleet);
  expect(coveringHold([fleet], [])).toEqual(fleet);
  expect(coveringHold([], [web, nas])).toBeNull();
});

test("one covered host protects a repository that several share, and the oldest hold is named", () => {
  expect(coveringHold([on("web-01")], [nas, web])).toEqual(on("web-01"));
  expect(coveringHold([on("db-01"), tagged("web"), fleet], [nas, web])).toEqual(tagged("web"));
});

test("its hosts in words", () => {
  expect(holdScopeInWords({ ...fleet, hostName: null })).toBe("all hosts");
  expect(holdScopeInWords({ ...tagged("prod"), hostName: null })).toBe("hosts tagged prod");
  expect(holdScopeInWords({ ...on("x"), hostName: "web-01" })).toBe("web-01");
});

import { expect, test } from "bun:test";
import { createSealer } from "./seal.ts";

const key = Buffer.alloc(32, 7);
const place = { table: "credentials", column: "sealed", id: "one" };

test("a sealed secret can be opened in its place, and reveals nothing of its content", () => {
  const sealer = createSealer(key);
  const blob = sealer.seal(place, "s3cret wörd");
  expect(sealer.unseal(place, blob)).toBe("s3cret wörd");
  expect(Buffer.from(blob, "base64").toString("latin1")).not.toContain("s3cret");
  expect(sealer.seal(place, "s3cret wörd")).not.toBe(blob);
});

test("a blob that was moved, changed or sealed with another key cannot be opened", () => {
  const sealer = createSealer(key);
  const blob = sealer.seal(place, "secret");
  expect(() => sealer.unseal({ ...place, id: "two" }, blob)).toThrow();
  const bytes = Buffer.from(blob, "base64");
  bytes[20] = (bytes[20] ?? 0) ^ 1;
  expect(() => sealer.unseal(place, bytes.toString("base64"))).toThrow();
  expect(() => createSealer(Buffer.alloc(32, 8)).unseal(place, blob)).toThrow("another server key");
});

test("digests differ by purpose and by key", () => {
  const a = createSealer(key);
  expect(a.digest("state", "x")).toBe(a.digest("state", "x"));
  expect(a.digest("state", "x")).not.toBe(a.digest("csrf", "x"));
  expect(a.digest("state", "x")).not.toBe(createSealer(Buffer.alloc(32, 8)).digest("state", "x"));
});
